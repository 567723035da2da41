"""The heart of a worker process: a thread that renews the leases of its jobs and shows that the process lives."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import Flask

from studium.core.database import UNAVAILABLE, transaction
from studium.core.health import HEARTBEAT_SECONDS, beat_heart, still_heart
from studium.core.logs import get_logger
from studium.queue import lifecycle
from studium.queue.minutes_tally import merge, tally
from studium.queue.running import RunningJob

log = get_logger(__name__)
TICK_SECONDS = 0.5


class Heart:
    """Beats from `start` to `stop`, also while the process drains. `program` is the name of its heartbeat row.

    `writes` are further writes of each beat, in its transaction; `farewells` those of the stop; `watches` are called at each tick.
    """

    def __init__(self, program: str, lease_seconds: float, heartbeat_seconds: float) -> None:
        self._program = program
        self._lease_seconds = lease_seconds
        self._interval = min(heartbeat_seconds, HEARTBEAT_SECONDS)
        self._jobs: dict[str, RunningJob] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._beaten = float("-inf")
        self.writes: list[Callable[[], None]] = []
        self.farewells: list[Callable[[], None]] = []
        self.watches: list[Callable[[], None]] = []

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
        """Renew all leases and the sign of life in one transaction, add the statistics, and pass on what the job rows say."""
        jobs = {job.claim.lease: job for job in self.running()}
        with tally().taken() as sums, transaction():
            held = lifecycle.renew(list(jobs), self._lease_seconds)
            beat_heart(self._program)
            merge(sums)
            for write in self.writes:
                write()
        for lease, job in jobs.items():
            job.lost = job.lost or lease not in held
            job.cancel_requested = job.cancel_requested or held.get(lease, False)

    def start(self, app: Flask) -> None:
        """Start beating, in a thread of its own."""
        with app.app_context():
            tally().collecting = True
        self._thread = threading.Thread(target=self._live, args=(app,), name="Heart", daemon=True)
        self._thread.start()

    def stop(self, app: Flask) -> None:
        """Stop beating, and in one transaction withdraw the sign of life and write the last statistics."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
        with app.app_context():
            tally().collecting = False
            self._leave()

    def _leave(self) -> None:
        try:
            with tally().taken() as sums, transaction():
                merge(sums)
                for write in self.farewells:
                    write()
                still_heart(self._program)
        except UNAVAILABLE:
            log.warning("heartbeat_not_withdrawn", of=self._program, exc_info=True)

    def _live(self, app: Flask) -> None:
        while True:
            with app.app_context():
                for act in (self._beat_when_due, *self.watches, self._store_progress):
                    self._safely(act)
            if self._stopped.wait(TICK_SECONDS):
                return

    def _safely(self, act: Callable[[], None]) -> None:
        """One that fails (a locked database) must not end the heart, nor keep the others waiting; the next tick tries again."""
        try:
            act()
        except Exception:
            log.exception("heartbeat_failed", beat_of=self._program, doing=act.__name__)

    def _beat_when_due(self) -> None:
        if time.monotonic() - self._beaten >= self._interval:
            self.beat()
            self._beaten = time.monotonic()

    def _store_progress(self) -> None:
        for job in self.running():
            job.store_progress()
