"""The cache of one process: what cannot be read counts as a miss, what cannot be written is not kept, and neither is ever an error."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from flask import current_app

from studium.core import sqlite
from studium.core.clock import now_ms
from studium.core.logs import get_logger
from studium.core.runtime import runtime
from studium.services.cache.sqlite_store import BUSY_SECONDS, EntryStore, Raw, remove_damaged

log = get_logger(__name__)
EXTENSION = "studium.cache"
REST_SECONDS = 1.0  # after an error, so that a locked file does not make every request wait
LARGEST_COUNTER = 2**63 - 1

Value = Any  # bytes, or what JSON knows: None, bool, int, float, str, list, dict with keys that are str
T = TypeVar("T")


class Cache:
    """Entries shared by all processes of the data folder; safe from any thread. Make it after a fork, not before.

    Keys are text; a plugin begins its own with its name: "limits:...". Times to live are in seconds; None keeps an entry until it is
    deleted. Counts of `hits`, `misses` and `errors` are of this process; an error is a miss too.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._lock = threading.Lock()
        self._store: EntryStore | None = None
        self._rests_until = 0.0
        self.hits = self.misses = self.errors = 0

    def get(self, key: str, default: Value = None) -> Value:
        """The value, or `default` for a miss."""
        found = self._ask(lambda store: _read(store.get(key, now_ms())))
        if found is None:
            self.misses += 1
            return default
        self.hits += 1
        return found[0]

    def count(self, key: str) -> int:
        """The value of a counter; 0 for a miss, which also is what is no counter, such as a damaged row."""
        found = self._ask(lambda store: store.get(key, now_ms()))
        if not isinstance(found, int):
            self.misses += 1
            return 0
        self.hits += 1
        return found

    def set(self, key: str, value: Value, ttl: float | None = None) -> bool:
        """Keep a value in the place of an older one; whether it was stored. Raises TypeError for what JSON does not know."""
        raw = _raw(value)
        return self._ask(lambda store: store.put(key, raw, _expiry(ttl))) is True

    def increment(self, key: str, by: int = 1, ttl: float | None = None) -> int | None:
        """Add to a counter in one step over all processes; its new value, or None when it could not be counted.

        A counter that is new, expired or no whole number begins at 0; only then `ttl` counts, so that it runs from the first call.
        """
        return self._ask(lambda store: store.add(key, by, _expiry(ttl), now_ms()))

    def seconds_left(self, key: str) -> float | None:
        """How long the entry will live; None for one that stays or is not there."""
        expires = self._ask(lambda store: store.expires_ms(key, now_ms()))
        return None if expires is None else max(0.0, (expires - now_ms()) / 1000)

    def delete(self, key: str) -> bool:
        """Remove an entry; whether it was there."""
        return self._ask(lambda store: store.delete(key)) is True

    def clear(self) -> bool:
        """Remove everything; whether that could be done."""
        return self._ask(lambda store: store.clear()) is True

    def trim(self) -> int:
        """Remove a batch of entries that have expired; how many. 0 when there are none, or none can be removed."""
        return self._ask(lambda store: store.trim(now_ms())) or 0

    def close(self) -> None:
        """Give the file back; the next call opens it again."""
        with self._lock:
            self._let_go()

    def _ask(self, question: Callable[[EntryStore], T]) -> T | None:
        if time.monotonic() < self._rests_until or not self._lock.acquire(timeout=BUSY_SECONDS):
            self.errors += 1
            return None
        try:
            return question(self._open())
        except (sqlite.Error, OSError) as error:
            self._give_up(error)
            return None
        finally:
            self._lock.release()

    def _open(self) -> EntryStore:
        if self._store is not None and self._store.gone:
            self._let_go()
        if self._store is None:
            self._store = EntryStore(self._data_dir)
        return self._store

    def _give_up(self, error: Exception) -> None:
        self.errors += 1
        self._rests_until = time.monotonic() + REST_SECONDS
        self._let_go()
        try:
            removed = remove_damaged(self._data_dir, error)
        except OSError:
            removed = False
        log.warning("cache_failed", error=repr(error), removed=removed, rests_seconds=REST_SECONDS)

    def _let_go(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None


def init_cache(app: Any) -> None:
    """One cache an app; its file is opened by the first call."""
    app.extensions[EXTENSION] = Cache(runtime().settings.core.data_dir)


def cache() -> Cache:
    """The cache of the current app."""
    return cast(Cache, current_app.extensions[EXTENSION])


def _expiry(ttl: float | None) -> int | None:
    return None if ttl is None else now_ms() + round(ttl * 1000)


def _read(raw: Raw | None) -> tuple[Value] | None:
    """The value in a tuple of its own, since it may be None; None without an entry, and for a damaged one."""
    if raw is None:
        return None
    try:
        return (json.loads(raw) if isinstance(raw, str) else raw,)
    except (ValueError, RecursionError):
        log.warning("cache_entry_damaged")
        return None


def _raw(value: Value) -> Raw:
    """Bytes and whole numbers as they are, everything else as JSON."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST_COUNTER:
        return value
    return json.dumps(value, separators=(",", ":"))
