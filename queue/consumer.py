"""Huey's consumer, fitted to our jobs: TERM and INT both drain, the scheduler's thread is our dispatcher, and it can retire."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable

from flask import Flask

from studium.core.logs import get_logger
from studium.core.runtime import runtime
from studium.queue.dispatching import Dispatching
from studium.queue.lean_huey import BaseProcess, Consumer, ConsumerStopped
from studium.queue.settings import QueueSettings
from studium.queue.transport import Transport

log = get_logger(__name__)
SECONDS_BETWEEN_LOOKS = 0.02


class Resting(BaseProcess):  # type: ignore[misc]
    """Takes the place of Huey's scheduler, which would take the write lock every second for nothing."""

    process_name = "Resting"

    def loop(self, now: object = None) -> None:
        """Wait for the end."""
        self.stop_flag.wait()


class JobConsumer(Consumer):  # type: ignore[misc]
    """`workers` threads run what the transport brings; after a signal, or `retire`, `run()` drains within the limit and returns.

    A signal sets `draining`: jobs are to stop at their next checkpoint. Retiring does not: what runs may end, nothing new is
    taken. `stuck` answers how many threads will never come back; those are not waited for.
    """

    def __init__(self, app: Flask, transport: Transport, workers: int, dispatcher: bool) -> None:
        self.app, self.dispatching = app, None if not dispatcher else Dispatching(app, transport)
        with app.app_context():
            settings = runtime().settings[QueueSettings]
        self.draining = threading.Event()
        self.retiring, self._joined = "", False
        self.stuck: Callable[[], int] = lambda: 0
        super().__init__(transport, workers=workers, periodic=False, max_delay=1.0, shutdown_timeout=settings.drain_seconds)
        self._signal_actions = {signal.SIGTERM: (False, True), signal.SIGINT: (False, True)}

    def retire(self, reason: str) -> None:
        """From any thread: take no new jobs, let the running ones end, and stop, so that the supervisor starts a fresh process."""
        if not self.retiring:
            self.retiring = reason
            self.stop_flag.set()
            self.huey.storage.ring()
            log.warning("worker_retires", queue=self.huey.name, reason=reason)

    def loop(self, health_check_ts: float | None = None) -> float | None:
        """One look of the main thread at what is to be done; raises ConsumerStopped at the end."""
        try:
            seen: float | None = super().loop(health_check_ts)
        except ConsumerStopped:
            if self.retiring and not self._joined:
                self.stop(graceful=True)
            raise
        return seen

    def stop(self, graceful: bool = False) -> None:
        """Tell the threads to stop, waking those that wait for a message."""
        if not self.retiring:
            self.draining.set()
        self.stop_flag.set()
        self.huey.storage.ring()
        super().stop(graceful)

    def _join_workers(self) -> bool:
        self._joined, end = True, time.monotonic() + self.shutdown_timeout
        while time.monotonic() < end:
            if self._signum is not None:
                self.draining.set()
            threads = sum(self.environment.is_alive(thread) for _worker, thread in self.worker_threads)
            if threads <= self.stuck() and not self.environment.is_alive(self.scheduler):
                return True  # the stuck ones go with the process
            time.sleep(SECONDS_BETWEEN_LOOKS)
        return False

    def _create_scheduler(self) -> BaseProcess:
        if self.dispatching is None:
            return Resting(self.huey, self.stop_flag)
        return self.dispatching.started(self.stop_flag)
