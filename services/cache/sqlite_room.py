"""How much room the entries take in the cache's file, and how some are removed; errors of SQLite pass through."""

from __future__ import annotations

import math
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from studium.core import sqlite
from studium.services.cache.settings import Limits
from studium.services.cache.sqlite_schema import FILE, UNLIMITED

LOG_FILE = f"{FILE}-wal"
PAGE = 4096
LOG_SHARE = 8  # one part in eight of the size is for the write-ahead log
HIGH, LOW = 0.95, 0.90  # trimming begins above the one and ends below the other; both are shares of what may be
MOST_AT_ONCE = 250
FULL = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_CONSTRAINT_TRIGGER)


@dataclass(frozen=True)
class Usage:
    """What the file holds now: exact counts. `file_bytes` is the file without its log, of which `free_bytes` wait to be used again."""

    entries: int
    file_bytes: int
    free_bytes: int

    @property
    def used_bytes(self) -> int:
        """Entries with all that is needed to find them."""
        return self.file_bytes - self.free_bytes


def set_limits(connection: sqlite.Connection, limits: Limits) -> None:
    """Let SQLite itself refuse what is beyond the limits, keep the log short, and wait for no disk (see `forget_former_boot`).

    The file is not mapped into memory: somebody who cuts it would kill every process that reads it then (SIGBUS, mmap(2)), and after each
    write of another process all of it would be mapped anew, which takes longer than reading the few pages of an entry.
    """
    for pragma in ("cache_size = -2000", "mmap_size = 0", "secure_delete = FAST", "synchronous = OFF",
                   f"max_page_count = {room_for_pages(limits)}", f"journal_size_limit = {room_for_log(limits) // 4}",
                   f"wal_autocheckpoint = {pages_at_once(limits)}"):
        connection.execute(f"PRAGMA {pragma}").close()
    most = limits.max_entries or UNLIMITED
    if connection.execute("SELECT most_entries FROM state").fetchone()[0] != most:
        connection.execute("UPDATE state SET most_entries = ?", (most,)).close()


def room_for_log(limits: Limits) -> int:
    """Most bytes of the write-ahead log."""
    return limits.max_size // LOG_SHARE


def pages_at_once(limits: Limits) -> int:
    """How many pages may be moved before the log is emptied again. With 1,000 others wait about 20 ms."""
    return min(1_000, room_for_log(limits) // 4 // PAGE)


def room_for_pages(limits: Limits) -> int:
    """Most pages of the file without its log."""
    return (limits.max_size - room_for_log(limits)) // PAGE


def is_full(error: BaseException) -> bool:
    """Whether a write was refused for want of room."""
    return getattr(error, "sqlite_errorcode", None) in FULL


def has_entries(connection: sqlite.Connection) -> bool:
    """Whether there is one at all, whatever their number is said to be."""
    return connection.execute("SELECT 1 FROM entry LIMIT 1").fetchone() is not None


def usage(connection: sqlite.Connection) -> Usage:
    """What is held now; takes about 10 µs, however much it is."""
    entries, pages, free = connection.execute(
        "SELECT entries, (SELECT page_count FROM pragma_page_count), (SELECT freelist_count FROM pragma_freelist_count) FROM state"
    ).fetchone()
    return Usage(entries, pages * PAGE, free * PAGE)


def too_many(connection: sqlite.Connection, limits: Limits, share: float) -> int:
    """How many of the oldest entries have to go until all limits are kept with some room left (a `share` of each); an estimate."""
    found = usage(connection)
    most = room_for_pages(limits) * PAGE * share
    by_size = found.entries * (found.used_bytes - most) / max(1, found.used_bytes)
    by_number = found.entries - limits.max_entries * share if limits.max_entries else 0
    return min(found.entries, max(0, math.ceil(by_size), math.ceil(by_number)))


def remove_expired(connection: sqlite.Connection, now_ms: int, most: int = MOST_AT_ONCE) -> int:
    """Remove some entries that have expired, the earliest first, and when there are none, old marks; how many entries went."""
    removed = connection.execute(
        "DELETE FROM entry WHERE id IN (SELECT id FROM entry WHERE expires_ms <= ? ORDER BY expires_ms LIMIT ?)", (now_ms, most)).rowcount
    if not removed:
        connection.execute("DELETE FROM mark WHERE until_ms <= ?", (now_ms,)).close()
    return removed


def remove_oldest(connection: sqlite.Connection, most: int) -> int:
    """Remove the oldest entries, counters last; how many went."""
    return connection.execute(
        "DELETE FROM entry WHERE id IN (SELECT id FROM entry ORDER BY id LIMIT ?)", (min(most, MOST_AT_ONCE),)).rowcount


def shrink(connection: sqlite.Connection, limits: Limits) -> bool:
    """Give some free pages back to the file system; whether there are more."""
    connection.executescript(f"PRAGMA incremental_vacuum({pages_at_once(limits)})")  # `execute` would stop after the first page
    shorten_log(connection)
    return usage(connection).free_bytes > 0


def shorten_log(connection: sqlite.Connection) -> bool:
    """Move all pages from the write-ahead log to the file, and empty it; False when others read or write at this moment."""
    return connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0


def log_bytes(folder: Path) -> int:
    """How long the write-ahead log is. Writers that never pause keep SQLite from beginning it anew by itself (sqlite.org/wal, 6)."""
    try:
        return (folder / LOG_FILE).stat().st_size
    except FileNotFoundError:
        return 0
