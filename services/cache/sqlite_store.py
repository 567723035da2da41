"""Entries of the cache in their own SQLite file. All SQL of the cache is here; errors of SQLite pass through.

The file is transient: it may be deleted, and is made again.
"""

from __future__ import annotations

from pathlib import Path

from studium.core import sqlite

FILE = "cache.sqlite3"
BUSY_SECONDS = 0.25  # a cache that makes people wait is none
VERSION = 1  # a file of another version is emptied
TABLE = (
    "DROP TABLE IF EXISTS entry",
    "CREATE TABLE entry (key TEXT PRIMARY KEY, value BLOB NOT NULL, expires_ms INTEGER) WITHOUT ROWID",
    "CREATE INDEX entry_expires ON entry (expires_ms) WHERE expires_ms IS NOT NULL",
)
SOUND = "typeof(expires_ms) IN ('integer', 'null')"  # a damaged time would count as later than any
NEW = f"expires_ms <= :now OR NOT {SOUND} OR typeof(value) <> 'integer'"
ADD = f"""INSERT INTO entry (key, value, expires_ms) VALUES (:key, :by, :expires)
    ON CONFLICT (key) DO UPDATE SET
        value = CASE WHEN {NEW} THEN :by ELSE value + :by END,
        expires_ms = CASE WHEN {NEW} THEN :expires ELSE expires_ms END
    RETURNING value"""
PUT = """INSERT INTO entry (key, value, expires_ms) VALUES (?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_ms = excluded.expires_ms"""

Raw = int | str | bytes


class EntryStore:
    """A connection to the entries, for one thread at a time. Times are in ms since the epoch; `expires_ms` None is for ever.

    SQLite keeps the type of a value: whole numbers are counters, texts are JSON, and bytes are bytes.
    """

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FILE
        self._connection = sqlite.connect(self._path, BUSY_SECONDS)
        try:
            self._prepare()
        except sqlite.Error:
            self._connection.close()
            raise
        self._file = sqlite.identity(self._path)

    @property
    def gone(self) -> bool:
        """Whether the file was deleted or replaced since it was opened; then nobody else sees what is written here."""
        return sqlite.identity(self._path) != self._file

    def get(self, key: str, now_ms: int) -> Raw | None:
        """The value of a live entry."""
        row = self._connection.execute(
            f"SELECT value FROM entry WHERE key = ? AND (expires_ms IS NULL OR expires_ms > ?) AND {SOUND}", (key, now_ms)).fetchone()
        return row[0] if row else None

    def expires_ms(self, key: str, now_ms: int) -> int | None:
        """When a live entry expires; None for one that does not, or is not there."""
        row = self._connection.execute(
            f"SELECT expires_ms FROM entry WHERE key = ? AND expires_ms > ? AND {SOUND}", (key, now_ms)).fetchone()
        return int(row[0]) if row else None

    def put(self, key: str, value: Raw, expires_ms: int | None) -> bool:
        """Store an entry in the place of an older one; always True."""
        return self._connection.execute(PUT, (key, value, expires_ms)).rowcount == 1

    def add(self, key: str, by: int, expires_ms: int | None, now_ms: int) -> int:
        """Add to a counter in one step, whoever else does; one that is new or expired begins at 0 and gets `expires_ms`."""
        given = {"key": key, "by": by, "expires": expires_ms, "now": now_ms}
        return int(self._connection.execute(ADD, given).fetchall()[0][0])

    def delete(self, key: str) -> bool:
        """Remove an entry; whether it was there."""
        return self._connection.execute("DELETE FROM entry WHERE key = ?", (key,)).rowcount > 0

    def clear(self) -> bool:
        """Remove all entries; always True."""
        return self._connection.execute("DELETE FROM entry").rowcount >= 0

    def trim(self, now_ms: int, batch: int = 500) -> int:
        """Remove at most `batch` entries that have expired; returns how many went."""
        return self._connection.execute(
            "DELETE FROM entry WHERE key IN (SELECT key FROM entry WHERE expires_ms <= ? ORDER BY expires_ms LIMIT ?)",
            (now_ms, batch)).rowcount

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def _prepare(self) -> None:
        self._connection.execute("PRAGMA cache_size = -2000").close()
        if self._version() != VERSION:
            self._make_table()

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def _make_table(self) -> None:
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            if self._version() == VERSION:  # another process was faster
                return
            for statement in TABLE:
                self._connection.execute(statement)
            self._connection.execute(f"PRAGMA user_version = {VERSION}")


def remove_damaged(data_dir: Path, error: Exception) -> bool:
    """Remove the file when the error says that it is no sound database, so that the next call makes a new one; whether it did."""
    if not sqlite.is_damage(error):
        return False
    for path in data_dir.glob(f"{FILE}*"):  # and its -wal and -shm
        path.unlink(missing_ok=True)
    return True
