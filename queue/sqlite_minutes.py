"""The adapter of the minutes' sums to SQLite, for charts of a day or a week: the database groups and adds up the twenty thousand rows of a
week, since one entity or even one tuple a row takes several times as long.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from studium.core.database import query, reading
from studium.queue.minutes import BOUNDS, Minute

SUMS = """
select (cast(strftime('%s', minute) as integer) - ?) / ? as span,
    sum(started), sum(succeeded), sum(failed), sum(cancelled), sum(retried), group_concat(wait_ms), sum(run_ms)
from job_minute where minute >= ? and minute < ? group by span"""
NOTHING = (0, 0, 0, 0, 0, (0,) * (len(BOUNDS) + 1), 0)


def sum_minutes(since: datetime, until: datetime, span: timedelta) -> list[Minute]:
    """The minutes of all queues as one sum a span (whole minutes), from `since` to `until` (naive UTC), oldest first.

    A sum has the span's begin as its `minute` and no queue's name. Spans in which nothing happened are there too, with zeros.
    """
    begin = int(since.replace(tzinfo=UTC).timestamp())
    with reading():
        rows = query(SUMS, [begin, span // timedelta(seconds=1), since, until])
    found = {row[0]: _values(*row[1:]) for row in rows}
    return [Minute(since + span * number, "", *found.get(number, NOTHING)) for number in range(-(-(until - since) // span))]


def _values(*row: Any) -> tuple[Any, ...]:
    *counts, waits, run_ms = row
    lists: Sequence[Sequence[int]] = json.loads(f"[{waits}]")
    return (*counts, tuple(map(sum, zip(*lists, strict=True))), run_ms)
