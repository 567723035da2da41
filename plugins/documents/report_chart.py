"""The scale of the chart of days: where its lines are, and which days are named below it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

STEPS = (60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 14400, 21600)  # seconds that people count in
MOST_LINES = 4
MOST_LABELS = 8


def axis(most: int) -> tuple[int, list[int]]:
    """The top of the scale for values up to `most` seconds, and its lines from 0 to the top, at even and round distances."""
    step = next((step for step in STEPS if most <= step * MOST_LINES), -(-most // (STEPS[-1] * MOST_LINES)) * STEPS[-1])
    lines = max(2, -(-most // step))
    return step * lines, [step * number for number in range(lines + 1)]


def labelled_days(days: Sequence[date], months: bool) -> list[int]:
    """The indexes of the days that are named: each first of a month, or at even distances, the last day among them."""
    if months:
        return [index for index, day in enumerate(days) if day.day == 1]
    step = -(-len(days) // MOST_LABELS)
    return sorted(range(len(days) - 1, -1, -step))
