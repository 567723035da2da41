"""Watched time by day and lesson, from the watch sessions that are stored; only reads.

What is stored of a session is when it began, when its last report was made, how long it played (wall time) and which parts of the video it
played. The days are derived from that by one rule:

- A session counts what it played, each second of the video once; a part that it repeats within itself is not seen in the rows.
- What no earlier session of the same video had is new, the rest was watched again. So the new seconds of all days together are exactly
  what the lesson shows as watched.
- It was played in the `played` milliseconds before its last report, or since its begin if that is later. So a tab that stays open for days
  does not make days of learning of its own. When that stretch crosses midnight, its seconds are divided in proportion.
- Quarantined sessions (not `credited`) do not count. Sessions of a video that was replaced do: they were watched.
"""

from __future__ import annotations

import heapq
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from pony.orm import select

from studium.core.database import reading
from studium.plugins.progress.entities import SessionRow
from studium.plugins.progress.intervals import Intervals, measure
from studium.services.watched_time import WatchedTime

_FAR = 2**62  # a place behind every video


@dataclass(frozen=True, slots=True)
class _Played:
    """One session: which video, the stretch of time in ms since the epoch, and the parts of the video."""

    lesson_id: int
    asset_rev: str
    since: int
    until: int
    segments: Intervals


def find_watched_time(user_id: int, since: datetime, until: datetime) -> list[WatchedTime]:
    """One value for each (day, lesson) from the day of `since` to the last one before `until`; the days are in `since`'s zone.

    One query, whatever the number of sessions.
    """
    zone = since.tzinfo or UTC
    first, last = since.date(), (until.astimezone(zone) - timedelta(microseconds=1)).date()
    found: dict[tuple[date, int], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for session, new in _with_new_parts(_read(user_id, until)):
        watched = measure(session.segments)
        for day, share in days_of(session.since, session.until, zone):
            if first <= day <= last:
                sums = found[day, session.lesson_id]
                sums[0] += watched * share
                sums[1] += new * share
    values = (WatchedTime(day, lesson_id, round(watched / 1000), round(new / 1000)) for (day, lesson_id), (watched, new) in found.items())
    return sorted((value for value in values if value.seconds), key=lambda value: (value.day, value.lesson_id))


def days_of(since: int, until: int, zone: tzinfo) -> Iterator[tuple[date, float]]:
    """The days that a stretch of time (ms since the epoch) touches, each with its part of the stretch, 0..1; a moment is one whole day."""
    day = datetime.fromtimestamp(since / 1000, zone).date()
    at = since
    while at < until:
        midnight = int(datetime.combine(day + timedelta(days=1), time(), zone).timestamp() * 1000)
        end = min(until, midnight)
        yield day, (end - at) / (until - since)
        day, at = day + timedelta(days=1), end
    if since >= until:
        yield day, 1.0


def first_seen(sets: Sequence[Iterable[Sequence[int]]]) -> list[int]:
    """For each set of disjoint intervals, in order, the length of what no earlier set has; in n log n of all intervals."""
    seen = [0] * len(sets)
    starts = sorted((part[0], order, part[1]) for order, parts in enumerate(sets) for part in parts)
    active: list[tuple[int, int]] = []  # (order, end): the earliest set that covers the present place is on top
    at = 0
    for start, order, end in [*starts, (_FAR, len(sets), _FAR)]:
        while active and at < start:
            owner, stop = active[0]
            if stop <= at:
                heapq.heappop(active)
                continue
            step = min(stop, start)
            seen[owner] += step - at
            at = step
        at = start
        heapq.heappush(active, (order, end))
    return seen


def _read(user_id: int, until: datetime) -> list[_Played]:
    """The credited sessions that began before `until`, the oldest first."""
    before = int(until.timestamp() * 1000)
    with reading():
        rows = select(
            (row.started_at, row.session_key, row.lesson_id, row.asset_rev, row.event_at, row.played, row.segments)
            for row in SessionRow  # type: ignore[attr-defined]
            if row.user_id == user_id and row.credited and row.started_at < before
        )[:]
    return [
        _Played(lesson_id, asset_rev, max(started_at, event_at - played), max(started_at, event_at), json.loads(segments))
        for started_at, _key, lesson_id, asset_rev, event_at, played, segments in sorted(rows)
    ]


def _with_new_parts(sessions: Iterable[_Played]) -> Iterator[tuple[_Played, int]]:
    """Each session with how many of its milliseconds no earlier session of its video had."""
    videos: dict[tuple[int, str], list[_Played]] = defaultdict(list)
    for session in sessions:
        videos[session.lesson_id, session.asset_rev].append(session)
    for watched in videos.values():
        yield from zip(watched, first_seen([session.segments for session in watched]), strict=True)
