"""What the sandbox remembers, as a service of its own would: `sandbox.sqlite3` in the data folder, apart from the site's database."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from studium.core.runtime import runtime

FILE = "sandbox.sqlite3"
TABLES = """
CREATE TABLE IF NOT EXISTS sandbox_payment (id TEXT PRIMARY KEY, changed_at REAL NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sandbox_call (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, key TEXT NOT NULL, made TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS sandbox_call_key ON sandbox_call (kind, key);
CREATE TABLE IF NOT EXISTS sandbox_fault (name TEXT NOT NULL);
"""
Body = dict[str, Any]


class Books:
    """The sandbox's records, open for one change; nobody else changes them meanwhile."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def find(self, reference: str) -> Body | None:
        """The payment of this id."""
        row = self._connection.execute("SELECT body FROM sandbox_payment WHERE id = ?", (reference,)).fetchone()
        return json.loads(row[0]) if row else None

    def latest(self, most: int = 50, since: float = 0.0) -> list[Body]:
        """Payments that changed since then (epoch seconds), the last one first."""
        asked = "SELECT body FROM sandbox_payment WHERE changed_at >= ? ORDER BY changed_at DESC, rowid DESC LIMIT ?"
        rows = self._connection.execute(asked, (since, most)).fetchall()
        return [json.loads(row[0]) for row in rows]

    def keep(self, payment: Body, at: float) -> None:
        """Store a payment, new or changed at `at` (epoch seconds)."""
        self._connection.execute("INSERT OR REPLACE INTO sandbox_payment VALUES (?, ?, ?)", (payment["id"], at, json.dumps(payment)))

    def made_by(self, kind: str, key: str) -> str | None:
        """What an earlier call with this idempotency key made."""
        row = self._connection.execute("SELECT made FROM sandbox_call WHERE kind = ? AND key = ? AND made <> '' ORDER BY id LIMIT 1",
                                       (kind, key)).fetchone()
        return row[0] if row else None

    def note_call(self, kind: str, key: str, made: str) -> None:
        """Remember a call, and what it made ("" when nothing)."""
        self._connection.execute("INSERT INTO sandbox_call (kind, key, made) VALUES (?, ?, ?)", (kind, key, made))

    def calls(self, kind: str) -> list[str]:
        """The idempotency keys of all calls of a kind, the oldest first."""
        return [row[0] for row in self._connection.execute("SELECT key FROM sandbox_call WHERE kind = ? ORDER BY id", (kind,))]

    def fault(self) -> str:
        """What is wrong with the sandbox just now, "" when it is well."""
        row = self._connection.execute("SELECT name FROM sandbox_fault").fetchone()
        return row[0] if row else ""

    def set_fault(self, name: str) -> None:
        """Have something wrong with it from now on."""
        self._connection.execute("DELETE FROM sandbox_fault")
        self._connection.execute("INSERT INTO sandbox_fault VALUES (?)", (name,))

    def forget_all(self) -> None:
        """Begin anew."""
        for table in ("sandbox_payment", "sandbox_call", "sandbox_fault"):
            self._connection.execute(f"DELETE FROM {table}")


@contextmanager
def books() -> Iterator[Books]:
    """Open the records for a change, which is kept at the end unless there is an exception."""
    with closing(sqlite3.connect(runtime().settings.core.data_dir / FILE, timeout=10, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")  # play money
        connection.executescript(TABLES)
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield Books(connection)
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
