"""Entries of the cache in their own SQLite file; errors of SQLite pass through."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from studium.core import sqlite
from studium.services.cache.settings import Limits
from studium.services.cache.sqlite_room import is_full, set_limits
from studium.services.cache.sqlite_schema import COUNTERS_FROM, FILE, drop_entries, forget_former_boot, prepare, remove_file
from studium.services.cache.values import Raw

BUSY_SECONDS = 0.25  # a cache that makes people wait is none
LONGEST_MAKING_MS = 3_600_000  # a value that took longer to make may miss that its key was deleted meanwhile
LONGEST_TAGGED_MS = 30 * 86_400_000  # no tagged entry lives longer, so older marks of tags can go
LIVE = "(expires_ms IS NULL OR expires_ms > :now) AND typeof(expires_ms) IN ('integer', 'null')"  # a damaged time would be later than any
NEW = f"NOT ({LIVE}) OR typeof(value) <> 'integer' OR tags IS NOT NULL"
GET = f"SELECT value, tags, made FROM entry WHERE key = :key AND {LIVE}"
ADD = f"""INSERT INTO entry (id, key, value, expires_ms)
    VALUES ((SELECT max(coalesce(max(id), 0), {COUNTERS_FROM}) + 1 FROM entry), :key, :by, :expires)
    ON CONFLICT (key) DO UPDATE SET
        value = CASE WHEN {NEW} THEN :by ELSE value + :by END,
        expires_ms = CASE WHEN {NEW} THEN :expires ELSE min(expires_ms, coalesce(:expires, expires_ms)) END,
        tags = NULL, made = NULL
    RETURNING value"""
PUT = f"""INSERT INTO entry (id, key, value, expires_ms, tags, made)
    SELECT (SELECT coalesce(max(id), 0) + 1 FROM entry WHERE id < {COUNTERS_FROM}), ?, ?, ?, ?, %s
    ON CONFLICT (key) DO UPDATE SET id = excluded.id, value = excluded.value, expires_ms = excluded.expires_ms, tags = excluded.tags,
        made = excluded.made"""
PUT_ANYWAY = PUT % "generation FROM state WHERE true"
PUT_UNLESS_STALE = PUT % """? FROM state WHERE epoch = ? AND cleared <= ?
        AND NOT EXISTS (SELECT 1 FROM mark WHERE id IN (%s) AND generation > ?)"""
MARK = """INSERT INTO mark (id, generation, until_ms) VALUES (?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET generation = excluded.generation, until_ms = max(until_ms, excluded.until_ms)"""
LAST_EXPIRY = "SELECT coalesce(max(expires_ms), 0) FROM entry WHERE expires_ms IS NOT NULL"
DIGEST_BYTES = 16
FAILURES = (sqlite.Error, OSError, ValueError, TypeError, IndexError)  # the last three: rows and schemas that are damaged
DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT)  # the third: a table is missing


@dataclass(frozen=True)
class Begun:
    """When the making of a value began, as the file counts it; what was deleted since then makes the value a stale one."""

    epoch: int
    generation: int


class EntryStore:
    """A connection to the entries, for one thread at a time. Keys and tags are digests; times are in ms since the epoch.

    `expires_ms` None is for ever.
    """

    def __init__(self, data_dir: Path, limits: Limits) -> None:
        forget_former_boot(data_dir, BUSY_SECONDS)
        self._path = data_dir / FILE
        self._path.touch()
        self._file = sqlite.identity(self._path)
        self.connection = sqlite.connect(self._path, BUSY_SECONDS)
        try:
            if self.gone:  # replaced while it was opened: this one would be used with the log of the new one
                raise FileNotFoundError("the cache was replaced while it was opened")
            prepare(self.connection, data_dir, BUSY_SECONDS)
            set_limits(self.connection, limits)
            self.connection.execute("PRAGMA busy_timeout = 0").close()  # who asks waits, see lanes.ask_patiently
        except FAILURES:
            self.connection.close()
            raise

    @property
    def gone(self) -> bool:
        """Whether the file was deleted or replaced since it was opened; then nobody else sees what is written here."""
        return sqlite.identity(self._path) != self._file

    def get(self, key: bytes, now_ms: int) -> Raw | None:
        """The value of a live entry of which no tag was deleted since it was begun."""
        row = self.connection.execute(GET, {"key": key, "now": now_ms}).fetchone()
        if row is None or (row[1] is not None and self._is_stale(row[1], row[2])):
            return None
        value: Raw = row[0]
        return value

    def expires_ms(self, key: bytes, now_ms: int) -> int | None:
        """When a live entry expires; None for one that does not, or is not there."""
        row = self.connection.execute(f"SELECT expires_ms FROM entry WHERE key = :key AND {LIVE}", {"key": key, "now": now_ms}).fetchone()
        return int(row[0]) if row and row[0] is not None else None

    def begin(self) -> Begun:
        """To be asked before a value is made, and given to `put` with it."""
        return Begun(*self.connection.execute("SELECT epoch, generation FROM state").fetchone())

    def put(self, key: bytes, value: Raw, expires_ms: int | None, tags: Sequence[bytes], begun: Begun | None = None) -> bool:
        """Store an entry in the place of an older one. False when the key, a tag or everything was deleted since the value was `begun`."""
        given = (key, value, expires_ms, b"".join(tags) or None)
        if begun is None:
            return self.connection.execute(PUT_ANYWAY, given).rowcount == 1
        marks = (key, *tags)
        statement = PUT_UNLESS_STALE % ",".join("?" * len(marks))
        since = begun.generation
        return self.connection.execute(statement, (*given, since, begun.epoch, since, *marks, since)).rowcount == 1

    def add(self, key: bytes, by: int, expires_ms: int | None, now_ms: int) -> int:
        """Add to a counter in one step, whoever else does; one that is new or expired begins at 0 and gets `expires_ms`.

        It never lives longer than that, so a clock that was set back by a day keeps nobody out for a day.
        """
        given = {"key": key, "by": by, "expires": expires_ms, "now": now_ms}
        return int(self.connection.execute(ADD, given).fetchall()[0][0])

    def delete(self, key: bytes, now_ms: int) -> bool:
        """Remove an entry, and have nothing kept under its key that was begun before; whether it was there."""
        with self.connection:
            self._begin_generation((key,), now_ms + LONGEST_MAKING_MS)
            return self.connection.execute("DELETE FROM entry WHERE key = ?", (key,)).rowcount > 0

    def delete_tags(self, tags: Sequence[bytes], now_ms: int) -> bool:
        """Let no entry with one of the tags count any more, however many there are; always True."""
        with self.connection:
            last_expiry = self.connection.execute(LAST_EXPIRY).fetchone()[0]  # later than usual if the clock was fast for a while
            self._begin_generation(tags, max(now_ms + LONGEST_TAGGED_MS, last_expiry) + LONGEST_MAKING_MS)
        return True

    def clear(self) -> bool:
        """Remove all entries; always True."""
        with self.connection:
            self._begin_generation((), 0)
            drop_entries(self.connection)
            self.connection.execute("UPDATE state SET entries = 0, cleared = generation").close()
            self.connection.execute("DELETE FROM mark").close()  # `cleared` speaks for them all
        return True

    def close(self) -> None:
        """Give the connection back."""
        self.connection.close()

    def _is_stale(self, tags: bytes, made: int) -> bool:
        marks = [tags[at : at + DIGEST_BYTES] for at in range(0, len(tags), DIGEST_BYTES)]
        asked = f"SELECT 1 FROM mark WHERE id IN ({','.join('?' * len(marks))}) AND generation > ?"
        return self.connection.execute(asked, (*marks, made)).fetchone() is not None

    def _begin_generation(self, marks: Sequence[bytes], until_ms: int) -> None:
        self.connection.execute("BEGIN IMMEDIATE").close()
        generation = self.connection.execute("UPDATE state SET generation = generation + 1 RETURNING generation").fetchall()[0][0]
        self.connection.executemany(MARK, [(mark, generation, until_ms) for mark in marks]).close()


def digest_of_key(key: str) -> bytes:
    """What stands for a key in the file; its text, which may name a person, is not kept."""
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES).digest()


def digest_of_tag(tag: str) -> bytes:
    """What stands for a tag in the file; never that of a key."""
    return blake2b(tag.encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES, person=b"tag").digest()


def remove_damaged(data_dir: Path, error: Exception) -> bool:
    """Remove the file when the error says that it is not sound, so that the next call makes a new one; whether it did."""
    if not _is_damage(error):
        return False
    remove_file(data_dir)
    return True


def _is_damage(error: Exception) -> bool:
    """Whether trying again is of no use: neither a lock nor the disk is in the way. An error without a code is a text that is no UTF-8."""
    if isinstance(error, OSError) or is_full(error):
        return False
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return code & 0xFF in DAMAGE  # the low byte is the primary code (sqlite.org/rescode)
