"""Messages of the cable in their own SQLite file: append, read after an id, trim. All SQL of the cable is here.

The file is transient: it may be deleted, and is made again. The ids of a new file begin above all earlier ones, so a browser that knows
the last id of the old one goes on without missing anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from studium.core import sqlite
from studium.core.clock import now_ms

FILE = "cable.sqlite3"
TABLE = (
    """CREATE TABLE IF NOT EXISTS message (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        stream TEXT NOT NULL,
        collapse TEXT,
        payload TEXT NOT NULL,
        created_ms INTEGER NOT NULL
    )""",
    "CREATE INDEX IF NOT EXISTS message_stream ON message (stream, id)",
    "CREATE INDEX IF NOT EXISTS message_collapse ON message (stream, collapse, created_ms) WHERE collapse IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS message_created ON message (created_ms)",
)
FIRST_ID = (
    "INSERT INTO sqlite_sequence (name, seq) "
    "SELECT 'message', ? WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'message')"
)
COLLAPSE_AFTER_MS = 60_000
IDS_PER_MS = 1_000  # far more than are ever published; the ids stay below 2**53, as JavaScript needs


@dataclass(frozen=True, slots=True)
class Message:
    """A stored message; `payload` is the JSON text of an object."""

    id: int
    stream: str
    payload: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be stored; one with `collapse` takes the place of older ones with the same stream and `collapse`.

    Those of the last COLLAPSE_AFTER_MS stay, so that a browser that was away for a moment gets every single one.
    """

    stream: str
    payload: str
    created_ms: int
    collapse: str | None = None


class MessageStore:
    """One thread's connection to the messages."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FILE
        self._connection = sqlite.connect(self._path)
        self._connection.execute("PRAGMA cache_size = -2000").close()
        if not self._connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'message_created'").fetchone():
            self._make_table()
        self._file = self._identity()

    @property
    def gone(self) -> bool:
        """Whether the file was deleted or replaced since it was opened; then nobody else sees what is written here."""
        return self._identity() != self._file

    def append(self, drafts: Sequence[Draft]) -> None:
        """Store the drafts in one transaction; their ids rise in the order given."""
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(
                "INSERT INTO message (stream, collapse, payload, created_ms) VALUES (?, ?, ?, ?)",
                [(draft.stream, draft.collapse, draft.payload, draft.created_ms) for draft in drafts],
            )
            self._connection.executemany(
                "DELETE FROM message WHERE stream = ? AND collapse = ? AND created_ms < ?",
                [(draft.stream, draft.collapse, draft.created_ms - COLLAPSE_AFTER_MS) for draft in drafts if draft.collapse],
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
        """The highest id ever given; it does not fall when messages are trimmed."""
        row = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'message'").fetchone()
        return int(row[0])

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

    def _make_table(self) -> None:
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            for statement in TABLE:
                self._connection.execute(statement)
            self._connection.execute(FIRST_ID, (now_ms() * IDS_PER_MS,))

    def _identity(self) -> tuple[int, int] | None:
        return sqlite.identity(self._path)
