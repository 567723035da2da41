"""A job that is done while another connection keeps the database locked."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import chores
import pytest
from pony.orm import OperationalError

from studium.core import sqlite
from studium.core.database import DATABASE_FILE, db
from studium.queue import worker
from tests.queue.conftest import data_dir, enqueue, state_of, trace


@pytest.fixture
def lock(app, runner, monkeypatch) -> Iterator[sqlite3.Connection]:
    """Another connection that takes the write lock while the chore runs; the worker's own waits 10 ms for it."""
    with closing(sqlite3.connect(data_dir(app) / DATABASE_FILE, isolation_level=None)) as other:
        leave = chores.leave_trace

        def leave_and_lock(line: str) -> None:
            leave(line)
            other.execute("BEGIN IMMEDIATE")

        monkeypatch.setattr("chores.leave_trace", leave_and_lock)
        monkeypatch.setattr(sqlite, "PRAGMAS", (*sqlite.PRAGMAS, "busy_timeout = 10"))
        db.disconnect()  # Pony opens a new connection after each failure, so the short patience has to come with every one
        yield other
    db.disconnect()


def test_the_end_of_a_job_is_stored_once_the_lock_is_free_and_the_job_runs_once(app, runner, lock):
    pauses: list[float] = []

    def wait(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            lock.rollback()

    runner.pause = wait
    job_id = enqueue()
    assert runner.run_one(job_id)
    assert (state_of(job_id), pauses) == ("succeeded", list(worker.PAUSES[:3]))
    assert len(trace(app)) == 1


def test_a_worker_that_lost_the_lease_meanwhile_does_not_insist(app, runner, lock):
    pauses: list[float] = []

    def lose(seconds: float) -> None:
        pauses.append(seconds)
        for job in runner.heart.running():
            job.lost = True

    runner.pause = lose
    with pytest.raises(OperationalError, match="locked"):
        runner.run_one(enqueue())
    assert len(pauses) == 1


def test_a_lock_that_stays_is_an_error_in_the_end(app, runner, lock):
    pauses: list[float] = []
    runner.pause = pauses.append
    with pytest.raises(OperationalError, match="locked"):
        runner.run_one(enqueue())
    assert pauses == list(worker.PAUSES)
