"""Moments as people read them where they are. Babel's data is heavy, so only what shows a moment to somebody imports this module."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from babel.dates import format_date, format_time

from studium.services.time_zones import zone_of

DAY_OF_YEAR = {"en": "MMMM d"}
ELSEWHERE = "d MMMM"
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def format_moment(at: datetime, language: str, time_zone: str, *, year: bool = True, offset: bool = False) -> str:
    """Day and time of a moment (naive UTC): "June 3, 2025, 12:30 AM"; who never said where they are reads that it is UTC.

    `year` False leaves the year out, where it is plain. `offset` adds how far the clock there is from UTC, for what others read as well.
    """
    zone = zone_of(time_zone)
    local = at.replace(tzinfo=UTC).astimezone(zone)
    day = format_date(local, "long" if year else DAY_OF_YEAR.get(language, ELSEWHERE), locale=language)
    shown = f"{day}, {format_time(local.time(), 'short', locale=language)}"
    return f"{shown} {offset_name(local)}" if offset or zone.key == "UTC" else shown


def format_day(at: datetime, language: str, time_zone: str) -> str:
    """The day of a moment (naive UTC): "June 3, 2025"."""
    return str(format_date(at.replace(tzinfo=UTC).astimezone(zone_of(time_zone)), "long", locale=language))


def offset_name(local: datetime) -> str:
    """How far the clock is from UTC at this moment: "UTC", "UTC+3", "UTC+5:30", "UTC−3:30". Babel's own name of the last is −04:30."""
    offset = local.utcoffset() or timedelta()
    if not offset:
        return "UTC"
    hours, rest = divmod(abs(offset), HOUR)
    sign = "+" if offset > timedelta() else "\N{MINUS SIGN}"
    return f"UTC{sign}{hours}:{rest // MINUTE:02}" if rest else f"UTC{sign}{hours}"
