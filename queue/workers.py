"""The workers that live now: each one's row goes with its heartbeat, and is taken away when it stops or is dead for an hour."""

from __future__ import annotations

import os
import socket
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pony.orm import PrimaryKey, Required

from studium.core.clock import now
from studium.core.database import db, reading, transaction
from studium.core.health import SILENCE_LIMIT
from studium.core.logs import get_logger
from studium.queue.entities import RUNNING, Job
from studium.queue.job_view import JobView, view_of

log = get_logger(__name__)
FORGOTTEN_AFTER = timedelta(hours=1)


class Worker(db.Entity):  # type: ignore[misc]
    """One worker process. `seen_at` is its last sign of life; `draining` tells that it takes no new jobs."""

    _table_ = "worker"
    name = PrimaryKey(str, 100)
    queue = Required(str, 40)
    host = Required(str, 100)
    pid = Required(int)
    threads = Required(int)
    started_at = Required(datetime)
    seen_at = Required(datetime)
    draining = Required(bool)


@dataclass(frozen=True)
class WorkerView:
    """A worker process and the jobs it runs; times are naive UTC, `alive` means seen within the last 10 s."""

    name: str
    queue: str
    host: str
    pid: int
    threads: int
    started_at: datetime
    seen_at: datetime
    draining: bool
    alive: bool
    jobs: list[JobView]


@dataclass
class Presence:
    """How a worker process shows itself; set `draining` when it stops taking jobs."""

    name: str
    queue: str
    threads: int
    draining: threading.Event = field(default_factory=threading.Event)
    started_at: datetime = field(default_factory=now)

    def show(self) -> None:
        """Within a transaction: this process lives."""
        seen = {"seen_at": now(), "draining": self.draining.is_set()}
        row = Worker.get(name=self.name)
        if row is not None:
            row.set(**seen)
            return
        Worker(
            name=self.name, queue=self.queue, host=socket.gethostname()[:100], pid=os.getpid(), threads=self.threads,
            started_at=self.started_at, **seen,
        )  # fmt: skip

    def withdraw(self) -> None:
        """Within a transaction: this process stops."""
        row = Worker.get(name=self.name)
        if row is not None:
            row.delete()


def workers() -> list[WorkerView]:
    """All workers of the last hour, by queue and age, each with the jobs it runs."""
    with reading():
        rows = Worker.select().order_by(lambda worker: (worker.queue, worker.started_at, worker.name))[:]
        running: dict[str, list[JobView]] = {}
        for job in Job.select(lambda job: job.state == RUNNING).order_by(Job.started_at)[:] if rows else []:
            running.setdefault(job.worker, []).append(view_of(job))
        return [_view(row, running.get(row.name, [])) for row in rows]


def forget_dead_workers() -> int:
    """Remove workers that have been silent for an hour; returns how many. Reads only when there is none."""
    before = now() - FORGOTTEN_AFTER
    with reading():
        if not Worker.exists(lambda worker: worker.seen_at < before):
            return 0
    with transaction():
        dead = Worker.select(lambda worker: worker.seen_at < before)[:]
        for worker in dead:
            log.warning("worker_forgotten", worker=worker.name, queue=worker.queue, seen_at=str(worker.seen_at))
            worker.delete()
        return len(dead)


def _view(row: Worker, jobs: list[JobView]) -> WorkerView:
    alive = abs(now() - row.seen_at) < SILENCE_LIMIT  # a clock that was set back must not make the dead look alive
    return WorkerView(
        row.name, row.queue, row.host, row.pid, row.threads, row.started_at, row.seen_at, row.draining, alive, jobs
    )
