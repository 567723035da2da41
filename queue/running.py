"""The job as its own `run` sees it: report progress, write to its story, and stop where it is asked to."""

from __future__ import annotations

import threading
import time
from collections import deque

from studium.core.clock import now
from studium.core.database import UNAVAILABLE, in_transaction, reading
from studium.core.logs import get_logger
from studium.queue import lifecycle
from studium.queue.entities import LINES_A_JOB, Job
from studium.queue.errors import Cancelled, Draining, JobTimedOut, LeaseLost
from studium.queue.lifecycle import Claim
from studium.queue.lines import Line, shortened, storable

log = get_logger(__name__)
SECONDS_BETWEEN_WRITES = 0.2
SECONDS_BETWEEN_LOOKS = 0.25


class RunningJob:
    """One run of a job. Its public face is `id`, `kind`, `user_id`, `attempt`, `progress()`, `log()` and `checkpoint()`."""

    def __init__(self, claim: Claim, draining: threading.Event, timeout: float | None = None) -> None:
        self.claim = claim
        self.id, self.kind, self.user_id, self.attempt = claim.id, claim.kind, claim.user_id, claim.attempt
        self.lost = False
        self.cancel_requested = False
        self._draining = draining
        self.timeout = timeout
        self.thread = threading.get_ident()
        self._began = time.monotonic()
        self._looked = self._written = 0.0
        self._pending: tuple[int, str] | None = None
        self._lines: deque[Line] = deque(maxlen=LINES_A_JOB)
        self._swapping, self._writing = threading.Lock(), threading.Lock()

    def progress(self, percent: float, message: str = "") -> None:
        """Tell how far the job is (0 to 100) and what it does. Call it as often as you like: at most five a second
        are stored.

        It does not join a transaction of the job: what is reported inside one is stored a moment later.
        """
        with self._swapping:
            self._pending = (max(0, min(100, int(percent))), storable(message))
        self._store_sometimes()

    def log(self, text: str) -> None:
        """Write a line to the job's story, for those who look after it; the last 200 of a job are kept, 4,000 characters each.

        As cheap as `progress`, and stored as that is.
        """
        with self._swapping:
            self._lines.append(Line(now(), "log", shortened(text)))
        self._store_sometimes()

    def checkpoint(self) -> None:
        """A place where the job may stop. Call it at least every second or so, outside of half-done work.

        Raises Cancelled, Draining (the worker stops; the job will start again), LeaseLost, or JobTimedOut.
        """
        self._look()
        if self.lost:
            raise LeaseLost
        if self.cancel_requested:
            raise Cancelled
        if self._draining.is_set():
            raise Draining
        if self.timeout is not None and time.monotonic() - self._began > self.timeout:
            raise JobTimedOut(f"The job took longer than {self.timeout:g} s.")

    def overdue(self, grace: float) -> bool:
        """Whether the run goes on although its timeout is over for more than `grace` seconds."""
        return self.timeout is not None and time.monotonic() - self._began > self.timeout + grace

    def store_progress(self) -> None:
        """Store what `progress` and `log` were told since; the worker calls it in between and at the end."""
        with self._writing:
            with self._swapping:
                pending, self._pending = self._pending, None
                lines, self._lines = list(self._lines), deque(maxlen=LINES_A_JOB)
            if (pending is None and not lines) or self.lost:
                return
            self._written = time.monotonic()
            try:
                self.lost = not lifecycle.record(self.claim, pending, lines)
            except UNAVAILABLE:
                self._keep(pending, lines)
                raise

    def _keep(self, pending: tuple[int, str] | None, lines: list[Line]) -> None:
        """What could not be stored now is stored later, unless there is something newer."""
        with self._swapping:
            self._pending = self._pending or pending
            self._lines = deque([*lines, *self._lines], maxlen=LINES_A_JOB)

    def _store_sometimes(self) -> None:
        """A job does not fail because its progress cannot be stored now; the heart stores it a moment later."""
        if in_transaction() or time.monotonic() - self._written < SECONDS_BETWEEN_WRITES:
            return
        try:
            self.store_progress()
        except UNAVAILABLE:
            log.warning("job_progress_not_stored", kind=self.kind, attempt=self.attempt, exc_info=True)

    def _look(self) -> None:
        if time.monotonic() - self._looked < SECONDS_BETWEEN_LOOKS:
            return
        self._looked = time.monotonic()
        with reading():
            job = Job.get(id=self.id)
            self.lost = self.lost or job is None or job.lease != self.claim.lease
            self.cancel_requested = self.cancel_requested or (job is not None and job.cancel_requested_at is not None)
