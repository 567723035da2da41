"""Messages of the cable in their own SQLite file: append, read after an id, trim. All SQL of the cable is here.

The file is transient: it may be deleted while nothing runs, and is made again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from studium.core import sqlite

FILE = "cable.sqlite3"
TABLE = """
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    stream TEXT NOT NULL,
    collapse TEXT,
    payload TEXT NOT NULL,
    created_ms INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS message_stream ON message (stream, id);
CREATE UNIQUE INDEX IF NOT EXISTS message_collapse ON message (stream, collapse) WHERE collapse IS NOT NULL;
CREATE INDEX IF NOT EXISTS message_created ON message (created_ms);
"""


@dataclass(frozen=True, slots=True)
class Message:
    """A stored message; `payload` is the JSON text of an object."""

    id: int
    stream: str
    payload: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be stored; of drafts with the same stream and `collapse` only the newest is kept."""

    stream: str
    payload: str
    created_ms: int
    collapse: str | None = None


class MessageStore:
    """One thread's connection to the messages."""

    def __init__(self, data_dir: Path) -> None:
        path = data_dir / FILE
        fresh = not path.exists()
        self._connection = sqlite.connect(path)
        self._connection.execute("PRAGMA cache_size = -2000").close()
        if fresh or not self._connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'message_created'").fetchone():
            self._connection.executescript(TABLE)

    def append(self, drafts: Sequence[Draft]) -> None:
        """Store the drafts in one transaction; their ids rise in the order given."""
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(
                "INSERT OR REPLACE INTO message (stream, collapse, payload, created_ms) VALUES (?, ?, ?, ?)",
                [(draft.stream, draft.collapse, draft.payload, draft.created_ms) for draft in drafts],
            )

    def after(self, message_id: int, limit: int) -> list[Message]:
        """Messages of all streams with a higher id, oldest first."""
        rows = self._connection.execute("SELECT id, stream, payload FROM message WHERE id > ? ORDER BY id LIMIT ?", (message_id, limit))
        return [Message(*row) for row in rows]

    def missed(self, stream: str, after: int, up_to: int, limit: int) -> list[Message]:
        """Messages of one stream with after < id <= up_to, oldest first; of more than `limit` the newest."""
        rows = self._connection.execute(
            "SELECT id, stream, payload FROM message WHERE stream = ? AND id > ? AND id <= ? ORDER BY id DESC LIMIT ?",
            (stream, after, up_to, limit),
        ).fetchall()
        return [Message(*row) for row in reversed(rows)]

    def last_id(self) -> int:
        """The highest id ever given, 0 at the very start; it does not fall when messages are trimmed."""
        row = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'message'").fetchone()
        return int(row[0]) if row else 0

    def version(self) -> int:
        """A number that changes when another connection has committed."""
        return sqlite.data_version(self._connection)

    def trim(self, before_ms: int, batch: int = 500) -> int:
        """Delete at most `batch` messages older than `before_ms`; returns how many went."""
        cursor = self._connection.execute(
            "DELETE FROM message WHERE id IN (SELECT id FROM message WHERE created_ms < ? ORDER BY created_ms LIMIT ?)", (before_ms, batch))
        return cursor.rowcount

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()
