"""How much somebody watched, day by day, as plain values: what the progress plugin answers and reports read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class WatchedTime:
    """One lesson on one day. Both figures are whole seconds of media time: at double speed a minute brings two.

    `seconds` is what was watched, `new_seconds` the part of it that was never watched before; the rest was watched again.
    """

    day: date
    lesson_id: int
    seconds: int
    new_seconds: int
