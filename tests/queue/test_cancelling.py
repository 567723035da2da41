"""Cancelling in every state."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from studium.core.clock import now
from studium.core.database import transaction
from studium.queue import dispatcher, jobs
from studium.queue.errors import JobError, UnknownJob
from tests.queue.conftest import enqueue, state_of, trace, wait_for


def cancel(job_id: str) -> str:
    with transaction():
        return jobs.cancel(job_id).state


def test_a_queued_job_is_cancelled_at_once_and_never_starts(app, runner):
    job_id = enqueue()
    assert cancel(job_id) == "cancelled"
    assert not runner.run_one(job_id)
    assert not runner.run_one(None)
    assert trace(app) == []
    assert jobs.find_job(job_id).finished_at is not None


def test_a_retrying_job_is_cancelled_at_once(app, runner, clock):
    job_id = enqueue(params={"fail_first": 1})
    runner.run_one(job_id)
    assert cancel(job_id) == "cancelled"
    clock.advance(60)
    assert not runner.run_one(None)


def test_a_running_job_stops_at_its_next_checkpoint(app, runner):
    job_id = enqueue(params={"seconds": 30})
    thread = in_a_thread(app, lambda: runner.run_one(job_id))
    wait_for(lambda: state_of(job_id) == "running")
    assert cancel(job_id) == "running"
    thread.join(2)
    assert not thread.is_alive(), "it took more than 2 s"
    assert state_of(job_id) == "cancelled"
    assert not runner.run_one(None), "a cancelled job is not tried again"


def test_a_running_job_that_fails_after_it_was_cancelled_is_not_tried_again(app, runner, monkeypatch):
    job_id = enqueue(params={"fail_first": 1})
    monkeypatch.setattr("chores.leave_trace", lambda line: cancel(job_id))
    runner.run_one(job_id)
    assert state_of(job_id) == "cancelled"


@pytest.mark.parametrize("kind", ["hopeless_chore", "odd_chore"])
def test_a_running_job_that_fails_for_good_after_it_was_cancelled_is_cancelled(app, runner, monkeypatch, kind):
    job_id = enqueue(kind)
    monkeypatch.setattr("chores.leave_trace", lambda line: cancel(job_id))
    runner.run_one(job_id)
    assert state_of(job_id) == "cancelled"


def test_a_scheduled_job_is_cancelled_at_once(app):
    job_id = enqueue(run_at=now() + timedelta(days=1))
    assert cancel(job_id) == "cancelled"


def test_a_cancelled_job_can_neither_be_tried_again_nor_started(app, runner):
    job_id = enqueue()
    cancel(job_id)
    for verb in (jobs.retry, jobs.run_now):
        with pytest.raises(JobError):
            verb(job_id)
    assert not runner.run_one(job_id)
    assert state_of(job_id) == "cancelled"


def test_a_running_job_that_ends_without_looking_up_has_succeeded(app, runner, monkeypatch):
    job_id = enqueue("stubborn_chore")
    monkeypatch.setattr("chores.leave_trace", lambda line: cancel(job_id))
    runner.run_one(job_id)
    assert state_of(job_id) == "succeeded"


def test_a_cancelled_job_whose_worker_was_lost_is_cancelled(app, runner, clock):
    from studium.queue import lifecycle

    job_id = enqueue()
    lifecycle.claim(job_id, "default", "lost", 10)
    assert cancel(job_id) == "running"
    clock.advance(11)
    dispatcher.expire_leases()
    assert state_of(job_id) == "cancelled"


@pytest.mark.parametrize(("kind", "end"), [("chore", "succeeded"), ("hopeless_chore", "failed")])
def test_an_ended_job_stays_as_it_is(app, runner, kind, end):
    job_id = enqueue(kind)
    runner.run_one(job_id)
    assert cancel(job_id) == end


def test_a_cancelled_job_frees_its_unique_key(app):
    job_id = enqueue(unique_key="room")
    cancel(job_id)
    assert enqueue(unique_key="room") != job_id


def test_an_unknown_job_is_an_error(app):
    with pytest.raises(UnknownJob, match="no such id"), transaction():
        jobs.cancel("no such id")


def test_a_rolled_back_cancellation_cancels_nothing(app):
    job_id = enqueue()
    with pytest.raises(RuntimeError), transaction():
        jobs.cancel(job_id)
        raise RuntimeError("no")
    assert state_of(job_id) == "queued"


def in_a_thread(app, work) -> threading.Thread:
    def run() -> None:
        with app.app_context():
            work()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread
