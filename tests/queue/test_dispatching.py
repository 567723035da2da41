"""The dispatcher's thread: nothing ends it, and /up tells when it does not do its work."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from studium.core.clock import now
from studium.core.database import transaction
from studium.queue import dispatching
from studium.queue.dispatching import Dispatching
from studium.queue.queues import queues
from tests.queue.conftest import claim, enqueue, state_of
from tests.queue.periodic import at, declared, outcomes, task
from tests.queue.test_health import check

HOUR = 3600


class Stopwatch:
    """The monotonic clock of the dispatcher."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def stopwatch(monkeypatch: pytest.MonkeyPatch) -> Stopwatch:
    found = Stopwatch()
    monkeypatch.setattr(dispatching, "time", found)
    return found


@pytest.fixture
def dispatcher(app: Any, stopwatch: Stopwatch) -> Dispatching:
    """One whose rounds have no pause."""
    flag = threading.Event()
    flag.set()
    return Dispatching(app, queues().transport("realtime")).started(flag)


def show(dispatcher: Dispatching) -> None:
    with transaction():
        dispatcher.show()


def fail() -> None:
    raise RuntimeError("out of luck")


def test_a_round_heals_jobs_and_starts_periodic_tasks(dispatcher, clock):
    at(clock, "2026-05-01 10:30:00")
    job_id = enqueue()
    claim(job_id)
    with declared(task()):
        dispatcher.loop()
        clock.advance(HOUR)
        dispatcher.loop()
        assert outcomes() == [("01 11:00", "enqueued")]
    assert state_of(job_id) == "queued"


class Pauses:
    """Notes how long it would be waited for."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def wait(self, seconds: float) -> bool:
        self.seconds.append(seconds)
        return True


def test_it_pauses_until_the_next_job_is_due(dispatcher, clock):
    dispatcher.stop_flag = Pauses()
    dispatcher.loop()
    enqueue(run_at=now() + timedelta(seconds=0.25))
    dispatcher.loop()
    assert dispatcher.stop_flag.seconds == [1.0, pytest.approx(0.25, abs=0.001)]


def test_a_failed_step_ends_neither_the_thread_nor_the_other_steps(dispatcher, clock, log_lines, monkeypatch):
    at(clock, "2026-05-01 10:30:00")
    with declared(task()):
        dispatcher.loop()
        clock.advance(HOUR)
        monkeypatch.setattr(dispatching, "dispatch", fail)
        dispatcher.loop()
        assert outcomes() == [("01 11:00", "enqueued")]
    assert [line["step"] for line in log_lines if line["event"] == "dispatch_failed"] == ["fail"]


def test_a_dispatcher_at_work_is_well(dispatcher, stopwatch, clock):
    assert check("dispatcher") == "is not running"
    for _ in range(5):
        stopwatch.seconds += 3
        clock.advance(3)
        dispatcher.loop()
        show(dispatcher)
        assert check("dispatcher") is None


@pytest.mark.parametrize("what", ["dead", "failing"])
def test_a_dispatcher_whose_thread_is_dead_or_whose_rounds_fail_is_told_by_up(dispatcher, stopwatch, clock, monkeypatch, what):
    dispatcher.loop()
    show(dispatcher)
    monkeypatch.setattr(dispatching, "dispatch", fail)
    for _ in range(6):
        stopwatch.seconds += 3
        clock.advance(3)
        if what == "failing":
            dispatcher.loop()
        show(dispatcher)
    assert check("dispatcher") == "no sign of life for 15 s"


def test_it_tidies_up_once_a_minute_and_at_once_when_there_is_more(dispatcher, stopwatch, monkeypatch):
    trims: list[float] = []
    left = [dispatching.BATCH, 3, 0]
    monkeypatch.setattr(dispatching, "trim", lambda: trims.append(stopwatch.seconds) or left[len(trims) - 1])
    for _ in range(62):
        dispatcher.loop()
        stopwatch.seconds += 1
    assert trims == [1000, 1001, 1061]
