"""The thread that follows the stored messages and hands them to the loop, in order, each once.

Subscriptions go through it too, so that what was missed and what comes next join without a gap or a double.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import closing
from pathlib import Path

from studium.core.clock import now_ms
from studium.core.logs import get_logger
from studium.core.wakeup import Listener
from studium.services.cable.connection import Connection
from studium.services.cable.hub import Hub
from studium.services.cable.publishing import BELL
from studium.services.cable.sqlite_store import Message, MessageStore

log = get_logger(__name__)
FALLBACK_SECONDS = 0.05  # a lost ring delays a message by this much at most
BATCH = 2_000
TRIM_SECONDS = 30.0


class Tail:
    """Follows cable.sqlite3; survives its errors, its loss and its replacement, and says when it last looked."""

    def __init__(self, hub: Hub, data_dir: Path, run_dir: Path) -> None:
        self._hub = hub
        self._data_dir = data_dir
        self._run_dir = run_dir
        self._requests: deque[tuple[Connection, str, str, int | None]] = deque()
        self._last = 0
        self._trimmed_at = time.monotonic()
        self.looked_at = time.monotonic()

    def start(self) -> None:
        """Begin after the newest message, as soon as there is a file to read; requests of the loop are taken from here on."""
        self._listener = Listener(self._run_dir, BELL)
        self._hub.request_replay = self._ask
        threading.Thread(target=self._run, name="cable-tail", daemon=True).start()

    def _ask(self, connection: Connection, stream: str, signed: str, after: int | None) -> None:
        self._requests.append((connection, stream, signed, after))
        self._listener.wake()

    def _run(self) -> None:
        while True:
            try:
                with closing(MessageStore(self._data_dir)) as store:
                    self._last = self._last or store.last_id()
                    self._follow(store)
            except Exception:
                log.exception("cable_tail_failed", retry_in_seconds=1)
                time.sleep(1)

    def _follow(self, store: MessageStore) -> None:
        version = None
        while not store.gone:
            seen = store.version()
            if seen != version:
                version = seen
                self._hand_over(store)
            self._answer(store)
            self._trim(store)
            self.looked_at = time.monotonic()
            self._listener.wait(FALLBACK_SECONDS)

    def _hand_over(self, store: MessageStore) -> None:
        while messages := store.after(self._last, BATCH):
            self._last = messages[-1].id
            self._hub.call_soon(lambda batch=messages: self._hub.deliver(batch))  # type: ignore[misc]

    def _answer(self, store: MessageStore) -> None:
        while self._requests:
            connection, stream, signed, after = self._requests[0]
            missed: list[Message] = []
            if after is not None and after < self._last:
                missed = store.missed(stream, after, self._last, self._hub.settings.replay_limit)
            self._hub.call_soon(
                lambda c=connection, s=stream, n=signed, last=self._last, m=missed: self._hub.subscribe(c, s, n, last, m))  # type: ignore[misc]
            self._requests.popleft()  # only now, so that an error of the database leaves it for the next try

    def _trim(self, store: MessageStore) -> None:
        if time.monotonic() - self._trimmed_at < TRIM_SECONDS:
            return
        before = now_ms() - int(self._hub.settings.retention_hours * 3_600_000)
        if store.trim(before) < 500:  # a full batch means there is more to do at the next look
            self._trimmed_at = time.monotonic()
