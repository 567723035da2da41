"""How documents write durations, days and percents in a language. Imported only while a job runs, since Babel is heavy."""

from __future__ import annotations

from datetime import date, datetime, tzinfo

from babel.dates import format_date, format_interval, format_skeleton, format_time, get_timezone_location
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit


class Formats:
    """Numbers and dates of one language; days and moments are in the reader's time zone already."""

    def __init__(self, language: str) -> None:
        self.language = language

    def duration(self, seconds: int) -> str:
        """As "1 hr 20 min"; below one minute in seconds, from 100 hours on without minutes."""
        if 0 < seconds < 60:
            return self._unit(seconds, "duration-second")
        hours, minutes = divmod(round(seconds / 60), 60)
        if hours >= 100:
            return self._unit(round(seconds / 3600), "duration-hour")
        parts = [(hours, "duration-hour"), (minutes, "duration-minute")]
        return " ".join(self._unit(amount, unit) for amount, unit in parts if amount or (unit == "duration-minute" and not hours))

    def tick(self, seconds: int, step: int) -> str:
        """A place on an axis whose lines are `step` seconds apart, in one unit: "90 min", "2 hr"."""
        unit, length = ("duration-hour", 3600) if step % 3600 == 0 else ("duration-minute", 60)
        return self._unit(seconds // length, unit) if seconds else "0"

    def day(self, day: date) -> str:
        """As "May 30, 2025"."""
        return format_date(day, "long", locale=self.language)

    def short_day(self, day: date) -> str:
        """As "Apr 30, 2025", for tables."""
        return format_date(day, "medium", locale=self.language)

    def day_of_year(self, day: date) -> str:
        """As "May 30", for the axis of a chart."""
        return format_skeleton("MMMd", datetime.combine(day, datetime.min.time()), locale=self.language)

    def month(self, day: date) -> str:
        """As "May", for the axis of a chart; January tells its year."""
        return format_date(day, "LLL y" if day.month == 1 else "LLL", locale=self.language)

    def period(self, first: date, last: date) -> str:
        """As "May 1 – 30, 2025", the shortest way to write both ends."""
        return str(format_interval(first, last, "yMMMd", locale=self.language))

    def moment(self, moment: datetime) -> str:
        """As "May 30, 2025, 2:05 PM"."""
        return f"{self.day(moment)}, {format_time(moment.time(), 'short', locale=self.language)}"

    def zone(self, zone: tzinfo | None) -> str:
        """As "Moscow": the city after which a time zone is called; "UTC" for who never said where they are."""
        return str(get_timezone_location(zone, locale=self.language, return_city=True))

    def percent(self, percent: int) -> str:
        """As "45 %"."""
        return str(format_percent(percent / 100, locale=self.language))

    def number(self, value: int) -> str:
        """As "12,345"."""
        return str(format_decimal(value, locale=self.language))

    def _unit(self, amount: int, unit: str) -> str:
        return str(format_unit(amount, unit, "short", locale=self.language))
