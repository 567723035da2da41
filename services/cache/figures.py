"""What the cache did and what it holds, over all processes, for people."""

from __future__ import annotations

from dataclasses import dataclass

from studium.core import sqlite
from studium.core.clock import now_ms
from studium.services.cache import sqlite_figures
from studium.services.cache.settings import Limits
from studium.services.cache.sqlite_room import usage


@dataclass(frozen=True)
class Figures:
    """Counts of the last `hours`, the one that runs included, and the present contents in entries and bytes. An error is a miss too.

    `refused` values were too large; `evicted` entries went before their time, as room was needed. Each process adds its counts every
    10 seconds, with its next use of the cache.
    """

    hours: int
    hits: int
    misses: int
    errors: int
    writes: int
    refused: int
    expired: int
    evicted: int
    entries: int
    used_bytes: int
    file_bytes: int
    max_size: int
    max_entries: int | None
    max_age: float | None

    @property
    def hit_rate(self) -> float | None:
        """Hits by questions; None when nothing was asked."""
        return self.hits / (self.hits + self.misses) if self.hits + self.misses else None


def figures_of(connection: sqlite.Connection, limits: Limits, hours: int) -> Figures:
    """Read from the file; errors of SQLite pass through."""
    held = usage(connection)
    return Figures(hours=hours, **sqlite_figures.sums(connection, hours, now_ms()), entries=held.entries, used_bytes=held.used_bytes,
                   file_bytes=held.file_bytes, max_size=limits.max_size, max_entries=limits.max_entries, max_age=limits.max_age)
