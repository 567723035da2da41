"""The figures of all processes, one row an hour for a week; errors of SQLite pass through."""

from __future__ import annotations

from collections.abc import Mapping

from studium.core import sqlite
from studium.services.cache.tally import FIGURES

HOUR_MS = 3_600_000
KEPT_MS = 7 * 24 * HOUR_MS
NAMES = ", ".join(FIGURES)
ADD = f"""INSERT INTO hour (hour_ms, {NAMES}) VALUES (?, {", ".join("?" * len(FIGURES))})
    ON CONFLICT (hour_ms) DO UPDATE SET {", ".join(f"{name} = {name} + excluded.{name}" for name in FIGURES)}"""
SUMS = f"SELECT {', '.join(f'coalesce(sum({name}), 0)' for name in FIGURES)} FROM hour WHERE hour_ms > ?"


def add(connection: sqlite.Connection, counts: Mapping[str, int], now_ms: int) -> None:
    """Add counts to the row of this hour; the first of an hour removes rows older than a week."""
    begin = now_ms - now_ms % HOUR_MS
    connection.execute(ADD, (begin, *(counts.get(name, 0) for name in FIGURES))).close()
    connection.execute("DELETE FROM hour WHERE hour_ms <= ?", (begin - KEPT_MS,)).close()


def sums(connection: sqlite.Connection, hours: int, now_ms: int) -> dict[str, int]:
    """Each figure over the hour that runs and those before it, `hours` in all."""
    begin = now_ms - now_ms % HOUR_MS
    found = connection.execute(SUMS, (begin - hours * HOUR_MS,)).fetchone()
    return dict(zip(FIGURES, found, strict=True))
