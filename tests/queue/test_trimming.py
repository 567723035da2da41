"""Ended jobs go after a while; active ones never."""

from __future__ import annotations

import pytest

from studium.core.database import reading, transaction
from studium.queue import jobs, trimming
from studium.queue.entities import Job
from studium.queue.errors import UnknownJob
from tests.queue.conftest import enqueue

DAY = 86400


def kept(job_id: str) -> bool:
    try:
        jobs.find_job(job_id)
    except UnknownJob:
        return False
    return True


def test_succeeded_and_cancelled_jobs_are_kept_a_day_and_failed_ones_a_month(app, runner, clock):
    succeeded, failed, cancelled, waiting = enqueue(), enqueue("hopeless_chore"), enqueue(), enqueue(queue="realtime")
    with transaction():
        jobs.cancel(cancelled)
    while runner.run_one(None):
        pass
    clock.advance(DAY - 60)
    assert trimming.trim() == 0
    clock.advance(120)
    assert trimming.trim() == 2
    assert [kept(job_id) for job_id in (succeeded, cancelled, failed, waiting)] == [False, False, True, True]
    clock.advance(30 * DAY)
    assert trimming.trim() == 1
    assert [kept(job_id) for job_id in (failed, waiting)] == [False, True]


def test_trimming_goes_in_small_batches(app, clock, monkeypatch):
    monkeypatch.setattr(trimming, "BATCH", 3)
    ids = [enqueue() for _ in range(5)]
    with transaction():
        for job_id in ids:
            jobs.cancel(job_id)
    clock.advance(2 * DAY)
    assert [trimming.trim(), trimming.trim(), trimming.trim()] == [3, 2, 0]
    with reading():
        assert Job.select().count() == 0


@pytest.mark.parametrize("state", ["queued", "running", "retrying"])
def test_an_active_job_is_never_trimmed_however_old(app, clock, state):
    job_id = enqueue()
    with transaction():
        Job[job_id].state = state
    clock.advance(400 * DAY)
    assert trimming.trim() == 0
    assert kept(job_id)
