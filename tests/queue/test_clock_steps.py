"""The clock of the machine is set back while jobs wait."""

from __future__ import annotations

from datetime import timedelta

from studium.core.clock import now
from studium.queue import dispatcher, jobs
from studium.queue.queues import queues
from tests.queue.conftest import LEASE, claim, enqueue, state_of

HOUR = 3600


def test_a_job_from_a_clock_that_was_an_hour_ahead_runs_in_the_next_round(app, runner, clock):
    job_id = enqueue()
    queues().transport("default").flush()
    clock.advance(-HOUR)
    assert not runner.run_one(None)
    dispatcher.dispatch()
    assert queues().transport("default").pending(10) == 1
    assert runner.run_one(None)
    assert state_of(job_id) == "succeeded"


def test_a_job_with_a_time_of_its_own_keeps_it(app, runner, clock):
    wanted = now() + timedelta(minutes=5)
    job_id = enqueue(run_at=wanted)
    clock.advance(-HOUR)
    assert dispatcher.hurry_early_born() == 0
    assert jobs.find_job(job_id).run_at == wanted


def test_jobs_of_a_clock_that_goes_right_are_left_alone(app, clock):
    waiting, later = enqueue(), enqueue(run_at=now() + timedelta(minutes=5))
    before = [jobs.find_job(job_id) for job_id in (waiting, later)]
    clock.advance(-1)
    assert dispatcher.hurry_early_born() == 0
    clock.advance(60)
    assert dispatcher.hurry_early_born() == 0
    assert [jobs.find_job(job_id) for job_id in (waiting, later)] == before


def test_the_job_of_a_worker_that_was_lost_before_the_step_runs_within_a_lease(app, runner, clock):
    job_id = enqueue()
    claim(job_id)
    clock.advance(-HOUR)
    dispatcher.dispatch()
    assert state_of(job_id) == "running"
    clock.advance(LEASE + 0.1)
    dispatcher.dispatch()
    assert jobs.find_job(job_id).crashes == 1
    assert runner.run_one(job_id)


def test_a_lease_that_was_just_given_is_not_shortened(app, clock):
    claim(enqueue())
    clock.advance(-1)
    assert dispatcher.shorten_leases() == 0
