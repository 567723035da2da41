"""The one source of the present time, so that tests can set it; UTC everywhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

_clock: Callable[[], float] = time.time


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return int(_clock() * 1000)


def now() -> datetime:
    """The present as a naive UTC datetime with microseconds, as the database stores it."""
    return datetime.fromtimestamp(_clock(), UTC).replace(tzinfo=None)


def set_clock(clock: Callable[[], float] | None) -> None:
    """Take the time (seconds since the epoch) from `clock`; None brings the real one back."""
    global _clock
    _clock = clock or time.time
