"""The adapter for SQLite: the pragmas of every connection, and the statements that only SQLite knows."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection, Error

__all__ = ["BUSY_SECONDS", "UNFINISHED", "Connection", "Error", "connect", "copy", "data_version", "identity", "is_busy",
           "set_pragmas", "set_synchronous"]
BUSY_SECONDS = 5.0
UNFINISHED = ".part"
PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = NORMAL",
    "foreign_keys = ON",
    "cache_size = -64000",
    "temp_store = MEMORY",
    "mmap_size = 268435456",
    "journal_size_limit = 67108864",
)


def set_pragmas(connection: Connection, busy_seconds: float = BUSY_SECONDS) -> None:
    """Set the pragmas of architecture section 3. WAL with NORMAL keeps every commit through a kill of the process (sqlite.org/wal)."""
    for pragma in (f"busy_timeout = {int(busy_seconds * 1000)}", *PRAGMAS):
        connection.execute(f"PRAGMA {pragma}").close()


def set_synchronous(connection: Connection, level: str) -> None:
    """"normal" or "full": whether a commit waits until it is on the disk (sqlite.org/pragma, synchronous)."""
    connection.execute(f"PRAGMA synchronous = {'FULL' if level == 'full' else 'NORMAL'}").close()


def connect(path: Path, busy_seconds: float = BUSY_SECONDS) -> Connection:
    """A connection in autocommit mode with the pragmas set, usable from one thread at a time; it waits `busy_seconds` for a lock."""
    connection = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
    try:
        _enter_wal(connection, busy_seconds)
        set_pragmas(connection, busy_seconds)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def is_busy(error: BaseException) -> bool:
    """Whether the error says that somebody else had the lock for too long."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY  # the low byte is the primary code (sqlite.org/rescode)


def _enter_wal(connection: Connection, busy_seconds: float) -> None:
    """SQLite does not wait for a lock when it changes the journal mode; of processes that make a new file at once all but one must."""
    end = time.monotonic() + busy_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.005)
        else:
            return


def data_version(connection: Connection) -> int:
    """A number that changes when another connection commits to the file (sqlite.org/pragma, data_version)."""
    row = connection.execute("PRAGMA data_version").fetchone()
    return int(row[0])


def identity(path: Path) -> tuple[int, int] | None:
    """Which file a path names now: device and inode; None when there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - asked before each question to the cache; path.stat() takes twice as long
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def copy(source: Path, target: Path) -> None:
    """Copy a live database consistently (SQLite Online Backup); `target` appears only when it is whole and sound.

    Raises sqlite3.Error when the copy fails or is not sound. A killed process leaves `target`.part behind.
    """
    part = target.with_name(f"{target.name}{UNFINISHED}")
    try:
        _copy_and_check(source, part)
        part.replace(target)
    finally:
        for left in part.parent.glob(f"{part.name}*"):  # and its -wal, -shm or -journal
            left.unlink()


def _copy_and_check(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as origin, closing(sqlite3.connect(target)) as copied:
        origin.backup(copied)
        verdict = copied.execute("PRAGMA integrity_check").fetchone()[0]
    if verdict != "ok":
        raise sqlite3.DatabaseError(f"the copy {target} is not sound: {verdict}")
