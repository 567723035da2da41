"""The cache of one process: what cannot be read counts as a miss, what cannot be written is not kept, and neither is ever an error."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast
from weakref import WeakSet

from flask import current_app

from studium.core import sqlite
from studium.core.clock import now_ms
from studium.core.database import in_transaction
from studium.core.logs import get_logger
from studium.core.runtime import runtime
from studium.services.cache import sqlite_figures
from studium.services.cache.fetching import WAIT_SECONDS, making
from studium.services.cache.figures import Figures, figures_of
from studium.services.cache.lanes import Lane
from studium.services.cache.making_room import Room
from studium.services.cache.settings import CacheSettings, Limits
from studium.services.cache.sqlite_room import is_full, shrink
from studium.services.cache.sqlite_store import BUSY_SECONDS, LONGEST_TAGGED_MS, Begun, EntryStore, digest_of_key, digest_of_tag
from studium.services.cache.tally import Tally
from studium.services.cache.values import Raw, Value, bytes_of, raw_of, read

log = get_logger(__name__)
EXTENSION = "studium.cache"
TAG_PATIENCE_SECONDS = 5.0  # who deletes a tag has changed something, and would rather wait than show the old for long
T = TypeVar("T")
_caches: WeakSet[Cache] = WeakSet()
_of_parents: list[object] = []  # what a forked child has been given and must neither use nor close


class Cache:
    """Entries shared by all processes of the data folder; safe from any thread. A forked child opens the file by itself.

    Keys are text; a plugin begins its own with its name: "limits:...". Times to live are in seconds; None keeps an entry as long as the
    limits allow. Counts of `hits`, `misses` and `errors` are of this process; an error is a miss too.
    """

    def __init__(self, data_dir: Path, limits: Limits | None = None) -> None:
        self._data_dir = data_dir
        self._limits = limits or Limits()
        self._begin()
        _caches.add(self)

    def _begin(self) -> None:
        self._tally = Tally()
        self._reads = Lane(self._data_dir, self._limits, self._tally)
        self._writes = Lane(self._data_dir, self._limits, self._tally)
        self._room = Room(self._data_dir, self._limits, self._tally)

    @property
    def hits(self) -> int:
        """Of this process."""
        return self._tally.total("hits")

    @property
    def misses(self) -> int:
        """Of this process."""
        return self._tally.total("misses")

    @property
    def errors(self) -> int:
        """Of this process."""
        return self._tally.total("errors")

    def get(self, key: str, default: Value = None) -> Value:
        """The value, or `default` for a miss."""
        found = self._look(digest_of_key(key))
        self._count(found is not None)
        return default if found is None else found[0]

    def fetch(self, key: str, make: Callable[[], Value], *, ttl: float | None = None, tags: Sequence[str] = (),
              wait: float = WAIT_SECONDS) -> Value:
        """The value; when it is not there, `make()` makes it, in one process and thread for all, and it is kept.

        The others wait for it, at most `wait` seconds, then they make it themselves. It is not kept when the key, one of the tags or
        everything was deleted since `make` was called, so `make` must read what it needs by itself: no rows that were read before.
        Within a transaction() nothing is kept. It comes back as the cache gives it: a tuple as a list. Raises TypeError for what JSON
        does not know, and whatever `make` raises, which only its caller sees.
        """
        digest = digest_of_key(key)
        found = self._look(digest)
        self._count(found is not None)
        if found is not None:
            return found[0]
        if in_transaction() or self._reads.rests or self._writes.rests:
            return _as_kept(raw_of(make()))
        with making(self._data_dir, digest, wait, lambda: self._look(digest)) as found:
            return found[0] if found is not None else self._make(digest, make, ttl, tags)

    def count(self, key: str) -> int:
        """The value of a counter; 0 for a miss, which also is what is no counter, such as a damaged row."""
        digest = digest_of_key(key)
        found = self._reads.ask(lambda store: store.get(digest, now_ms()))
        self._count(isinstance(found, int))
        return found if isinstance(found, int) else 0

    def set(self, key: str, value: Value, ttl: float | None = None, tags: Sequence[str] = ()) -> bool:
        """Keep a value in the place of an older one; whether it was stored. Raises TypeError for what JSON does not know.

        For a value that is made from data which others change, `fetch` is better: it knows whether a tag was deleted meanwhile.
        """
        return self._put(digest_of_key(key), raw_of(value), ttl, tags, None)

    def increment(self, key: str, by: int = 1, ttl: float | None = None) -> int | None:
        """Add to a counter in one step over all processes; its new value, or None when it could not be counted.

        A counter that is new, expired or no whole number begins at 0; only then `ttl` counts, so that it runs from the first call.
        """
        digest, expires = digest_of_key(key), self._expiry(ttl)
        return self._write(lambda store: store.add(digest, by, expires, now_ms()))

    def seconds_left(self, key: str) -> float | None:
        """How long the entry will live; None for one that stays or is not there."""
        digest = digest_of_key(key)
        expires = self._reads.ask(lambda store: store.expires_ms(digest, now_ms()))
        return None if expires is None else max(0.0, (expires - now_ms()) / 1000)

    def delete(self, key: str) -> bool:
        """Remove an entry; whether it was there."""
        digest = digest_of_key(key)
        return self._forget(lambda store: store.delete(digest, now_ms()))

    def delete_tag(self, tag: str) -> bool:
        """Remove all entries with the tag, in one step however many there are; whether that could be done."""
        return self.delete_tags((tag,))

    def delete_tags(self, tags: Sequence[str]) -> bool:
        """Remove all entries with one of the tags; whether that could be done, for which it waits some seconds."""
        digests = _digests(tags)
        return self._forget(lambda store: store.delete_tags(digests, now_ms()), TAG_PATIENCE_SECONDS, insists=True)

    def clear(self) -> bool:
        """Remove everything; whether that could be done."""
        return self._forget(lambda store: store.clear())

    def trim(self) -> int:
        """Remove a batch of what has expired or is too much; how many. 0 when there is nothing, or nothing can be removed."""
        return self._writes.ask(self._room.trim) or 0

    def shrink(self) -> bool:
        """Give a part of the unused file back to the file system; whether there is more."""
        return self._writes.ask(lambda store: shrink(store.connection, self._limits)) is True

    def figures(self, hours: int = 24) -> Figures | None:
        """What all processes did, and what the file holds now; None when it cannot be read."""
        self._save_figures()
        return self._reads.ask(lambda store: figures_of(store.connection, self._limits, hours))

    def close(self) -> None:
        """Give the file back; the next call opens it again."""
        self._room.wait()
        if taken := self._tally.take():
            self._writes.ask(lambda store: sqlite_figures.add(store.connection, taken, now_ms()))
        self._reads.close()
        self._writes.close()

    def _look(self, digest: bytes) -> tuple[Value] | None:
        return read(self._reads.ask(lambda store: store.get(digest, now_ms())))

    def _count(self, is_hit: bool) -> None:
        if self._tally.count("hits" if is_hit else "misses"):
            self._save_figures()

    def _make(self, digest: bytes, make: Callable[[], Value], ttl: float | None, tags: Sequence[str]) -> Value:
        begun = self._reads.ask(lambda store: store.begin())
        raw = raw_of(make())
        if begun is not None:
            self._put(digest, raw, ttl, tags, begun)
        return _as_kept(raw)

    def _put(self, digest: bytes, raw: Raw, ttl: float | None, tags: Sequence[str], begun: Begun | None) -> bool:
        size = bytes_of(raw)
        if size > self._limits.largest_value:
            self._tally.count("refused")
            log.warning("cache_value_too_large", bytes=size, most=self._limits.largest_value, tags=list(tags))
            return False
        digests, expires = _digests(tags), self._expiry(ttl, bool(tags))
        return self._write(lambda store: store.put(digest, raw, expires, digests, begun), size) is True

    def _write(self, write: Callable[[EntryStore], T], size: int = 0) -> T | None:
        def attempt(store: EntryStore) -> T:
            self._room.look(store, size)
            done = self._with_room(store, write)
            self._tally.count("writes")
            return done

        return self._writes.ask(attempt)

    def _with_room(self, store: EntryStore, write: Callable[[EntryStore], T]) -> T:
        try:
            return write(store)
        except sqlite.Error as error:
            if not is_full(error):
                raise
        self._room.make(store)
        return write(store)

    def _forget(self, forget: Callable[[EntryStore], bool], patience: float = BUSY_SECONDS, *, insists: bool = False) -> bool:
        """A deletion, which needs room too: it leaves marks."""
        return self._writes.ask(lambda store: self._with_room(store, forget), patience, insists=insists) is True

    def _expiry(self, ttl: float | None, tagged: bool = False) -> int | None:
        lives = [1000 * seconds for seconds in (ttl, self._limits.max_age) if seconds is not None]
        if tagged:
            lives.append(LONGEST_TAGGED_MS)
        return now_ms() + round(min(lives)) if lives else None

    def _save_figures(self) -> None:
        """Only when the file is free at this moment: nobody waits for statistics."""
        taken = self._tally.take()
        if self._writes.rests or not self._writes.try_once(lambda store: sqlite_figures.add(store.connection, taken, now_ms())):
            self._tally.give_back(taken)


def _begin_anew() -> None:
    """SQLite's connections must not be carried over a fork (sqlite.org/howtocorrupt, 2.6), and locks may be held by threads left behind."""
    for one in _caches:
        _of_parents.append(dict(vars(one)))
        one._begin()


os.register_at_fork(after_in_child=_begin_anew)


def init_cache(app: Any) -> None:
    """One cache an app; its file is opened by the first call."""
    settings = runtime().settings
    app.extensions[EXTENSION] = Cache(settings.core.data_dir, Limits.of(settings[CacheSettings]))


def cache() -> Cache:
    """The cache of the current app."""
    return cast(Cache, current_app.extensions[EXTENSION])


def _digests(tags: Sequence[str]) -> list[bytes]:
    if isinstance(tags, str):  # which is a sequence, too: of tags with one letter
        raise TypeError(f"tags are a list of texts, not the text {tags!r}")
    return [digest_of_tag(tag) for tag in tags]


def _as_kept(raw: Raw) -> Value:
    found = read(raw)
    return None if found is None else found[0]
