"""When a periodic task is due: by cron text in a time zone, or every so many seconds. All moments are naive UTC.

cronsim and zoneinfo are imported where a cron text is read, so that only a process that asks for due times pays for them.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import takewhile

EPOCH = datetime(1970, 1, 1)
FIELD = re.compile(r"[0-9A-Za-z*,/#-]+")
FIRST_WINDOW = timedelta(hours=1)


@dataclass(frozen=True)
class Schedule:
    """Either `cron` (five fields, or six with seconds first; as Debian's cron) in a `time_zone`, or `every_seconds`.

    Every n seconds means the multiples of n since 1970, so all processes agree and a restart shifts nothing. A cron time that
    daylight saving skips is due at the first minute after the gap; one that it repeats is due once; a `*` in the field of
    minutes or hours follows real time instead.
    """

    cron: str = ""
    every_seconds: int = 0
    time_zone: str = "UTC"

    def __str__(self) -> str:
        if self.every_seconds:
            return f"every {self.every_seconds} s"
        return self.cron if self.time_zone == "UTC" else f"{self.cron} ({self.time_zone})"

    def check(self) -> None:
        """Raise ValueError if the shape is wrong, as far as that can be told without reading the cron text."""
        if bool(self.cron) == bool(self.every_seconds):
            raise ValueError("give either cron or every_seconds, not both and not none")
        if self.every_seconds < 0 or self.every_seconds != int(self.every_seconds):
            raise ValueError(f"every_seconds is {self.every_seconds}; it must be a whole number of at least 1")
        fields = self.cron.split()
        if self.cron and (len(fields) not in (5, 6) or not all(FIELD.fullmatch(field) for field in fields)):
            raise ValueError(f"cron text {self.cron!r} needs five fields: minute hour day-of-month month day-of-week")
        if len(str(self)) > 200:
            raise ValueError("the schedule is longer than 200 characters")

    def check_cron(self) -> None:
        """Raise ValueError if the cron text or the time zone cannot be read, or if the text means no day at all."""
        from cronsim import CronSimError

        self._zone()
        try:
            self.next_after(EPOCH)
        except CronSimError as error:
            raise ValueError(f"cron text {self.cron!r} cannot be read: {error}") from error

    def next_after(self, moment: datetime) -> datetime:
        """The first due time after the moment."""
        for due in self._after(moment):
            return due
        raise ValueError(f"cron text {self.cron!r} is never due")

    def newest(self, first: datetime, until: datetime, most: int) -> list[datetime]:
        """The due times from `first`, which is one itself, to `until`; of more than `most` the newest, in order.

        Looks back from the end in growing steps, so that a year of minutes costs no more than the answer.
        """
        window = FIRST_WINDOW
        while True:
            start = max(first - timedelta(seconds=1), until - window)
            found = deque(takewhile(lambda due: due <= until, self._after(start)), maxlen=most)
            if start < first or len(found) == most:
                return list(found)
            window *= 4

    def _after(self, moment: datetime) -> Iterator[datetime]:
        if self.every_seconds:
            step = timedelta(seconds=self.every_seconds)
            due = EPOCH + ((moment - EPOCH) // step + 1) * step
            while True:
                yield due
                due += step
        from cronsim import CronSim

        for local in CronSim(self.cron, moment.replace(tzinfo=UTC).astimezone(self._zone())):
            due = local.astimezone(UTC).replace(tzinfo=None)
            if due > moment:  # in an hour that is repeated, cronsim answers with the first of the two, which may be over
                yield due

    def _zone(self) -> tzinfo:
        if self.time_zone == "UTC":
            return UTC
        from zoneinfo import ZoneInfo

        try:
            return ZoneInfo(self.time_zone)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"there is no time zone {self.time_zone!r} on this machine") from error
