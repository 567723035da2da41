"""A lane is one connection to the cache's file, for one thread after the other; errors end here, counted, and it rests after one.

The cache reads in one lane and writes in another, so that no reader waits for a writer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from studium.core import sqlite
from studium.core.logs import get_logger
from studium.services.cache.settings import Limits
from studium.services.cache.sqlite_store import BUSY_SECONDS, FAILURES, EntryStore, remove_damaged
from studium.services.cache.tally import Tally

log = get_logger(__name__)
REST_SECONDS = 1.0  # after an error, so that a locked file does not make every request wait
FIRST_PAUSE, LONGEST_PAUSE = 0.0001, 0.0005
LEAST_TRIES = 100  # on a machine that is too busy to let this process look, time passes without a chance
T = TypeVar("T")


def ask_patiently(store: EntryStore, question: Callable[[EntryStore], T], patience: float) -> T:
    """The answer, once nobody else writes; `question` is asked anew until then. Raises sqlite.Error, also after `patience` seconds of that.

    SQLite's own waiting looks a dozen times in a quarter of a second, so of four busy writers one would soon give up.
    """
    end, pause, tries = time.monotonic() + patience, FIRST_PAUSE, 1
    while True:
        try:
            return question(store)
        except sqlite.Error as error:
            if not sqlite.is_busy(error) or (time.monotonic() > end and tries >= LEAST_TRIES):
                raise
        time.sleep(pause)
        pause, tries = min(LONGEST_PAUSE, pause * 1.5), tries + 1


class Lane:
    """Answers questions to the entries; None for one that could not be answered."""

    def __init__(self, data_dir: Path, limits: Limits, tally: Tally) -> None:
        self._data_dir = data_dir
        self._limits = limits
        self._tally = tally
        self._lock = threading.Lock()
        self._store: EntryStore | None = None
        self._rests_until = 0.0

    @property
    def rests(self) -> bool:
        """Whether there was an error a moment ago."""
        return time.monotonic() < self._rests_until

    def ask(self, question: Callable[[EntryStore], T], patience: float = BUSY_SECONDS, *, insists: bool = False) -> T | None:
        """The answer; an error is counted, and logged but for those while it rests. Who insists is heard even then."""
        if (self.rests and not insists) or not self._lock.acquire(timeout=patience):
            self._tally.count("errors")
            return None
        try:
            return ask_patiently(self._open(), question, patience)
        except FAILURES as error:
            self._give_up(error)
            return None
        finally:
            self._lock.release()

    def try_once(self, work: Callable[[EntryStore], object]) -> bool:
        """Do something that can as well be done later; False when somebody else writes or there was an error."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            work(self._open())
        except FAILURES as error:
            if not sqlite.is_busy(error):
                self._give_up(error)
            return False
        finally:
            self._lock.release()
        return True

    def close(self) -> None:
        """Give the file back; the next question opens it again."""
        with self._lock:
            self._let_go()

    def _open(self) -> EntryStore:
        if self._store is not None and self._store.gone:
            self._let_go()
        if self._store is None:
            self._store = EntryStore(self._data_dir, self._limits)
        return self._store

    def _give_up(self, error: Exception) -> None:
        self._tally.count("errors")
        self._rests_until = time.monotonic() + REST_SECONDS
        replaced = self._store is not None and self._store.gone  # by who found the damage first
        self._let_go()
        try:
            removed = not replaced and remove_damaged(self._data_dir, error)
        except OSError:
            removed = False
        log.warning("cache_failed", error=repr(error), removed=removed, rests_seconds=REST_SECONDS)

    def _let_go(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None
