"""Sums of the minutes for charts: nothing is lost or counted twice at the edges of the spans."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from flask import Flask

from studium.core.database import transaction
from studium.queue.minutes import BOUNDS, minutes, percentile
from studium.queue.minutes_entities import JobMinute
from studium.queue.sqlite_minutes import sum_minutes

BEGIN = datetime(2026, 3, 1, 22, 0)
QUARTER = timedelta(minutes=15)


def plant(minute: datetime, queue: str = "default", started: int = 1) -> None:
    """One minute in which jobs started within 1 ms and succeeded."""
    waits = json.dumps([started, *[0] * len(BOUNDS)])
    JobMinute(minute=minute, queue=queue, started=started, succeeded=started, failed=2, cancelled=3, retried=4, wait_ms=waits, run_ms=5)


def test_each_minute_falls_into_the_span_in_which_it_begins(app: Flask) -> None:
    with app.app_context():
        with transaction():
            for ago in (-1, 0, 14, 15, 44, 45):
                plant(BEGIN + timedelta(minutes=ago))
        sums = sum_minutes(BEGIN, BEGIN + 3 * QUARTER, QUARTER)
    assert [(span.minute, span.started) for span in sums] == [(BEGIN, 2), (BEGIN + QUARTER, 1), (BEGIN + 2 * QUARTER, 1)]


def test_queues_are_added_up_and_silence_is_zero(app: Flask) -> None:
    with app.app_context():
        with transaction():
            plant(BEGIN, "default", 7)
            plant(BEGIN, "realtime", 1)
        first, silent = sum_minutes(BEGIN, BEGIN + timedelta(minutes=20), QUARTER)
        apart = minutes(None, BEGIN, BEGIN + QUARTER)
    assert (first.started, first.succeeded, first.failed, first.cancelled, first.retried, first.run_ms) == (8, 8, 4, 6, 8, 10)
    assert percentile([first], 0.5) == percentile(apart, 0.5)
    assert (silent.started, silent.run_ms, percentile([silent], 0.5)) == (0, 0, None)
