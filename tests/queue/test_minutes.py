"""Statistics of the queues, minute by minute."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pony.orm import OperationalError

from studium.core.clock import now
from studium.core.database import transaction
from studium.queue import heart as heart_module
from studium.queue import jobs, lifecycle
from studium.queue.minutes import BOUNDS, KEPT, Minute, minutes, percentile, trim_minutes
from studium.queue.minutes_tally import tally
from tests.queue.conftest import claim, enqueue
from tests.queue.periodic import at

EVER = datetime(2000, 1, 1), datetime(2100, 1, 1)


@pytest.fixture
def noon(app, clock) -> Any:
    at(clock, "2026-05-01 12:00:00")
    return clock


@pytest.fixture
def collecting(app) -> Any:
    """As in a process whose heart writes the sums."""
    tally().collecting = True
    yield tally()
    tally().collecting = False


def the_minute() -> Minute:
    (found,) = minutes(None, *EVER)
    return found


def bucket(minute: Minute) -> int:
    """The bound of the only bucket that has a count; 0 for the last."""
    (found,) = [number for number, count in enumerate(minute.wait_ms) if count]
    return BOUNDS[found] if found < len(BOUNDS) else 0


def with_waits(*counts: int) -> Minute:
    waits = (*counts, *[0] * (len(BOUNDS) + 1 - len(counts)))
    return Minute(EVER[0], "default", sum(counts), 0, 0, 0, 0, waits, 0)


def test_each_change_is_counted_in_its_minute_and_queue(noon, runner):
    succeeded, failed, retried, cancelled = enqueue(), enqueue("hopeless_chore"), enqueue(params={"fail_first": 1}), enqueue()
    enqueue(queue="realtime")
    with transaction():
        jobs.cancel(cancelled)
    for job_id in (succeeded, failed, retried):
        runner.run_one(job_id)
    noon.advance(61)
    runner.run_one(retried)
    first, second = minutes(None, *EVER)
    assert (first.minute, first.queue) == (datetime(2026, 5, 1, 12), "default")
    assert (first.started, first.succeeded, first.failed, first.cancelled, first.retried) == (3, 1, 1, 1, 1)
    assert (second.started, second.succeeded, second.retried) == (1, 1, 0)


@pytest.mark.parametrize(("seconds", "bound"), [(0.001, 1), (0.0011, 2), (0.15, 200), (60, 60000), (61, 0)])
def test_the_wait_is_from_the_wish_to_the_start(noon, seconds, bound):
    job_id = enqueue()
    noon.advance(seconds)
    claim(job_id)
    assert bucket(the_minute()) == bound


def test_of_a_job_for_later_the_wait_begins_at_its_time(noon):
    job_id = enqueue(run_at=now() + timedelta(hours=1))
    noon.advance(3600.04)
    claim(job_id)
    assert bucket(the_minute()) == 50


def test_the_running_time_is_summed_up(noon):
    for seconds in (1, 2.5):
        claimed = claim(enqueue())
        noon.advance(seconds)
        lifecycle.succeed(claimed, None)
    assert the_minute().run_ms == 3500


def test_cancelling_what_waits_for_a_retry_adds_no_running_time(noon, runner):
    job_id = enqueue(params={"fail_first": 1})
    runner.run_one(job_id)
    noon.advance(30)
    with transaction():
        jobs.cancel(job_id)
    assert (the_minute().cancelled, the_minute().run_ms) == (1, 0)


def test_a_change_that_is_rolled_back_is_not_counted(noon, collecting):
    job_id = enqueue()
    with pytest.raises(ZeroDivisionError), transaction():
        jobs.cancel(job_id)
        raise ZeroDivisionError
    with collecting.taken() as sums:
        assert sums == {}


def test_a_worker_collects_in_memory_and_writes_with_its_heartbeat(noon, collecting, runner):
    for _ in range(2):
        enqueue()
        runner.run_one(None)
    assert minutes(None, *EVER) == []
    runner.heart.beat()
    assert (the_minute().started, the_minute().succeeded) == (2, 2)
    enqueue()
    runner.run_one(None)
    runner.heart.beat()
    runner.heart.beat()
    assert (the_minute().started, the_minute().succeeded, sum(the_minute().wait_ms)) == (3, 3, 3)


def test_a_heartbeat_that_fails_loses_no_statistics(noon, collecting, runner, monkeypatch):
    enqueue()
    runner.run_one(None)

    def fail(program: str) -> None:
        raise OperationalError("database is locked")

    with monkeypatch.context() as patch, pytest.raises(OperationalError):
        patch.setattr(heart_module, "beat_heart", fail)
        runner.heart.beat()
    runner.heart.beat()
    assert the_minute().succeeded == 1


def test_the_last_statistics_are_written_at_the_stop(noon, collecting, runner, app):
    enqueue()
    runner.run_one(None)
    runner.heart.stop(app)
    assert the_minute().succeeded == 1


def test_minutes_are_asked_for_by_queue_and_span(noon):
    for queue in ("default", "realtime"):
        enqueue(queue=queue)
        assert lifecycle.claim(None, queue, "some worker", 10.0)
    noon.advance(60)
    claim(enqueue())
    begin = datetime(2026, 5, 1, 12)
    assert [(found.minute.minute, found.queue) for found in minutes(None, *EVER)] == [(0, "default"), (0, "realtime"), (1, "default")]
    assert [found.minute.minute for found in minutes("default", begin, begin + timedelta(minutes=1))] == [0]


def test_percentiles_are_interpolated_within_a_bucket():
    assert percentile([], 0.5) is None
    assert percentile([with_waits()], 0.5) is None
    assert percentile([with_waits(0, 0, 10)], 0.5) == pytest.approx(3.5)  # the bucket from 2 to 5 ms
    assert percentile([with_waits(50), with_waits(0, 50)], 0.5) == pytest.approx(1)
    assert percentile([with_waits(50, 50)], 0.99) == pytest.approx(1.98)
    assert percentile([with_waits(*[0] * len(BOUNDS), 7)], 0.5) == BOUNDS[-1]


def test_minutes_are_kept_seven_days(noon):
    claim(enqueue())
    noon.advance(KEPT.total_seconds())
    assert trim_minutes() == 0
    noon.advance(1)
    assert (trim_minutes(), minutes(None, *EVER)) == (1, [])
