"""The app inside its context, a runner of the default queue, and small words for the tests of the queue."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from chores import TRACE
from flask import Flask

from studium.core.database import transaction
from studium.core.plugins import hookimpl
from studium.core.runtime import runtime
from studium.queue import jobs, lifecycle
from studium.queue.heart import Heart
from studium.queue.job_view import JobView
from studium.queue.worker import Runner

LEASE = 10.0


class Watcher:
    """A plugin that notes what it hears."""

    def __init__(self) -> None:
        self.seen: list[JobView] = []

    @hookimpl
    def job_changed(self, job: JobView) -> None:
        self.seen.append(job)


@pytest.fixture
def app(app: Flask) -> Iterator[Flask]:
    data_dir(app).joinpath(TRACE).unlink(missing_ok=True)
    with app.app_context():
        yield app


@pytest.fixture
def clock(frozen_clock: Any) -> Any:
    return frozen_clock


@pytest.fixture
def runner(app: Flask) -> Runner:
    return make_runner("default")


@pytest.fixture
def changes(app: Flask) -> Iterator[list[JobView]]:
    """Every JobView that the hook `job_changed` got."""
    watcher = Watcher()
    runtime().plugins.register(watcher, name="watcher")
    yield watcher.seen
    runtime().plugins.unregister(watcher)


def make_runner(queue: str) -> Runner:
    return Runner(queue, Heart(f"test:{queue}", LEASE, 3.0), LEASE)


def data_dir(app: Flask) -> Path:
    folder: Path = app.extensions["studium"].settings.core.data_dir
    return folder


def trace(app: Flask) -> list[str]:
    """Lines that the chores left."""
    path = data_dir(app) / TRACE
    return path.read_text().splitlines() if path.exists() else []


def enqueue(kind: str = "chore", params: dict[str, Any] | None = None, **options: Any) -> str:
    """Enqueue in a transaction of its own; the job's id."""
    with transaction():
        return str(jobs.enqueue(kind, params, **options).id)


def claim(job_id: str, queue: str = "default", worker: str = "some worker") -> lifecycle.Claim:
    """Take a job as a worker does."""
    claimed = lifecycle.claim(job_id, queue, worker, LEASE)
    assert claimed is not None
    return claimed


def state_of(job_id: str) -> str:
    return jobs.find_job(job_id).state


def wait_for(true: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until it is true; fail when it does not become true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)
