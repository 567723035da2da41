"""Very many jobs by one insert and one wake-up, all or none."""

from __future__ import annotations

from datetime import timedelta

import pytest

from studium.core.clock import now
from studium.core.database import transaction
from studium.queue import announcements, jobs
from studium.queue.errors import InvalidParams, JobError
from studium.queue.queues import queues
from studium.queue.worker import run_due_jobs
from tests.queue.conftest import trace
from tests.queue.test_enqueue import job_count


def words(number: int) -> list[dict[str, object]]:
    return [{"word": f"{turn:04}"} for turn in range(number)]


def enqueue_many(number: int = 5, **options: object) -> list[str]:
    with transaction():
        return jobs.enqueue_many("chore", words(number), **options)  # type: ignore[arg-type]


def test_each_params_makes_a_job_and_they_run_in_that_order(app, changes):
    ids = enqueue_many(20)
    assert ids == sorted(set(ids))
    assert [change.id for change in changes] == ids
    run_due_jobs()
    assert trace(app) == [f"{job_id} {turn:04}" for turn, job_id in enumerate(ids)]


def test_no_params_make_no_job(app):
    assert enqueue_many(0) == []


def test_one_wrong_params_refuse_all(app):
    with pytest.raises(InvalidParams), transaction():
        jobs.enqueue_many("chore", [{}, {"seconds": "long"}])
    assert job_count() == 0


def test_a_rollback_leaves_no_job_and_no_message(app):
    with pytest.raises(KeyError), transaction():
        jobs.enqueue_many("chore", [{}] * 3)
        raise KeyError
    assert (job_count(), queues().transport("default").pending(10)) == (0, 0)


def test_outside_a_transaction_it_says_what_to_do(app):
    with pytest.raises(JobError, match=r"needs an open transaction\(\)"):
        jobs.enqueue_many("chore", [{}])


def test_the_workers_are_woken_once_and_get_a_message_each(app, monkeypatch):
    rings = []
    storage = queues().transport("default").storage
    monkeypatch.setattr(storage, "ring", lambda: rings.append(1))
    enqueue_many(50)
    assert (len(rings), storage.pending(100)) == (1, 50)


def test_of_very_many_only_the_first_get_a_message(app, monkeypatch):
    monkeypatch.setattr(announcements, "MOST_MESSAGES", 10)
    enqueue_many(50)
    assert queues().transport("default").pending(100) == 10


def test_options_are_those_of_every_job(app):
    later = now() + timedelta(hours=1)
    ids = enqueue_many(2, user_id=3, run_at=later, priority=7, queue="realtime")
    for job_id in ids:
        job = jobs.find_job(job_id)
        assert (job.user_id, job.run_at, job.priority, job.queue) == (3, later, 7, "realtime")
    assert queues().transport("realtime").pending(10) == 0
