"""When an open payment is asked after: 1, 5 and 15 minutes after it was begun, then hourly until its offer ends, and for a day more."""

from __future__ import annotations

from datetime import datetime, timedelta

FIRST = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
THEN = timedelta(hours=1)
RARELY = timedelta(hours=6)  # a newer payment took its place, or a person has to look at it
OFFER = timedelta(days=1)  # how long an offer lasts whose provider did not say
GRACE = timedelta(days=1)  # after the end of the offer; a provider that still says "pending" then is not waited for


def next_check(begun_at: datetime, moment: datetime, checks: int, *, rarely: bool = False) -> datetime:
    """The next time after `checks` checks; never in the past, whatever was missed while nothing ran. `rarely`: nobody is at it any more."""
    if rarely:
        return moment + RARELY
    if checks < len(FIRST):
        return max(begun_at + FIRST[checks], moment + timedelta(seconds=30))
    return moment + THEN


def is_over(begun_at: datetime, expires_at: datetime | None, moment: datetime) -> bool:
    """Whether nobody waits for it any more."""
    return moment > (expires_at or begun_at + OFFER) + GRACE
