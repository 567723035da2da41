"""The overview: exact numbers, and the latency of each queue, without a look at the jobs that are not first."""

from __future__ import annotations

from datetime import timedelta

import pytest

from studium.core.clock import now
from studium.core.database import db
from studium.queue import jobs, pausing
from studium.queue.overview import overview
from tests.queue.conftest import enqueue


def queue_named(name):
    (found,) = [queue for queue in overview().queues if queue.name == name]
    return found


def test_nothing_to_do_is_shown_as_nothing(app):
    found = overview()
    assert [(queue.name, queue.waiting, queue.running, queue.oldest_due_seconds) for queue in found.queues] == [
        ("default", 0, 0, None), ("realtime", 0, 0, None),
    ]  # fmt: skip
    assert set(found.states.values()) == {0}
    assert "chore" in found.kinds


def test_numbers_are_those_of_the_rows(app, runner, clock):
    for params in ({}, {}, {"fail_first": 1}):
        enqueue(params=params)
    enqueue("hopeless_chore")
    enqueue(queue="realtime")
    while runner.run_one(None):
        pass
    enqueue(run_at=now() + timedelta(hours=1))
    found = overview()
    assert found.states == {"queued": 2, "running": 0, "retrying": 1, "succeeded": 2, "failed": 1, "cancelled": 0}
    assert found.kinds["chore"] == {"queued": 2, "running": 0, "retrying": 1, "succeeded": 2, "failed": 0, "cancelled": 0}
    assert found.kinds["hopeless_chore"]["failed"] == 1
    assert (queue_named("default").waiting, queue_named("realtime").waiting) == (2, 1)


def test_the_latency_is_that_of_the_job_overdue_longest_whatever_its_kind_and_priority(app, clock):
    enqueue(priority=-3)
    clock.advance(30)
    enqueue(priority=9)
    enqueue("hopeless_chore", priority=9)
    clock.advance(12)
    assert queue_named("default").oldest_due_seconds == pytest.approx(42, abs=0.01)
    assert queue_named("realtime").oldest_due_seconds is None


def test_a_job_for_later_is_no_latency_until_its_time(app, clock):
    enqueue(run_at=now() + timedelta(minutes=5))
    assert queue_named("default").oldest_due_seconds is None
    clock.advance(360)
    assert queue_named("default").oldest_due_seconds == pytest.approx(60, abs=0.01)


def test_a_wait_for_a_retry_counts_from_its_end(app, runner, clock):
    job_id = enqueue(params={"fail_first": 1})
    clock.advance(100)
    runner.run_one(job_id)
    due = jobs.find_job(job_id).run_at
    clock.advance(10)
    assert queue_named("default").oldest_due_seconds == pytest.approx((now() - due).total_seconds(), abs=0.01)


def test_a_pause_is_shown_with_who_and_when(app, clock):
    pausing.pause("default", by="Anna")
    assert (queue_named("default").paused_by, queue_named("default").paused_at) == ("Anna", now())
    assert (queue_named("realtime").paused_by, queue_named("realtime").paused_at) == (None, None)


def test_more_jobs_cost_no_more_queries(app, monkeypatch):
    asked = []
    real = db._exec_sql

    def note(sql, *arguments, **options):
        asked.append(sql)
        return real(sql, *arguments, **options)

    enqueue()
    monkeypatch.setattr(db, "_exec_sql", note)
    overview()
    few = len(asked)
    monkeypatch.undo()
    for _ in range(20):
        enqueue()
    asked.clear()
    monkeypatch.setattr(db, "_exec_sql", note)
    overview()
    assert len(asked) == few
    assert not [sql for sql in asked if "count(" in sql.lower()], "it counts rows"
