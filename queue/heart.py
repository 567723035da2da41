"""The heart of a worker process: a thread that renews the leases of its jobs and shows that the process lives."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from studium.core.database import transaction
from studium.core.health import HEARTBEAT_SECONDS, beat_heart
from studium.core.logs import get_logger
from studium.queue import lifecycle
from studium.queue.running import RunningJob

log = get_logger(__name__)
TICK_SECONDS = 0.5


class Heart:
    """Beats from `start` to `stop`, also while the process drains. `program` is the name of its heartbeat row."""

    def __init__(self, program: str, lease_seconds: float, heartbeat_seconds: float) -> None:
        self._program = program
        self._lease_seconds = lease_seconds
        self._interval = min(heartbeat_seconds, HEARTBEAT_SECONDS)
        self._jobs: dict[str, RunningJob] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def keeping(self, job: RunningJob) -> Iterator[None]:
        """Renew the lease of this run as long as the block lasts."""
        with self._lock:
            self._jobs[job.claim.lease] = job
        try:
            yield
        finally:
            with self._lock:
                del self._jobs[job.claim.lease]

    def running(self) -> list[RunningJob]:
        """The jobs that run in this process now."""
        with self._lock:
            return list(self._jobs.values())

    def beat(self) -> None:
        """Renew all leases and the sign of life in one transaction, and pass on what the job rows say."""
        jobs = {job.claim.lease: job for job in self.running()}
        with transaction():
            held = lifecycle.renew(list(jobs), self._lease_seconds)
            beat_heart(self._program)
        for lease, job in jobs.items():
            job.lost = job.lost or lease not in held
            job.cancel_requested = job.cancel_requested or held.get(lease, False)

    def start(self, app: Flask) -> None:
        """Start beating, in a thread of its own."""
        self._thread = threading.Thread(target=self._live, args=(app,), name="Heart", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop beating."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _live(self, app: Flask) -> None:
        last = float("-inf")
        while True:
            try:
                with app.app_context():
                    if time.monotonic() - last >= self._interval:
                        self.beat()
                        last = time.monotonic()
                    for job in self.running():
                        job.store_progress()
            except Exception:
                log.exception("heartbeat_failed", beat_of=self._program)
            if self._stopped.wait(TICK_SECONDS):
                return
