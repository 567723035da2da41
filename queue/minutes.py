"""What the queues did, minute by minute, for charts: counts, waiting times and running times.

A worker collects them in memory and adds them to the rows with its heartbeat and at its stop, so a worker that is killed
takes at most the statistics of the last three seconds with it. Programs without a heart (a page that cancels a job) add to
the row in the transaction of the change itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.queue.minutes_entities import JobMinute

COUNTS = ("started", "succeeded", "failed", "cancelled", "retried")
BOUNDS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000)
KEPT = timedelta(days=7)


@dataclass(frozen=True)
class Minute:
    """One minute of one queue; `minute` is its begin, naive UTC.

    `wait_ms` has one count of started runs for each bucket of waiting time: up to 1 ms, up to 2 ms ... (BOUNDS), and
    longer. `run_ms` is the total running time of all runs that ended.
    """

    minute: datetime
    queue: str
    started: int
    succeeded: int
    failed: int
    cancelled: int
    retried: int
    wait_ms: tuple[int, ...]
    run_ms: int


def minutes(queue: str | None, since: datetime, until: datetime) -> list[Minute]:
    """The minutes that begin within [since, until), of one queue or of all, by time; minutes without a job are left out."""
    with reading():
        rows = JobMinute.select(lambda row: row.minute >= since and row.minute < until)
        if queue is not None:
            rows = rows.where(lambda row: row.queue == queue)
        return [_view(row) for row in rows.order_by(lambda row: (row.minute, row.queue))]


def percentile(found: Iterable[Minute], share: float) -> float | None:
    """The waiting time in ms that `share` (such as 0.95) of the runs did not exceed; None when none was started.

    Runs are taken as evenly spread within their bucket; of those beyond the last bound only that bound is known.
    """
    waits = [minute.wait_ms for minute in found]
    counts = [sum(column) for column in zip(*waits, strict=True)]
    wanted, passed = share * sum(counts), 0
    for number, count in enumerate(counts):
        if count and passed + count >= wanted:
            return _within(number, (wanted - passed) / count)
        passed += count
    return None


def trim_minutes() -> int:
    """Remove the minutes older than seven days; returns how many. Reads only when there is none."""
    before = now() - KEPT
    with reading():
        if not JobMinute.exists(lambda row: row.minute < before):
            return 0
    with transaction():
        return int(JobMinute.select(lambda row: row.minute < before).delete(bulk=True))


def _within(bucket: int, share: float) -> float:
    lower = BOUNDS[bucket - 1] if bucket else 0
    upper = BOUNDS[bucket] if bucket < len(BOUNDS) else lower
    return lower + share * (upper - lower)


def _view(row: JobMinute) -> Minute:
    counts = {name: getattr(row, name) for name in COUNTS}
    return Minute(row.minute, row.queue, **counts, wait_ms=tuple(json.loads(row.wait_ms)), run_ms=row.run_ms)
