"""Keeps the cache within its limits: one process at a time removes what has expired, then the oldest, in a thread for just that."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from pathlib import Path

from studium.core.clock import now_ms
from studium.core.logs import get_logger
from studium.services.cache.lanes import ask_patiently
from studium.services.cache.settings import Limits
from studium.services.cache.sqlite_room import (
    HIGH,
    LOW,
    PAGE,
    has_entries,
    is_full,
    log_bytes,
    remove_expired,
    remove_oldest,
    room_for_log,
    shorten_log,
    too_many,
)
from studium.services.cache.sqlite_store import FAILURES, EntryStore
from studium.services.cache.tally import Tally
from studium.services.cache.turns import Turn

log = get_logger(__name__)
TRIMMING = 1  # the turn of who trims
LOOK_EVERY_BYTES = 512 * 1024  # that this process has written to the log
BYTES_OF_WRITE = 4 * PAGE  # the pages that a small entry changes
PATIENCE_SECONDS = 5.0
PAUSE_SECONDS = 0.001  # between two batches, for those who wait to write
PATIENCE_WITH_LOG_SECONDS = 0.25


class Room:
    """Looks after the limits on behalf of one process."""

    def __init__(self, data_dir: Path, limits: Limits, tally: Tally) -> None:
        self._data_dir = data_dir
        self._limits = limits
        self._tally = tally
        self._written = 0
        self._thread: threading.Thread | None = None

    def look(self, store: EntryStore, size: int) -> None:
        """Before a write of `size` bytes: every now and then see whether there is too much, and have it removed in the background.

        Raises TimeoutError while the log is too long and cannot be shortened, each time until it can: nothing may be written meanwhile.
        """
        if self._written >= min(LOOK_EVERY_BYTES, room_for_log(self._limits) // 32):
            if too_many(store.connection, self._limits, HIGH):
                self._begin()
            self._keep_log_short(store)
            self._written = 0
        self._written += size + BYTES_OF_WRITE

    def make(self, store: EntryStore) -> None:
        """Make room at once, for a write that was refused: the background did not keep up. One batch.

        Where there is no entry left, marks of deletions fill the file, or its number of entries is wrong: it begins anew.
        """
        if not self.trim(store) and not has_entries(store.connection):
            store.clear()
            log.warning("cache_emptied", reason="it is full, and of no entries")
        self._begin()

    def trim(self, store: EntryStore) -> int:
        """Remove one batch; how many went. 0 when nothing has to go."""
        expired = remove_expired(store.connection, now_ms())
        self._tally.count("expired", expired)
        if expired:
            return expired
        oldest = too_many(store.connection, self._limits, LOW)
        evicted = remove_oldest(store.connection, oldest) if oldest else 0
        self._tally.count("evicted", evicted)
        return evicted

    def wait(self) -> None:
        """Until the background is done."""
        if self._thread is not None:
            self._thread.join()

    def _keep_log_short(self, store: EntryStore) -> None:
        most, end = room_for_log(self._limits), time.monotonic() + PATIENCE_WITH_LOG_SECONDS
        if log_bytes(self._data_dir) < most // 4 or shorten_log(store.connection):
            return
        while log_bytes(self._data_dir) > most // 2 and not shorten_log(store.connection):
            if time.monotonic() > end:
                raise TimeoutError("the write-ahead log of the cache cannot be shortened: somebody reads or writes for too long")
            time.sleep(0.0005)

    def _begin(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._trim_all, name="cache-trim", daemon=True)
            self._thread.start()

    def _trim_all(self) -> None:
        try:
            with Turn(self._data_dir, TRIMMING) as turn, closing(EntryStore(self._data_dir, self._limits)) as store:
                while turn.take() and ask_patiently(store, self.trim, PATIENCE_SECONDS):
                    time.sleep(PAUSE_SECONDS)
        except FAILURES as error:
            self._tally.count("errors")
            log.warning("cache_not_trimmed", error=repr(error), full=is_full(error))
