"""Ended jobs can be removed, waiting ones started now."""

from __future__ import annotations

from datetime import timedelta

import pytest

from studium.core.clock import now
from studium.queue import jobs
from studium.queue.errors import NotDiscardable, NotWaiting, UnknownJob
from tests.queue.conftest import claim, enqueue, state_of


@pytest.mark.parametrize("kind", ["chore", "hopeless_chore"])
def test_an_ended_job_is_removed(app, runner, kind, log_lines):
    job_id = enqueue(kind)
    runner.run_one(job_id)
    jobs.discard(job_id, by="Olga (user 4)")
    with pytest.raises(UnknownJob):
        jobs.find_job(job_id)
    assert [(line["by"], line["job_id"]) for line in log_lines if line["event"] == "job_discarded"] == [("Olga (user 4)", job_id)]


def wait(job_id: str) -> None:
    """Nothing more."""


@pytest.mark.parametrize("act", [wait, claim])
def test_an_active_job_is_not_removed(app, act):
    job_id = enqueue()
    act(job_id)
    with pytest.raises(NotDiscardable, match="cancel it first"):
        jobs.discard(job_id)
    assert jobs.find_job(job_id).active


def test_a_scheduled_job_can_be_started_now(app, runner):
    job_id = enqueue(run_at=now() + timedelta(days=7))
    assert not runner.run_one(job_id)
    assert jobs.run_now(job_id, by="Olga (user 4)").run_at <= now()
    assert runner.run_one(job_id)
    assert state_of(job_id) == "succeeded"


def test_a_job_that_waits_for_its_retry_can_be_started_now(app, runner, clock):
    job_id = enqueue(params={"fail_first": 1})
    runner.run_one(job_id)
    assert not runner.run_one(job_id)
    jobs.run_now(job_id)
    assert runner.run_one(job_id)
    assert state_of(job_id) == "succeeded"


def test_a_job_that_is_due_keeps_its_place(app, clock):
    job_id = enqueue()
    before = jobs.find_job(job_id).run_at
    clock.advance(5)
    assert jobs.run_now(job_id).run_at == before


def test_only_a_waiting_job_can_be_started_now(app):
    job_id = enqueue()
    claim(job_id)
    with pytest.raises(NotWaiting, match="is running"):
        jobs.run_now(job_id)
