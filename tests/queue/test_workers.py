"""The rows of live workers."""

from __future__ import annotations

import os
import threading
from typing import Any

import pytest

from studium.core import database
from studium.core.clock import now
from studium.core.database import reading
from studium.queue.heart import Heart
from studium.queue.workers import Presence, Worker, forget_dead_workers, workers
from tests.queue.conftest import LEASE, claim, enqueue

HOUR = 3600


def heart_of(presence: Presence) -> Heart:
    heart = Heart(f"worker:{presence.queue}", LEASE, 3.0)
    heart.writes.append(presence.show)
    heart.farewells.append(presence.withdraw)
    return heart


@pytest.fixture
def presence(app, clock) -> Presence:
    return Presence("oak/17/beef", "default", 2)


def test_a_worker_shows_itself_with_its_first_heartbeat(presence, clock):
    assert workers() == []
    heart_of(presence).beat()
    (worker,) = workers()
    assert (worker.name, worker.queue, worker.threads, worker.pid) == ("oak/17/beef", "default", 2, os.getpid())
    assert (worker.alive, worker.draining, worker.jobs) == (True, False, [])
    assert worker.started_at == worker.seen_at == now()


def test_a_heartbeat_is_one_commit_with_the_workers_row_in_it(presence, monkeypatch):
    commits: list[Any] = []
    begin = database.db_session

    def counted(**options: Any) -> Any:
        commits.append(options)
        return begin(**options)

    monkeypatch.setattr(database, "db_session", counted)
    heart_of(presence).beat()
    assert len(commits) == 1


def test_a_worker_tells_the_jobs_that_it_runs(presence):
    heart_of(presence).beat()
    heart_of(Presence("elm/18/cafe", "realtime", 1)).beat()
    job_id = enqueue()
    claim(job_id, worker="oak/17/beef")
    enqueue()
    oak, elm = workers()
    assert ([job.id for job in oak.jobs], elm.jobs) == ([job_id], [])


def test_a_silent_worker_is_shown_as_dead_and_forgotten_after_an_hour(presence, clock):
    heart_of(presence).beat()
    clock.advance(9)
    assert workers()[0].alive
    clock.advance(2)
    assert not workers()[0].alive
    clock.advance(HOUR - 60)
    assert (forget_dead_workers(), len(workers())) == (0, 1)
    clock.advance(60)
    assert (forget_dead_workers(), workers()) == (1, [])


def test_a_draining_worker_is_shown_as_such(app):
    draining = threading.Event()
    heart = heart_of(Presence("oak/17/beef", "default", 2, draining))
    heart.beat()
    draining.set()
    heart.beat()
    assert workers()[0].draining


def test_a_worker_that_stops_leaves_no_row(app, presence):
    heart = heart_of(presence)
    heart.beat()
    heart.stop(app)
    assert workers() == []


def test_a_worker_whose_row_was_forgotten_while_it_slept_shows_itself_again(presence, clock):
    heart = heart_of(presence)
    heart.beat()
    clock.advance(2 * HOUR)
    forget_dead_workers()
    heart.beat()
    with reading():
        assert Worker["oak/17/beef"].started_at == presence.started_at
