"""Facts reach their subscribers by jobs."""

from __future__ import annotations

import pytest
from chores import ChoreDone

from studium.core.database import reading, transaction
from studium.core.entities import FactDelivery
from studium.core.facts import publish
from studium.queue import jobs
from studium.queue.entities import Job
from studium.queue.worker import run_due_jobs
from tests.queue.conftest import make_runner, state_of, trace


def publish_one(word: str = "swept") -> None:
    with transaction():
        publish(ChoreDone(word=word))


def delivery_job() -> jobs.JobView:
    with reading():
        (job,) = Job.select(lambda job: job.kind == "deliver_fact")[:]
        job_id = job.id
    return jobs.find_job(job_id)


def test_a_fact_is_delivered_to_its_subscriber(app):
    publish_one()
    job = delivery_job()
    assert (job.queue, job.state) == ("realtime", "queued")
    assert run_due_jobs() == 1
    assert trace(app) == ["told swept"]
    assert state_of(job.id) == "succeeded"


def test_a_rolled_back_fact_is_not_delivered(app):
    with pytest.raises(RuntimeError), transaction():
        publish(ChoreDone(word="not"))
        raise RuntimeError("no")
    assert run_due_jobs() == 0
    assert trace(app) == []


def test_a_delivery_that_fails_is_tried_again(app, clock, monkeypatch):
    def fail(line: str) -> None:
        raise OSError("disk full")

    publish_one()
    with monkeypatch.context() as patch:
        patch.setattr("chores.leave_trace", fail)
        make_runner("realtime").run_one(None)
    assert delivery_job().state == "retrying"
    clock.advance(60)
    run_due_jobs()
    assert trace(app) == ["told swept"]


def test_a_delivery_done_twice_by_a_crash_is_given_once(app):
    publish_one()
    run_due_jobs()
    with transaction():
        job = Job.select(lambda job: job.kind == "deliver_fact").first()
        job.set(state="queued", finished_at=None)
    run_due_jobs()
    assert trace(app) == ["told swept"]
    with reading():
        assert FactDelivery.select().count() == 1


def test_deliveries_are_tried_for_hours(app):
    from studium.queue.backoff import JITTER, seconds_before_retry
    from studium.queue.deliveries import deliver_fact

    total = sum(seconds_before_retry(deliver_fact.backoff, failure) for failure in range(1, deliver_fact.retries + 1))
    assert total > 4 * 3600 * (1 - JITTER)
