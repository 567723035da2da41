"""Workers that are lost, late, or stopped."""

from __future__ import annotations

import pytest

from studium.core.database import reading
from studium.queue import dispatcher, jobs, lifecycle
from studium.queue.entities import Job
from studium.queue.queues import queues
from tests.queue.conftest import enqueue, make_runner, state_of, trace, wait_for
from tests.queue.test_cancelling import in_a_thread


def claim(job_id: str) -> lifecycle.Claim:
    claimed = lifecycle.claim(job_id, "default", "some worker", 10.0)
    assert claimed is not None
    return claimed


def leased_until(job_id: str):
    with reading():
        return Job[job_id].leased_until


def test_a_job_is_claimed_once(app):
    job_id = enqueue()
    claim(job_id)
    assert lifecycle.claim(job_id, "default", "another worker", 10.0) is None
    assert lifecycle.claim(None, "default", "another worker", 10.0) is None


def test_a_lease_that_holds_is_left_alone(app, clock):
    job_id = enqueue()
    claim(job_id)
    clock.advance(9.9)
    assert dispatcher.expire_leases() == 0
    assert state_of(job_id) == "running"


def test_the_job_of_a_lost_worker_waits_again_and_runs(app, runner, clock):
    job_id = enqueue()
    claim(job_id)
    queues().transport("default").flush()
    clock.advance(10.1)
    dispatcher.dispatch()
    job = jobs.find_job(job_id)
    assert (job.state, job.crashes) == ("queued", 1)
    assert queues().transport("default").pending(10) == 1
    assert runner.run_one(job_id)
    assert state_of(job_id) == "succeeded"


def test_a_recovered_job_does_not_queue_up_again_behind_the_others(app, clock):
    job_id = enqueue()
    claim(job_id)
    queues().transport("default").flush()
    for _ in range(3):
        enqueue()
    clock.advance(10.1)
    dispatcher.dispatch()
    assert queues().transport("default").dequeue().id == job_id


def test_two_dispatchers_count_one_crash(app, clock):
    job_id = enqueue()
    claim(job_id)
    clock.advance(10.1)
    lifecycle.crash(job_id, 3)
    lifecycle.crash(job_id, 3)
    assert jobs.find_job(job_id).crashes == 1


def test_a_late_dispatcher_does_not_crash_the_next_run(app, clock):
    job_id = enqueue()
    claim(job_id)
    clock.advance(10.1)
    lifecycle.crash(job_id, 3)
    claim(job_id)
    lifecycle.crash(job_id, 3)
    assert (state_of(job_id), jobs.find_job(job_id).crashes) == ("running", 1)


def test_after_three_crashes_a_job_is_set_aside_with_the_reason(app, clock):
    job_id = enqueue()
    for _ in range(3):
        claim(job_id)
        clock.advance(10.1)
        dispatcher.dispatch()
    job = jobs.find_job(job_id)
    assert (job.state, job.crashes) == ("failed", 3)
    assert "The worker was lost 3 times" in (job.error or "")
    assert lifecycle.claim(job_id, "default", "w", 10) is None


def test_a_crash_uses_up_no_retry(app, runner, clock):
    job_id = enqueue(params={"fail_first": 99})
    claim(job_id)
    clock.advance(10.1)
    dispatcher.dispatch()
    failures = 0
    while state_of(job_id) in ("queued", "retrying"):
        runner.run_one(job_id)
        failures += 1
        clock.advance(60)
    assert failures == 4


def test_the_late_result_of_an_expired_lease_is_refused(app, runner, clock, log_lines):
    job_id = enqueue()
    late = claim(job_id)
    clock.advance(10.1)
    dispatcher.dispatch()
    current = claim(job_id)
    lifecycle.succeed(late, '{"from": "the past"}')
    lifecycle.fail(late, "too late")
    lifecycle.retry(late, "too late", 5)
    lifecycle.give_back(late)
    lifecycle.cancel_run(late)
    assert not lifecycle.record(late, (50, "late"))
    assert state_of(job_id) == "running"
    lifecycle.succeed(current, None)
    lifecycle.succeed(late, '{"from": "the past"}')
    assert (state_of(job_id), jobs.find_job(job_id).result) == ("succeeded", None)
    assert sum(line["event"] == "job_result_refused" for line in log_lines) == 7


def test_the_heart_renews_the_leases_of_running_jobs_only(app, clock):
    runner, forgotten = make_runner("default"), enqueue()
    claim(forgotten)
    job_id = enqueue(params={"seconds": 30})
    thread = in_a_thread(app, lambda: runner.run_one(job_id))
    wait_for(lambda: bool(runner.heart.running()))
    before = leased_until(job_id), leased_until(forgotten)
    clock.advance(5)
    runner.heart.beat()
    assert (leased_until(job_id) - before[0]).total_seconds() == 5
    assert leased_until(forgotten) == before[1]
    runner.draining.set()
    thread.join(5)


def test_the_heart_forgets_a_job_that_has_ended(app, runner, monkeypatch):
    kept = []
    monkeypatch.setattr("chores.leave_trace", lambda line: kept.append(len(runner.heart.running())))
    runner.run_one(enqueue())
    assert (kept, runner.heart.running()) == ([1], [])


def test_a_run_that_lost_its_lease_stops_at_its_next_checkpoint(app, clock):
    runner, job_id = make_runner("default"), enqueue(params={"seconds": 30})
    thread = in_a_thread(app, lambda: runner.run_one(job_id))
    wait_for(lambda: bool(runner.heart.running()))
    clock.advance(10.1)
    dispatcher.dispatch()
    thread.join(5)
    assert not thread.is_alive()
    assert state_of(job_id) == "queued"


def test_draining_gives_the_job_back_without_a_crash_or_an_attempt(app, runner):
    job_id = enqueue(params={"seconds": 30})
    thread = in_a_thread(app, lambda: runner.run_one(job_id))
    wait_for(lambda: bool(runner.heart.running()))
    queues().transport("default").flush()
    runner.draining.set()
    thread.join(5)
    job = jobs.find_job(job_id)
    assert (job.state, job.attempts, job.crashes) == ("queued", 0, 0)
    assert queues().transport("default").pending(10) == 1, "another worker hears of it at once"
    assert len(trace(app)) == 1


@pytest.mark.slow
def test_jobs_that_still_run_after_the_drain_limit_are_given_back_and_their_results_refused(app, runner):
    job_id = enqueue("stubborn_chore", {"seconds": 0.5})
    thread = in_a_thread(app, lambda: runner.run_one(job_id))
    wait_for(lambda: bool(runner.heart.running()))
    runner.give_back_all()
    assert state_of(job_id) == "queued"
    thread.join(5)
    assert state_of(job_id) == "queued"
