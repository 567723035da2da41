"""The queue's part of /up."""

from __future__ import annotations

import sqlite3

from studium.core.health import HealthCheck
from studium.queue.health import health_checks
from studium.queue.queues import queues
from tests.queue.conftest import make_runner


def check(name: str) -> str | None:
    (found,) = [check for check in health_checks() if check.name == name]
    assert isinstance(found, HealthCheck)
    return found.check()


def test_a_readable_transport_is_well(app):
    assert check("queue") is None


def test_an_unreadable_transport_is_told(app, monkeypatch):
    def fail(limit: int) -> int:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(queues().transport("realtime"), "pending", fail)
    assert check("queue") == "the transport cannot be read: disk I/O error"


def test_a_worker_is_well_while_its_heart_beats(app, clock):
    assert check("worker:default") == "is not running"
    runner = make_runner("default")
    runner.heart._program = "worker:default"
    runner.heart.beat()
    assert check("worker:default") is None
    clock.advance(11)
    assert check("worker:default") == "no sign of life for 11 s"
