"""The story of a job: what was unusual, and what it wrote itself."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from studium.core.database import reading, transaction
from studium.queue import dispatcher, jobs, lifecycle
from studium.queue.entities import LINE_LENGTH, LINES_A_JOB, JobLine
from studium.queue.lines import add_line
from studium.queue.running import RunningJob
from tests.queue.conftest import claim, enqueue


def lines(job_id: str) -> list[tuple[str, str]]:
    with reading():
        found = JobLine.select(lambda line: line.job_id == job_id).order_by(lambda line: line.id)
        return [(line.event, line.text) for line in found]


def running(job_id: str) -> RunningJob:
    return RunningJob(claim(job_id), threading.Event())


def test_a_job_without_anything_unusual_has_no_line(app, runner):
    job_id = enqueue()
    runner.run_one(job_id)
    assert lines(job_id) == []


def test_a_failed_run_leaves_its_error_and_where_it_came_from(app, runner):
    job_id = enqueue(params={"fail_first": 1})
    runner.run_one(job_id)
    ((event, text),) = lines(job_id)
    assert event == "retrying"
    assert text.startswith("RuntimeError: the broom broke in attempt 1\nTraceback (most recent call last):\n")
    assert 'raise RuntimeError(f"the broom broke' in text


def test_the_last_failure_leaves_its_traceback_and_a_discard_only_its_reason(app, runner, monkeypatch):
    failed, discarded = enqueue("short_chore", {"seconds": 30}), enqueue("hopeless_chore")
    runner.run_one(failed)
    runner.run_one(discarded)
    assert lines(failed)[0][0] == "failed"
    assert "in checkpoint" in lines(failed)[0][1]
    assert lines(discarded) == [("failed", "there is no broom")]


def test_a_very_long_error_loses_its_middle(app, runner, monkeypatch):
    def fail(line: str) -> None:
        raise ValueError("x" * 100_000)

    monkeypatch.setattr("chores.leave_trace", fail)
    job_id = enqueue()
    runner.run_one(job_id)
    ((_event, text),) = lines(job_id)
    assert len(text) == LINE_LENGTH
    assert text.startswith("ValueError: xxx")
    assert "[...]" in text
    assert len(jobs.find_job(job_id).error or "") == LINE_LENGTH


def test_a_lost_worker_is_named_and_the_end_of_a_poisonous_job_explained(app, clock):
    job_id = enqueue()
    for _ in range(3):
        claim(job_id)
        clock.advance(11)
        dispatcher.expire_leases()
    *lost, end = lines(job_id)
    assert lost == [("crashed", "the worker some worker was lost")] * 3
    assert end[0] == "failed"
    assert "The worker was lost 3 times" in end[1]


def test_who_did_what_is_told(app, runner, clock):
    job_id = enqueue("hopeless_chore", run_at=clock_time(clock, 3600))
    jobs.run_now(job_id, by="Olga (user 4)")
    runner.run_one(job_id)
    jobs.retry(job_id, params={"word": "softly"}, by="Olga (user 4)")
    lifecycle.give_back(claim(job_id))
    claim(job_id)
    jobs.cancel(job_id, by="Anna (user 3)")
    events = lines(job_id)
    assert [event for event, _text in events] == ["run_now", "failed", "params_edited", "retried", "given_back", "cancel_requested"]
    assert events[0][1] == "by Olga (user 4)"
    assert events[2][1].startswith("by Olga (user 4)\nbefore: {")
    assert '"softly"' in events[2][1]
    assert events[-1][1] == "by Anna (user 3)"


def clock_time(clock: Any, seconds: float) -> Any:
    from datetime import timedelta

    from studium.core.clock import now

    return now() + timedelta(seconds=seconds)


def test_what_a_job_logs_is_kept_with_its_time(app, clock):
    job_id = enqueue()
    run = running(job_id)
    run.log("one")
    clock.advance(1)
    run.log("two")
    run.store_progress()
    assert lines(job_id) == [("log", "one"), ("log", "two")]
    with reading():
        times = [line.at for line in JobLine.select().order_by(JobLine.id)]
    assert (times[1] - times[0]).total_seconds() == 1


def test_a_job_that_logs_inside_its_own_transaction_does_not_lose_it_with_a_rollback(app):
    job_id = enqueue()
    run = running(job_id)
    with pytest.raises(KeyError), transaction():
        run.log("half way")
        raise KeyError
    run.store_progress()
    assert lines(job_id) == [("log", "half way")]


def test_a_job_that_logs_very_much_writes_seldom_and_keeps_the_newest(app, monkeypatch):
    job_id = enqueue()
    run, writes = running(job_id), []
    record = lifecycle.record
    monkeypatch.setattr(lifecycle, "record", lambda *told: writes.append(1) or record(*told))
    for number in range(3 * LINES_A_JOB):
        run.log(str(number))
    run.store_progress()
    assert len(lines(job_id)) == LINES_A_JOB
    assert lines(job_id)[-1] == ("log", str(3 * LINES_A_JOB - 1))
    assert len(writes) < 10


def test_a_run_that_lost_its_lease_writes_nothing_more(app, clock):
    job_id = enqueue()
    late = running(job_id)
    clock.advance(11)
    dispatcher.expire_leases()
    late.log("from the past")
    late.store_progress()
    assert [event for event, _text in lines(job_id)] == ["crashed"]


def test_a_job_keeps_the_newest_lines_only(app):
    job_id, other = enqueue(), enqueue()
    with transaction():
        add_line(other, "log", "of another job")
        for number in range(LINES_A_JOB + 5):
            add_line(job_id, "log", str(number))
    assert [text for _event, text in lines(job_id)] == [str(number) for number in range(5, LINES_A_JOB + 5)]
    assert len(lines(other)) == 1
