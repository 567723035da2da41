"""What the simulated payment services have in common: records in the data folder, since two web processes and the workers share them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, ClassVar

from studium.core.runtime import runtime

Body = dict[str, Any]
SHARED_TABLES = """
CREATE TABLE IF NOT EXISTS {service}_call (number INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL, key TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS {service}_switch (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Records:
    """The records of one service, open for one change; nobody else changes them meanwhile. `told` is what the service will tell of it.

    A service says its name, which its tables begin with, and its further tables.
    """

    service: ClassVar[str]
    tables: ClassVar[dict[str, str]]  # name without the service: SQL that makes it

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.told: list[Body] = []

    @classmethod
    def make_tables(cls) -> str:
        """SQL that makes the tables that are missing."""
        return SHARED_TABLES.format(service=cls.service) + "\n".join(cls.tables.values())

    def note_call(self, path: str, key: str) -> None:
        """Remember a POST and its idempotency key, whatever becomes of it."""
        self._connection.execute(f"INSERT INTO {self.service}_call (path, key) VALUES (?, ?)", (path, key))

    def calls(self, path: str) -> list[str]:
        """The idempotency keys of all POSTs to a path, the oldest first."""
        rows = self._connection.execute(f"SELECT key FROM {self.service}_call WHERE path = ? ORDER BY number", (path,))
        return [row[0] for row in rows]

    def switch(self, name: str) -> Any:
        """The value of a switch, None when it is off."""
        row = self._connection.execute(f"SELECT value FROM {self.service}_switch WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else None

    def set_switch(self, name: str, value: Any) -> None:
        """Set it (JSON); None turns it off."""
        self._connection.execute(f"DELETE FROM {self.service}_switch WHERE name = ?", (name,))
        if value is not None:
            self._connection.execute(f"INSERT INTO {self.service}_switch VALUES (?, ?)", (name, json.dumps(value)))

    def forget_all(self) -> None:
        """Begin anew, all switches off."""
        for table in ("call", "switch", *self.tables):
            self._connection.execute(f"DELETE FROM {self.service}_{table}")


@contextmanager
def open_connection(tables: str) -> Iterator[sqlite3.Connection]:
    """The simulators' file, with these tables, locked for a change, which is kept at the end unless there is an exception."""
    path = runtime().settings.core.data_dir / "simulators.sqlite3"
    with closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")  # play money
        connection.executescript(tables)
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
