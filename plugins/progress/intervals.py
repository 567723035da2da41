"""Sets of half-open intervals [start, end) in whole milliseconds, kept sorted and disjoint; union makes retries and reorder harmless."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Interval = tuple[int, int]
Intervals = list[Interval]


def union(*sets: Iterable[Sequence[int]]) -> Intervals:
    """All points of all sets; touching intervals become one, empty ones vanish."""
    merged: Intervals = []
    for start, end in sorted((item[0], item[1]) for items in sets for item in items if item[0] < item[1]):
        if merged and start <= merged[-1][1]:
            if end > merged[-1][1]:
                merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def clip(intervals: Iterable[Sequence[int]], low: int, high: int) -> Intervals:
    """The parts that lie within [low, high)."""
    return [(max(low, item[0]), min(high, item[1])) for item in intervals if item[0] < high and item[1] > low]


def measure(intervals: Iterable[Sequence[int]]) -> int:
    """Total length in milliseconds of a disjoint set."""
    return sum(end - start for start, end in intervals)


def gaps(intervals: Intervals, duration: int) -> Intervals:
    """What is missing of [0, duration)."""
    missing, at = [], 0
    for start, end in intervals:
        if start > at:
            missing.append((at, start))
        at = max(at, end)
    if at < duration:
        missing.append((at, duration))
    return missing
