"""Numbers of payments for people, such as S-2026-000123: without gaps, in the order of their making, beginning anew each year (UTC)."""

from __future__ import annotations

from studium.core.clock import now
from studium.core.database import query

DIGITS = 6


def next_number() -> str:
    """The next number of this year; needs a transaction, whose write lock makes it unique."""
    prefix = f"S-{now().year}-"
    return f"{prefix}{_last(prefix) + 1:0{DIGITS}}"


def _last(prefix: str) -> int:
    within = "FROM payment WHERE number > ? AND number < ?"
    last = query(f"SELECT max(number) {within}", (prefix, prefix + ":"))[0][0]
    if last is not None and last >= f"{prefix}{'9' * DIGITS}":  # as texts, seven digits sort before six nines
        last = query(f"SELECT number {within} ORDER BY length(number) DESC, number DESC LIMIT 1", (prefix, prefix + ":"))[0][0]
    return int(last.removeprefix(prefix)) if last is not None else 0
