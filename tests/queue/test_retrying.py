"""A failed job can be tried again, by its owner or by whoever looks after the queue; nothing else can."""

from __future__ import annotations

import pytest

from studium.core.database import transaction
from studium.queue import jobs
from studium.queue.entities import Job
from studium.queue.errors import InvalidParams, NotRetryable, UnknownJob, UnknownKind
from studium.queue.queues import queues
from tests.queue.conftest import claim, enqueue, state_of, trace


@pytest.fixture
def failed(app, runner) -> str:
    job_id = enqueue("hopeless_chore", {"word": "first"}, user_id=3, unique_key="room")
    runner.run_one(job_id)
    assert state_of(job_id) == "failed"
    return job_id


def become_possible(job_id: str) -> None:
    with transaction():
        Job[job_id].kind = "chore"


def test_it_starts_from_the_beginning_and_can_succeed(app, runner, failed, changes):
    become_possible(failed)
    with transaction():
        Job[failed].crashes = 2
    job = jobs.retry(failed, by="Anna (user 3)")
    assert (job.state, job.attempts, job.crashes, job.error, job.finished_at, job.progress) == ("queued", 0, 0, None, None, 0)
    assert [change.state for change in changes] == ["queued"]
    assert runner.run_one(failed)
    assert state_of(failed) == "succeeded"


def test_a_worker_is_told_at_once(app, failed):
    queues().transport("default").flush()
    jobs.retry(failed)
    assert queues().transport("default").dequeue().id == failed


def test_it_has_all_its_retries_again(app, runner, clock):
    job_id = enqueue(params={"fail_first": 99})
    for again in (False, True):
        if again:
            jobs.retry(job_id)
        ran = 0
        while jobs.find_job(job_id).active:
            ran += runner.run_one(job_id)
            clock.advance(60)
        assert ran == 4


def test_it_can_be_tried_with_other_params(app, runner, failed):
    become_possible(failed)
    assert jobs.retry(failed, params={"word": "second"}).params["word"] == "second"
    runner.run_one(failed)
    assert trace(app)[-1] == f"{failed} second"


def test_other_params_must_fit_and_a_refusal_changes_nothing(app, failed):
    with pytest.raises(InvalidParams):
        jobs.retry(failed, params={"colour": "red"})
    assert (state_of(failed), jobs.find_job(failed).params["word"]) == ("failed", "first")


def wait(job_id: str) -> None:
    """Nothing more."""


def cancel_running(job_id: str) -> None:
    claim(job_id)
    jobs.cancel(job_id)


@pytest.mark.parametrize("act", [wait, claim, jobs.cancel, cancel_running])
def test_only_a_failed_job_can_be_tried_again(app, act):
    job_id = enqueue()
    act(job_id)
    before = jobs.find_job(job_id)
    with pytest.raises(NotRetryable, match=f"is {before.state}; only a failed job"):
        jobs.retry(job_id)
    assert jobs.find_job(job_id) == before


def test_a_succeeded_job_cannot_be_tried_again(app, runner):
    job_id = enqueue()
    runner.run_one(job_id)
    with pytest.raises(NotRetryable):
        jobs.retry(job_id)


def test_it_holds_its_unique_key_again(app, failed):
    jobs.retry(failed)
    assert enqueue("hopeless_chore", unique_key="room") == failed


def test_it_does_not_run_beside_another_of_its_unique_key(app, failed):
    other = enqueue("hopeless_chore", unique_key="room")
    with pytest.raises(NotRetryable, match=f"{other} is doing the same"):
        jobs.retry(failed)
    assert state_of(failed) == "failed"


def test_a_job_whose_plugin_is_gone_stays_as_it_is(app, failed):
    with transaction():
        Job[failed].kind = "gone"
    with pytest.raises(UnknownKind):
        jobs.retry(failed)
    assert state_of(failed) == "failed"


def test_somebody_elses_job_is_unknown(app, failed):
    with pytest.raises(UnknownJob):
        jobs.retry(failed, user_id=4)
    assert jobs.retry(failed, user_id=3).state == "queued"
