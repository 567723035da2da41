"""The program `studium telegram-bot`: asks Telegram for updates in one long call after the other, and takes them as the webhook would.

Where it goes on is remembered by this process alone, as another bot's numbers would mislead the next one. It does no work itself but
storing.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType
from typing import Any

from flask import Flask

from studium.core.clock import now
from studium.core.database import UNAVAILABLE
from studium.core.errors import BadRequest
from studium.core.health import HEARTBEAT_SECONDS, beat_heart, still_heart
from studium.core.logs import get_logger
from studium.plugins.telegram.bot_reading import update_id_of
from studium.plugins.telegram.bot_updates import take
from studium.services.telegram import BotApi, TelegramError, TelegramRefused, TooManyRequests, bot_api

log = get_logger(__name__)
PROGRAM = "telegram-bot"
LONG_POLL_SECONDS = 25
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
OFFSET_HOLDS = timedelta(days=3)  # after a week without updates Telegram begins their ids anew, anywhere


class Stopping(BaseException):
    """The program was told to stop while it waited for Telegram; derived from BaseException so that nothing takes it for a failure."""


class Poller:
    """Asks until `stop()`; a stop ends a call that waits at once, and never the storing of what came.

    It begins with whatever is oldest at Telegram. What another process has stored already is known by its id, so it is not taken again.
    """

    def __init__(self, api: BotApi, long_poll_seconds: int = LONG_POLL_SECONDS) -> None:
        self.api, self.seconds = api, long_poll_seconds
        self._offset: int | None = None
        self._offset_since = now()
        self.stopping = threading.Event()
        self._waiting, self._pause = False, 0.0

    def run(self) -> None:
        """Ask, store, ask again; after a failure later and later, at most LONGEST_PAUSE seconds."""
        while not self.stopping.is_set():
            try:
                self._round()
                self._pause = 0.0
            except Stopping:
                break
            except (TelegramError, *UNAVAILABLE) as error:
                self.stopping.wait(self._next_pause(error))

    def stop(self, *_signal: int | FrameType | None) -> None:
        """From a signal: finish. Telegram keeps what was not stored and gives it to the next program."""
        self.stopping.set()
        if self._waiting:
            raise Stopping

    def _round(self) -> None:
        if now() - self._offset_since > OFFSET_HOLDS:
            self._offset = None
        with self._interruptible():
            updates = self.api.get_updates(self._offset, self.seconds)
        for update in updates:
            self._store(update)

    def _store(self, update: dict[str, Any]) -> None:
        """Go on after it only when it is stored; what cannot be read at all is passed over."""
        try:
            take(update, self.api.bot_id)
        except BadRequest as error:
            log.warning("telegram_update_refused", reason=str(error))
            return
        self._offset, self._offset_since = (update_id_of(update) or 0) + 1, now()

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        self._waiting = True
        try:
            if self.stopping.is_set():
                raise Stopping
            yield
        finally:
            self._waiting = False

    def _next_pause(self, error: Exception) -> float:
        """Seconds to wait now: what Telegram asks for, else twice the pause before."""
        self._pause = min(LONGEST_PAUSE, self._pause * 2 or FIRST_PAUSE)
        pause = float(error.retry_after) if isinstance(error, TooManyRequests) else self._pause
        if isinstance(error, TelegramRefused) and error.status == 409:
            reason = f"{error}. A webhook is set (studium telegram delete-webhook), or another program polls for the same bot."
        else:
            reason = str(error)
        log.warning("telegram_polling_failed", reason=reason, pause=pause)
        return pause


def run(app: Flask) -> None:
    """Poll until SIGTERM or SIGINT, with a heart that tells /up."""
    poller = Poller(bot_api())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, poller.stop)
    heart = threading.Thread(target=_beat, args=(app, poller.stopping), name="heart", daemon=True)
    heart.start()
    log.info("telegram_bot_started")
    poller.run()
    poller.stopping.set()
    heart.join(HEARTBEAT_SECONDS * 2)
    log.info("telegram_bot_stopped")


def _beat(app: Flask, stopping: threading.Event) -> None:
    with app.app_context():
        while True:
            try:
                beat_heart(PROGRAM)
            except UNAVAILABLE:
                log.warning("heartbeat_not_stored", of=PROGRAM)
            if stopping.wait(HEARTBEAT_SECONDS):
                break
        still_heart(PROGRAM)
