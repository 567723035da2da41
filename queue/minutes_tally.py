"""Counts the changes of jobs for the statistics of `minutes.py`."""

from __future__ import annotations

import json
import threading
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from flask import Flask, current_app

from studium.core.clock import now
from studium.core.database import after_commit
from studium.queue.job_view import JobView
from studium.queue.minutes import BOUNDS, COUNTS
from studium.queue.minutes_entities import JobMinute

EXTENSION = "studium.queue.tally"
COUNT_OF_EVENT = {
    "job_started": "started",
    "job_succeeded": "succeeded",
    "job_failed": "failed",
    "job_cancelled": "cancelled",
    "job_retrying": "retried",
}
Key = tuple[datetime, str]


@dataclass
class Sums:
    """What is to be added to one minute of one queue."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))
    wait_ms: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    run_ms: int = 0

    def add(self, other: Sums) -> None:
        """Add the other's figures to these."""
        for name, count in other.counts.items():
            self.counts[name] += count
        self.wait_ms = [a + b for a, b in zip(self.wait_ms, other.wait_ms, strict=True)]
        self.run_ms += other.run_ms


class Tally:
    """The sums of this process that are not in the rows yet; they are only kept here while a heart writes them (`collecting`)."""

    def __init__(self) -> None:
        self.collecting = False
        self._sums: dict[Key, Sums] = {}
        self._lock = threading.Lock()

    def note(self, event: str, job: JobView) -> None:
        """Within the transaction of a change: count it, if it is one of those that are counted."""
        name = COUNT_OF_EVENT.get(event)
        if name is None:
            return
        key, sums = (now().replace(second=0, microsecond=0), job.queue), _sums_of(name, job)
        if self.collecting:
            after_commit(lambda: self.add({key: sums}))
        else:
            merge({key: sums})

    def add(self, found: dict[Key, Sums]) -> None:
        """Keep these sums until they are taken."""
        with self._lock:
            for key, sums in found.items():
                self._sums.setdefault(key, Sums()).add(sums)

    @contextmanager
    def taken(self) -> Iterator[dict[Key, Sums]]:
        """All sums, to be merged into the rows by a transaction within the block; if it fails they are kept."""
        with self._lock:
            taken, self._sums = self._sums, {}
        try:
            yield taken
        except BaseException:
            self.add(taken)
            raise


def merge(found: dict[Key, Sums]) -> None:
    """Within a transaction: add the sums to the rows."""
    for (minute, queue), sums in sorted(found.items()):
        row = JobMinute.get_for_update(minute=minute, queue=queue)
        if row is None:
            wait = json.dumps(sums.wait_ms)
            JobMinute(minute=minute, queue=queue, **sums.counts, wait_ms=wait, run_ms=sums.run_ms)
            continue
        for name, count in sums.counts.items():
            setattr(row, name, getattr(row, name) + count)
        waits = zip(json.loads(row.wait_ms), sums.wait_ms, strict=True)
        row.set(wait_ms=json.dumps([a + b for a, b in waits]), run_ms=row.run_ms + sums.run_ms)


def init_tally(app: Flask) -> None:
    """One tally an app."""
    app.extensions[EXTENSION] = Tally()


def tally() -> Tally:
    """The tally of the current app."""
    return cast(Tally, current_app.extensions[EXTENSION])


def _sums_of(name: str, job: JobView) -> Sums:
    sums = Sums()
    sums.counts[name] = 1
    if job.started_at is None:
        return sums
    if name == "started":
        wait = _ms(max(job.run_at, job.created_at), job.started_at)
        sums.wait_ms[bisect_left(BOUNDS, wait)] = 1
    elif job.worker or name != "cancelled":  # one that waits for a retry and is cancelled has no worker, and did not run now
        sums.run_ms = round(_ms(job.started_at, now()))
    return sums


def _ms(begin: datetime, end: datetime) -> float:
    """Never negative: the clock may have been set back in between."""
    return max(0.0, (end - begin).total_seconds() * 1000)
