"""The dispatcher's thread: heals what went wrong, decides about periodic tasks, and tidies up. A failed round never ends it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from flask import Flask

from studium.core.health import beat_heart
from studium.core.logs import get_logger
from studium.core.runtime import runtime
from studium.queue.dispatcher import dispatch
from studium.queue.health import DISPATCHER
from studium.queue.lean_huey import BaseProcess
from studium.queue.minutes import trim_minutes
from studium.queue.periodic_rounds import PeriodicRounds
from studium.queue.periodic_trimming import settle_runs, trim_runs
from studium.queue.settings import QueueSettings
from studium.queue.transport import Transport
from studium.queue.trimming import BATCH, trim
from studium.queue.workers import forget_dead_workers

log = get_logger(__name__)
SECONDS_BETWEEN_TRIMS = 60.0
LEEWAY_SECONDS = 5.0
FAILED = "failed"


class Dispatching(BaseProcess):  # type: ignore[misc]
    """One round after the other. Its sign of life is shown only while whole rounds succeed, so /up tells of a dispatcher that
    is dead, hangs or fails again and again.
    """

    process_name = "Dispatcher"

    def __init__(self, app: Flask, transport: Transport) -> None:
        super().__init__(transport, None)
        self._app = app
        with app.app_context():
            self._seconds = runtime().settings[QueueSettings].dispatch_seconds
        self._periodic = PeriodicRounds()
        self._next_trim = 0.0
        self._lived_at = time.monotonic()  # the first round has its time

    def started(self, stop_flag: threading.Event) -> Dispatching:
        """Itself, to run until the flag is set."""
        self.stop_flag = stop_flag
        return self

    def show(self) -> None:
        """Within a transaction of the heart: the dispatcher lives, if it does."""
        if time.monotonic() - self._lived_at < self._seconds + LEEWAY_SECONDS:
            beat_heart(DISPATCHER)

    def loop(self, now: object = None) -> None:
        """One round, whatever happens in it, then a pause until the next job is due."""
        with self._app.app_context():
            rest, *others = [_outcome(step) for step in (dispatch, self._periodic.round, self._tidy_sometimes)]
        if FAILED not in (rest, *others):
            self._lived_at = time.monotonic()
        self.stop_flag.wait(rest if isinstance(rest, float) else self._seconds)

    def _tidy_sometimes(self) -> None:
        if time.monotonic() < self._next_trim:
            return
        self._next_trim = time.monotonic() + SECONDS_BETWEEN_TRIMS
        settle_runs()  # before the jobs go, whose end it notes
        if trim() >= BATCH:
            self._next_trim = 0.0
        trim_runs()
        trim_minutes()
        forget_dead_workers()


def _outcome(step: Callable[[], object]) -> object:
    """What the step answers, or FAILED."""
    try:
        return step()
    except Exception:
        log.exception("dispatch_failed", step=step.__name__)
        return FAILED
