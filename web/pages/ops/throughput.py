"""How many jobs ended and how long they waited, over the last hour, day or week: the numbers of both charts, and the charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import format_datetime
from flask_babel import gettext as _
from markupsafe import Markup

from studium.core.clock import now
from studium.queue.minutes import Minute, percentile
from studium.queue.sqlite_minutes import sum_minutes

from ... import charts
from .words import lasting

RANGES = {"1h": (60, 1), "24h": (1440, 15), "7d": (10_080, 120)}  # minutes in all, minutes a place on the chart
FIRST_RANGE = "1h"


@dataclass(frozen=True)
class Place:
    """One place on the charts, `minutes` long from `start` (naive UTC); the waits are ms, None when no job started."""

    start: datetime
    minutes: float
    started: int
    succeeded: int
    failed: int
    cancelled: int
    p50: float | None
    p95: float | None

    @property
    def ended(self) -> int:
        """Jobs that ended in any way."""
        return self.succeeded + self.failed + self.cancelled

    @property
    def busy(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self.started or self.ended)


@dataclass(frozen=True)
class Chart:
    """A drawing with the texts of its axes, from top to bottom and from left to right, and its series with one word each."""

    title: str
    drawing: Markup
    heights: tuple[str, ...]
    times: tuple[str, ...]
    legend: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Throughput:
    """Both charts of a range, and the busy places as rows for a table, newest first."""

    range: str
    charts: tuple[Chart, ...]
    rows: tuple[Place, ...]


def find_throughput(range_key: str) -> Throughput:
    """The charts of a range of RANGES."""
    places = find_places(range_key)
    rows = tuple(place for place in reversed(places) if place.busy)
    return Throughput(range_key, (_ended_chart(places), _wait_chart(places)), rows)


def find_places(range_key: str) -> list[Place]:
    """The places of a range, oldest first; the last one holds the present minute and is shorter until it is over."""
    length, step = RANGES[range_key]
    moment = now()
    day = datetime(moment.year, moment.month, moment.day)
    last = day + timedelta(minutes=int((moment - day).total_seconds()) // 60 // step * step)
    first = last - timedelta(minutes=length - step)
    sums = sum_minutes(first, moment, timedelta(minutes=step))
    return [_place(minute, min(step, (moment - minute.minute).total_seconds() / 60)) for minute in sums]


def _place(span: Minute, length: float) -> Place:
    return Place(
        span.minute,
        max(1.0, length),
        span.started,
        span.succeeded,
        span.failed,
        span.cancelled,
        percentile([span], 0.5),
        percentile([span], 0.95),
    )


def _ended_chart(places: Sequence[Place]) -> Chart:
    series = [
        charts.Series(key, title, tuple(getattr(place, key) / place.minutes for place in places))
        for key, title in (("succeeded", _("Succeeded")), ("failed", _("Failed")), ("cancelled", _("Cancelled")))
    ]
    top = charts.nice_top(max(place.ended / place.minutes for place in places))
    totals = [sum(getattr(place, row.key) for place in places) for row in series]
    title = _("Jobs ended a minute")
    told = ", ".join(f"{row.title}: {total}" for row, total in zip(series, totals, strict=True))
    about = _("From %(start)s until now. %(numbers)s. The same numbers are in the table below.", start=_time(places[0]), numbers=told)
    return Chart(
        title,
        charts.stacked_bars("chart-ended", title, about, series, top),
        tuple(_number(top * share) for share in (1, 0.5, 0)),
        _times(places),
        tuple((row.key, row.title, str(total)) for row, total in zip(series, totals, strict=True)),
    )


def _wait_chart(places: Sequence[Place]) -> Chart:
    series = [
        charts.Series("p50", _("Half of the jobs"), tuple(place.p50 for place in places)),
        charts.Series("p95", _("95 of 100 jobs"), tuple(place.p95 for place in places)),
    ]
    top = charts.nice_duration(max((value for row in series for value in row.values if value is not None), default=0))
    longest = [max((value for value in row.values if value is not None), default=None) for row in series]
    said = [lasting(value / 1000) if value is not None else "–" for value in longest]
    title = _("Wait from due to start, at most")
    told = ", ".join(f"{row.title}: {text}" for row, text in zip(series, said, strict=True))
    about = _("From %(start)s until now. %(numbers)s. The same numbers are in the table below.", start=_time(places[0]), numbers=told)
    return Chart(
        title,
        charts.lines("chart-wait", title, about, series, top),
        (lasting(top / 1000), lasting(top / 2000), "0"),
        _times(places),
        tuple((row.key, row.title, text) for row, text in zip(series, said, strict=True)),
    )


def _times(places: Sequence[Place]) -> tuple[str, ...]:
    return (_time(places[0]), _time(places[len(places) // 2]), _("now"))


def _time(place: Place) -> str:
    day_ago = now() - place.start > timedelta(hours=20)
    return str(format_datetime(place.start, "d MMM, HH:mm" if day_ago else "HH:mm"))


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
