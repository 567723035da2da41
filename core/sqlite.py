"""The adapter for SQLite: the pragmas of every connection, and the statements that only SQLite knows."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from sqlite3 import Connection, Error

__all__ = ["BUSY_SECONDS", "Connection", "Error", "connect", "copy", "data_version", "set_pragmas", "set_synchronous"]
BUSY_SECONDS = 5.0
PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = NORMAL",
    f"busy_timeout = {int(BUSY_SECONDS * 1000)}",
    "foreign_keys = ON",
    "cache_size = -64000",
    "temp_store = MEMORY",
    "mmap_size = 268435456",
    "journal_size_limit = 67108864",
)


def set_pragmas(connection: Connection) -> None:
    """Set the pragmas of architecture section 3. WAL with NORMAL keeps every commit through a kill of the process (sqlite.org/wal)."""
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").close()


def set_synchronous(connection: Connection, level: str) -> None:
    """"normal" or "full": whether a commit waits until it is on the disk (sqlite.org/pragma, synchronous)."""
    connection.execute(f"PRAGMA synchronous = {'FULL' if level == 'full' else 'NORMAL'}").close()


def connect(path: Path) -> Connection:
    """A connection in autocommit mode with the pragmas set, usable from one thread at a time."""
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    set_pragmas(connection)
    return connection


def data_version(connection: Connection) -> int:
    """A number that changes when another connection commits to the file (sqlite.org/pragma, data_version)."""
    row = connection.execute("PRAGMA data_version").fetchone()
    return int(row[0])


def copy(source: Path, target: Path) -> None:
    """Copy a live database consistently (SQLite Online Backup), then check its integrity.

    Raises sqlite3.DatabaseError when the copy is not sound.
    """
    with sqlite3.connect(source) as origin, sqlite3.connect(target) as copied:
        origin.backup(copied)
        verdict = copied.execute("PRAGMA integrity_check").fetchone()[0]
    origin.close()
    copied.close()
    if verdict != "ok":
        raise sqlite3.DatabaseError(f"{target} is not sound: {verdict}")
