"""One job works through very many: all that matched when it was asked for, each once, itself never."""

from __future__ import annotations

from datetime import timedelta

import pytest

from studium.core.clock import now
from studium.core.database import execute, transaction
from studium.queue import bulk, jobs
from studium.queue.bulk import start_bulk
from studium.queue.errors import UnknownJob, WrongBulk
from studium.queue.job_filter import JobFilter
from studium.queue.overview import overview
from studium.queue.story import story
from tests.queue.conftest import enqueue, state_of

FAILED = JobFilter(states=("failed",), kind="hopeless_chore")


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(bulk, "BATCH", 4)


@pytest.fixture
def failed(app, clock):
    """11 failed jobs, the oldest first; raw, for the limit of users is not the subject."""
    made = []
    for _ in range(11):
        clock.advance(1)
        made.append(enqueue("hopeless_chore"))
    with transaction():
        execute("update job set state = 'failed', finished_at = created_at")
    clock.advance(1)
    return made


def finish(runner, job_id):
    assert runner.run_one(job_id)
    job = jobs.find_job(job_id)
    assert job.state == "succeeded", job.error
    return job.result


def test_retry_starts_all_that_failed_again(app, runner, failed):
    asked = start_bulk("retry", FAILED, "Anna")
    assert finish(runner, asked) == {"done": 11, "refused": 0, "reasons": []}
    assert {state_of(job_id) for job_id in failed} == {"queued"}


def test_discard_removes_ended_jobs_and_leaves_active_ones(app, runner, failed, clock):
    active = enqueue("hopeless_chore")
    asked = start_bulk("discard", JobFilter(kind="hopeless_chore"), "Anna")
    assert finish(runner, asked)["done"] == 11
    with pytest.raises(UnknownJob):
        jobs.find_job(failed[0])
    assert state_of(active) == "queued"


def test_run_now_and_cancel_take_waiting_jobs(app, runner, clock):
    waiting = [enqueue(run_at=now() + timedelta(hours=1)) for _ in range(6)]
    clock.advance(1)
    finish(runner, start_bulk("run_now", JobFilter(kind="chore"), "Anna"))
    assert max(jobs.find_job(job_id).run_at for job_id in waiting) <= now()
    assert finish(runner, start_bulk("cancel", JobFilter(kind="chore"), "Anna"))["done"] == 6
    assert {state_of(job_id) for job_id in waiting} == {"cancelled"}


def test_what_comes_after_it_was_asked_for_is_left_alone(app, runner, failed, clock):
    asked = start_bulk("retry", FAILED, "Anna")
    clock.advance(1)
    late = enqueue("hopeless_chore")
    runner.run_one(late)
    assert finish(runner, asked)["done"] == 11
    assert state_of(late) == "failed"


def test_it_never_touches_itself_nor_another_one_of_its_kind_unless_asked(app, runner, clock):
    other = start_bulk("retry", FAILED, "Anna")
    clock.advance(1)
    asked = start_bulk("cancel", JobFilter(), "Anna")
    assert finish(runner, asked)["done"] == 0
    assert state_of(other) == "queued"
    clock.advance(1)
    asked = start_bulk("cancel", JobFilter(kind="jobs_in_bulk"), "Anna")
    assert finish(runner, asked)["done"] == 1
    assert state_of(other) == "cancelled"


def test_itself_is_safe_even_when_the_clock_was_ahead_before(app, runner, clock):
    """Then its own id is older than the newest one."""
    clock.advance(3600)
    enqueue()
    clock.advance(-3600)
    asked = start_bulk("cancel", JobFilter(kind="jobs_in_bulk"), "Anna")
    assert finish(runner, asked) == {"done": 0, "refused": 0, "reasons": []}


def test_what_is_refused_is_counted_with_the_first_reasons(app, runner, failed):
    with transaction():
        execute("update job set user_id = 7")
    result = finish(runner, start_bulk("retry", FAILED, "Anna"))
    assert (result["done"], result["refused"]) == (10, 1)
    assert len(result["reasons"]) == 1
    assert "10" in result["reasons"][0]
    assert [state_of(job_id) for job_id in failed] == ["failed"] + ["queued"] * 10


def test_after_a_crash_it_goes_on_and_counts_each_job_once(app, runner, failed, monkeypatch):
    asked = start_bulk("discard", FAILED, "Anna")
    real, batches = bulk._do_batch, []

    class Killed(KeyboardInterrupt):  # the one thing that leaves the runner
        pass

    def die_in_the_third(*arguments):
        batches.append(1)
        if len(batches) == 3:
            raise Killed
        return real(*arguments)

    monkeypatch.setattr(bulk, "_do_batch", die_in_the_third)
    with pytest.raises(Killed):
        runner.run_one(asked)
    monkeypatch.undo()
    with transaction():
        execute("update job set state = 'queued', lease = null where id = ?", (asked,))
    assert overview().states["failed"] == 3
    assert finish(runner, asked) == {"done": 11, "refused": 0, "reasons": []}


def test_it_can_be_cancelled_between_two_batches(app, runner, failed, monkeypatch):
    asked = start_bulk("retry", FAILED, "Anna")
    real = bulk._do_batch

    def cancel_meanwhile(*arguments):
        jobs.cancel(asked)
        return real(*arguments)

    monkeypatch.setattr(bulk, "_do_batch", cancel_meanwhile)
    monkeypatch.setattr("studium.queue.running.SECONDS_BETWEEN_LOOKS", 0)
    runner.run_one(asked)
    assert state_of(asked) == "cancelled"
    assert [state_of(job_id) for job_id in failed] == ["failed"] * 7 + ["queued"] * 4


def test_progress_is_told(app, runner, failed, changes):
    finish(runner, start_bulk("retry", FAILED, "Anna"))
    messages = [job.message for job in changes if job.kind == "jobs_in_bulk"]
    assert "4 done, 0 refused" in messages


def test_who_asked_stands_in_the_story_of_each_job(app, runner, failed):
    finish(runner, start_bulk("retry", FAILED, "Anna"))
    assert [(line.event, line.text) for line in story(failed[0]).lines if line.event == "retried"] == [("retried", "by Anna")]


@pytest.mark.parametrize(
    ("verb", "wanted", "said"),
    [
        ("burn", JobFilter(), "no 'burn' for many jobs; there are: retry, discard"),
        ("retry", JobFilter(states=("succeeded", "queued")), "retry is for jobs that are failed"),
        ("discard", JobFilter(states=("running",)), "discard is for jobs that are succeeded, failed, cancelled"),
    ],
)
def test_an_unknown_verb_or_one_for_other_states_is_refused(app, verb, wanted, said):
    with pytest.raises(WrongBulk, match=said):
        start_bulk(verb, wanted, "Anna")
    assert set(overview().states.values()) == {0}


def test_with_no_job_at_all_it_is_done_at_once(app, runner):
    assert finish(runner, start_bulk("retry", JobFilter(), "Anna"))["done"] == 0


def test_the_filter_survives_the_way_through_the_row(app, runner, failed):
    """Times, argument and all."""
    job = jobs.find_job(failed[4])
    with transaction():
        execute("insert into job_argument (name, value, job_id) values ('course', '7', ?)", (job.id,))
    wanted = JobFilter(("failed",), "hopeless_chore", "default", None, ("course", "7"), job.created_at, now())
    assert finish(runner, start_bulk("retry", wanted, "Anna"))["done"] == 1
    assert [job_id for job_id in failed if state_of(job_id) == "queued"] == [job.id]
