"""A job from asking to its end, run by the real worker code."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from studium.core.clock import now
from studium.core.database import in_transaction, transaction
from studium.queue import jobs, worker
from studium.queue.entities import Job
from studium.queue.queues import queues
from studium.queue.worker import run_due_jobs
from tests.queue.conftest import claim, enqueue, state_of, trace


def test_a_job_runs_and_keeps_its_result(app, runner):
    job_id = enqueue(params={"word": "sweep"}, user_id=7)
    assert state_of(job_id) == "queued"
    assert runner.run_one(job_id)
    job = jobs.find_job(job_id)
    assert (job.state, job.result, job.progress, job.attempts, job.user_id) == (
        "succeeded",
        {"word": "sweep"},
        100,
        1,
        7,
    )
    assert job.created_at <= job.started_at <= job.finished_at
    assert trace(app) == [f"{job_id} sweep"]


def test_a_job_runs_outside_any_transaction(app, runner, monkeypatch):
    seen = []
    monkeypatch.setattr("chores.leave_trace", lambda line: seen.append(in_transaction()))
    runner.run_one(enqueue())
    assert seen == [False]


def test_an_ended_job_does_not_run_again(app, runner):
    job_id = enqueue()
    assert runner.run_one(job_id)
    assert not runner.run_one(job_id)
    assert len(trace(app)) == 1


def test_a_failing_job_waits_longer_each_time_and_fails_after_its_retries(app, runner, clock):
    job_id = enqueue(params={"fail_first": 99})
    delays = []
    for attempt in (1, 2, 3):
        assert runner.run_one(job_id)
        job = jobs.find_job(job_id)
        assert (job.state, job.attempts) == ("retrying", attempt)
        assert job.error == f"RuntimeError: the broom broke in attempt {attempt}"
        delays.append((job.run_at - now()).total_seconds())
        assert not runner.run_one(job_id), "it runs before its time"
        clock.advance(delays[-1] + 0.001)
    for delay, expected in zip(delays, (0.05, 0.1, 0.2), strict=True):
        assert 0.79 * expected <= delay <= 1.21 * expected
    assert runner.run_one(job_id)
    job = jobs.find_job(job_id)
    assert (job.state, job.attempts, job.error) == ("failed", 4, "RuntimeError: the broom broke in attempt 4")
    assert not runner.run_one(job_id)


def test_a_job_that_fails_once_succeeds_the_second_time(app, runner, clock):
    job_id = enqueue(params={"fail_first": 1})
    runner.run_one(job_id)
    clock.advance(1)
    runner.run_one(job_id)
    job = jobs.find_job(job_id)
    assert (job.state, job.error, job.attempts) == ("succeeded", None, 2)


def test_a_discarded_job_fails_at_once_with_its_reason(app, runner):
    job_id = enqueue("hopeless_chore")
    runner.run_one(job_id)
    job = jobs.find_job(job_id)
    assert (job.state, job.error, job.attempts) == ("failed", "there is no broom", 1)


def test_a_result_that_is_not_json_fails_the_job_without_doing_it_again(app, runner):
    job_id = enqueue("odd_chore")
    runner.run_one(job_id)
    assert state_of(job_id) == "failed"
    assert "cannot be stored as JSON" in (jobs.find_job(job_id).error or "")
    assert not runner.run_one(job_id)


def test_a_job_whose_plugin_was_removed_fails_with_a_clear_reason(app, runner):
    job_id = enqueue()
    with transaction():
        Job[job_id].kind = "gone"
    runner.run_one(job_id)
    job = jobs.find_job(job_id)
    assert job.state == "failed"
    assert "No plugin offers the job kind 'gone'" in (job.error or "")


def test_params_that_no_longer_fit_fail_the_job_with_the_fields_name(app, runner):
    job_id = enqueue()
    with transaction():
        Job[job_id].params = '{"broom": 1}'
    runner.run_one(job_id)
    job = jobs.find_job(job_id)
    assert job.state == "failed"
    assert "broom" in (job.error or "")


def test_a_job_over_its_time_fails_at_a_checkpoint(app, runner):
    job_id = enqueue("short_chore", {"seconds": 30})
    runner.run_one(job_id)
    job = jobs.find_job(job_id)
    assert (job.state, job.error) == ("failed", "JobTimedOut: The job took longer than 0.3 s.")


def test_a_job_that_exits_is_a_failure_and_the_worker_lives(app, runner, monkeypatch):
    def leave(line: str) -> None:
        raise SystemExit(3)

    monkeypatch.setattr("chores.leave_trace", leave)
    job_id = enqueue()
    runner.run_one(job_id)
    assert (state_of(job_id), jobs.find_job(job_id).error) == ("retrying", "SystemExit: 3")


@pytest.mark.parametrize("error", [asyncio.CancelledError("told to"), OSError("no caf\udce9.pdf")], ids=["not an Exception", "not UTF-8"])
def test_whatever_a_job_raises_its_failure_is_stored(app, runner, monkeypatch, error):
    def fail(line: str) -> None:
        raise error

    monkeypatch.setattr("chores.leave_trace", fail)
    job_id = enqueue()
    runner.run_one(job_id)
    reason = jobs.find_job(job_id).error or ""
    assert state_of(job_id) == "retrying"
    assert reason.startswith(type(error).__name__)
    assert reason.endswith(("told to", r"no caf\udce9.pdf"))


def test_a_result_of_very_many_levels_fails_the_job(app, runner):
    result: list[object] = []
    for _ in range(100_000):
        result = [result]
    run = claim(enqueue())
    worker._after_success(run, result)()
    assert state_of(run.id) == "failed"


def test_a_message_of_another_job_does_not_hold_up_a_better_one(app, runner, clock, changes):
    later = enqueue(params={"word": "urgent"}, priority=9, run_at=now() + timedelta(seconds=1))
    others = [enqueue() for _ in range(3)]
    clock.advance(2)
    runner.answer(others[0])
    assert [job.id for job in changes if job.state == "running"] == [later, *others]


def test_one_message_runs_all_that_is_due_and_the_messages_of_the_others_are_dropped(app, runner):
    made = [enqueue() for _ in range(3)] + [enqueue("hopeless_chore")]
    elsewhere = enqueue(queue="realtime")
    runner.answer(made[2])
    assert [state_of(job_id) for job_id in made] == ["succeeded"] * 3 + ["failed"]
    assert queues().transport("default").pending(10) == 0
    assert (state_of(elsewhere), queues().transport("realtime").pending(10)) == ("queued", 1)


def test_messages_stay_while_something_is_due(app):
    enqueue()
    queues().transport("default").drop_if(lambda: False)
    assert queues().transport("default").pending(10) == 1


def test_a_stopping_worker_ends_what_it_runs_and_takes_nothing_further(app, runner):
    made = [enqueue() for _ in range(3)]
    runner.stopping.set()
    runner.answer(None)
    assert [state_of(job_id) for job_id in made] == ["succeeded", "queued", "queued"]
    assert queues().transport("default").pending(10) == 3


def test_a_job_for_later_waits_for_its_time(app, runner, clock):
    job_id = enqueue(run_at=now() + timedelta(minutes=5))
    assert not runner.run_one(job_id)
    assert not runner.run_one(None)
    clock.advance(301)
    assert runner.run_one(None)
    assert state_of(job_id) == "succeeded"


def test_the_best_due_job_is_the_one_of_highest_priority_then_the_oldest(app, runner):
    words = [("old", 0), ("urgent", 9), ("young", 0), ("idle", -1), ("retry me", 5)]
    for word, priority in words:
        enqueue(params={"word": word}, priority=priority)
    while runner.run_one(None):
        pass
    assert [line.split(" ", 1)[1] for line in trace(app)] == ["urgent", "retry me", "old", "young", "idle"]


@pytest.mark.parametrize(("priority_of_new", "first"), [(1, "new"), (-1, "tried")])
def test_a_job_that_is_tried_again_keeps_its_place_among_the_others(app, runner, clock, priority_of_new, first):
    tried = enqueue(params={"word": "tried", "fail_first": 1})
    runner.run_one(tried)
    clock.advance(1)
    enqueue(params={"word": "new"}, priority=priority_of_new)
    runner.run_one(None)
    assert trace(app)[-1].split()[1] == first


def test_a_worker_takes_only_jobs_of_its_queue(app, runner):
    job_id = enqueue(queue="realtime")
    assert not runner.run_one(None)
    assert not runner.run_one(job_id)
    assert run_due_jobs() == 1


def test_plugins_hear_of_each_change_after_its_commit(app, runner, changes, clock):
    job_id = enqueue(params={"fail_first": 1})
    runner.run_one(job_id)
    clock.advance(1)
    runner.run_one(job_id)
    assert [change.state for change in changes] == ["queued", "running", "retrying", "running", "succeeded"]
    assert {change.id for change in changes} == {job_id}


def test_life_cycle_lines_are_logged_with_the_job_id(app, runner, log_lines):
    job_id = enqueue(params={"fail_first": 1})
    runner.run_one(job_id)
    events = [line["event"] for line in log_lines if line.get("job_id") == job_id]
    assert events == ["job_enqueued", "job_started", "job_run_failed", "job_retrying"]
