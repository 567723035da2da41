"""When a person wants to be told: quiet hours and the time of the digest, in their time zone, across changes of its clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from studium.plugins.notifications.entities import Habit
from studium.services.time_zones import zone_of

DIGEST_AT = 18 * 60
MINUTES_A_DAY = 24 * 60
Quiet = tuple[int, int]


@dataclass(frozen=True)
class Habits:
    """Minutes of the day: of the digest, and of the first and the first no longer quiet one; None without quiet hours."""

    digest_at: int = DIGEST_AT
    quiet: Quiet | None = None


def habits_of(user_id: int) -> Habits:
    """What the person chose, else what everybody has; needs an open reading() or transaction()."""
    row = Habit.get(user_id=user_id)
    if row is None:
        return Habits()
    return Habits(row.digest_at, None if row.quiet_from is None else (row.quiet_from, row.quiet_until))


def next_digest(habits: Habits, time_zone: str, moment: datetime) -> datetime:
    """When the next digest goes out after `moment`; both naive UTC. One that falls into quiet hours waits for their end, and takes along
    what comes until then.
    """
    zone = zone_of(time_zone)
    today = _local(moment, zone).date()
    times = [_instant(today + timedelta(days=day), habits.digest_at, zone) for day in (-1, 0, 1)]
    return min(out for at in times if (out := quiet_end(habits, time_zone, at) or at) > moment)


def quiet_end(habits: Habits, time_zone: str, moment: datetime) -> datetime | None:
    """When the quiet hours end in which `moment` lies; None when it lies in none. Both naive UTC.

    The clock on the wall decides. In the night in which an hour comes twice, both are quiet; an end that the clock leaps over is later
    by as much as it leaps.
    """
    zone = zone_of(time_zone)
    if habits.quiet is None or not _is_quiet(habits.quiet, moment, zone):
        return None
    today, until = _local(moment, zone).date(), habits.quiet[1]
    ends = [_instant(today + timedelta(days=day), until, zone, fold) for day in (0, 1, 2) for fold in (0, 1)]
    return min(end for end in ends if end > moment and not _is_quiet(habits.quiet, end, zone))


def check(digest_at: int, quiet: Quiet | None) -> None:
    """Raises ValueError, naming it, for a minute that no day has, and for quiet hours without length."""
    for minute in (digest_at, *(quiet or ())):
        if not 0 <= minute < MINUTES_A_DAY:
            raise ValueError(f"{minute} is no minute of a day; give 0 to {MINUTES_A_DAY - 1}.")
    if quiet is not None and quiet[0] == quiet[1]:
        raise ValueError("Quiet hours begin and end at the same time; give two times, or none.")


def _is_quiet(quiet: Quiet, moment: datetime, zone: tzinfo) -> bool:
    local = _local(moment, zone)
    minute, (begin, until) = local.hour * 60 + local.minute, quiet
    return begin <= minute < until if begin < until else minute >= begin or minute < until


def _local(moment: datetime, zone: tzinfo) -> datetime:
    return moment.replace(tzinfo=UTC).astimezone(zone)


def _instant(day: date, minute: int, zone: tzinfo, fold: int = 0) -> datetime:
    """When the clock on the wall shows this minute; naive UTC."""
    local = datetime.combine(day, time(*divmod(minute, 60), fold=fold), zone)
    return local.astimezone(UTC).replace(tzinfo=None)
