"""Huey's consumer, fitted to our jobs: TERM and INT both drain, and the scheduler's thread is our dispatcher."""

from __future__ import annotations

import signal
import time

from flask import Flask
from huey.consumer import BaseProcess, Consumer

from studium.core.logs import get_logger
from studium.core.runtime import runtime
from studium.queue.dispatcher import dispatch
from studium.queue.settings import QueueSettings
from studium.queue.transport import Transport
from studium.queue.trimming import BATCH, trim

log = get_logger(__name__)
SECONDS_BETWEEN_TRIMS = 60.0


class Resting(BaseProcess):  # type: ignore[misc]
    """Takes the place of Huey's scheduler, which would take the write lock every second for nothing."""

    process_name = "Resting"

    def loop(self, now: object = None) -> None:
        """Wait for the end."""
        self.stop_flag.wait()


class Dispatching(BaseProcess):  # type: ignore[misc]
    """The dispatcher's thread."""

    process_name = "Dispatcher"

    def __init__(self, consumer: JobConsumer) -> None:
        super().__init__(consumer.huey, consumer.stop_flag)
        self._app = consumer.app
        self._seconds = consumer.settings.dispatch_seconds
        self._next_trim = 0.0

    def loop(self, now: object = None) -> None:
        """One round, whatever happens in it, then a pause."""
        try:
            with self._app.app_context():
                dispatch()
                self._trim_sometimes()
        except Exception:
            log.exception("dispatch_failed")
        self.stop_flag.wait(self._seconds)

    def _trim_sometimes(self) -> None:
        if time.monotonic() >= self._next_trim:
            more = trim() >= BATCH
            self._next_trim = time.monotonic() + (0 if more else SECONDS_BETWEEN_TRIMS)


class JobConsumer(Consumer):  # type: ignore[misc]
    """`workers` threads run what the transport brings; after a signal `run()` drains, within the limit, and returns."""

    def __init__(self, app: Flask, transport: Transport, workers: int, dispatcher: bool) -> None:
        self.app, self.dispatcher = app, dispatcher
        with app.app_context():
            self.settings = runtime().settings[QueueSettings]
        super().__init__(
            transport, workers=workers, periodic=False, max_delay=1.0, shutdown_timeout=self.settings.drain_seconds
        )
        self._signal_actions = {signal.SIGTERM: (False, True), signal.SIGINT: (False, True)}

    def stop(self, graceful: bool = False) -> None:
        """Tell the threads to stop, waking those that wait for a message."""
        self.stop_flag.set()
        self.huey.storage.ring()
        super().stop(graceful)

    def _create_scheduler(self) -> BaseProcess:
        return Dispatching(self) if self.dispatcher else Resting(self.huey, self.stop_flag)
