"""The end of enrolments by the clock: told 7 days and 1 day before, and at the second itself.

Access needs none of this, it looks at the clock; this tells people and other plugins. A look each minute finds whatever is due, so nothing
is lost by a restart; for what ends before the next look it asks for a job at that very moment.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from pony.orm import select
from pydantic import BaseModel, ConfigDict

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.core.facts import publish
from studium.plugins.payments.access_messages import tell
from studium.plugins.payments.entities import Enrolment
from studium.plugins.payments.holdings import holdings_of, runs
from studium.queue import jobs
from studium.queue.kinds import job_kind
from studium.queue.periodic import PeriodicTask
from studium.queue.running import RunningJob
from studium.services.facts import AccessEnding, EnrolmentRevoked
from studium.services.translation import N_

BATCH = 200
SOON = timedelta(seconds=150)  # more than the time to the next look
ENDED, LAST_DAY, LAST_WEEK = 0, 1, 7
EACH_MINUTE = PeriodicTask("end_enrolments", N_("End what people bought for a time"), "end_enrolments", every_seconds=60)


class EndParams(BaseModel):
    """The enrolment that ends."""

    model_config = ConfigDict(extra="forbid")
    enrolment_id: int


@job_kind("end_enrolment", N_("End an enrolment"), params=EndParams, queue="realtime", priority=10)
def end_enrolment(_job: RunningJob, params: EndParams) -> None:
    """At the second of its end; one that was prolonged or revoked meanwhile is left alone."""
    _end(params.enrolment_id)


@job_kind("end_enrolments", N_("End what people bought for a time"), timeout=300)
def end_enrolments(job: RunningJob, _params: object) -> dict[str, Any]:
    """Look at all enrolments that end soon or are over; answers how many were ended, told of, and will be ended by a job of their own."""
    counts = {"ended": 0, "last_day": 0, "last_week": 0, "soon": 0}
    rounds: tuple[tuple[str, timedelta, int, Callable[[int], bool]], ...] = (
        ("ended", timedelta(), ENDED, _end), ("soon", SOON, ENDED, _ask_for_end), ("last_day", timedelta(days=1), LAST_DAY, _tell_last_day),
        ("last_week", timedelta(days=7), LAST_WEEK, _tell_last_week),
    )
    for name, ahead, notice, act in rounds:
        for enrolment_id in _due(ahead, notice):
            counts[name] += act(enrolment_id)
            job.checkpoint()
    return counts


def end_soon(row: Enrolment) -> None:
    """Ask for the job at the end of this enrolment, if that is before the next look at all. Needs a transaction."""
    if row.expires_at is not None and row.expires_at <= now() + SOON:
        key = f"{row.id} {row.expires_at.isoformat()}"  # a prolonged one ends by another job
        jobs.enqueue(end_enrolment, EndParams(enrolment_id=row.id), run_at=row.expires_at, unique_key=key)


def _due(ahead: timedelta, notice: int) -> list[int]:
    """Enrolments that end within `ahead` and were not told of yet by this notice or a later one; those that end first come first."""
    before = [noticed for noticed in (None, LAST_WEEK, LAST_DAY) if noticed is None or noticed > notice]
    with reading():
        found = [pair for noticed in before for pair in _ending(now() + ahead, noticed)]
    return [enrolment_id for _, enrolment_id in sorted(found)]


def _ending(until: datetime, noticed: int | None) -> list[tuple[datetime, int]]:
    """One seek of the index on (noticed_days, expires_at): what ended long ago is not looked at again."""
    rows = Enrolment.select(lambda row: row.noticed_days == noticed and row.expires_at <= until and row.revoked_at is None)
    return list(select((row.expires_at, row.id) for row in rows.order_by(lambda row: row.expires_at).limit(BATCH)))


def _end(enrolment_id: int) -> bool:
    with transaction():
        row = Enrolment.get(id=enrolment_id)
        if row is None or row.revoked_at is not None or row.noticed_days == ENDED or runs(row):
            return False
        row.noticed_days = ENDED
        publish(EnrolmentRevoked(enrolment_id=row.id, user_id=row.user_id, course_id=row.course_id, tier_id=row.tier_id, reason="expiry",
                                 revoked_at=row.expires_at))
        tell(row.user_id, row.course_id)
        return True


def _ask_for_end(enrolment_id: int) -> bool:
    with transaction():
        row = Enrolment.get(id=enrolment_id)
        if row is None or not runs(row):
            return False
        end_soon(row)
        return True


def _tell_last_day(enrolment_id: int) -> bool:
    return _tell_of_end(enrolment_id, LAST_DAY)


def _tell_last_week(enrolment_id: int) -> bool:
    return _tell_of_end(enrolment_id, LAST_WEEK)


def _tell_of_end(enrolment_id: int, days: int) -> bool:
    """One notice, for the number of days that it is due for; none for what a higher tier of the person outlasts."""
    with transaction():
        row = Enrolment.get(id=enrolment_id)
        if row is None or not runs(row) or row.expires_at is None or row.expires_at > now() + timedelta(days=days):
            return False
        if row.noticed_days is not None and row.noticed_days <= days:
            return False
        row.noticed_days = days
        if _is_outlasted(row):
            return False
        publish(AccessEnding(enrolment_id=row.id, user_id=row.user_id, course_id=row.course_id, tier_id=row.tier_id, days=days,
                             expires_at=row.expires_at))
        return True


def _is_outlasted(row: Enrolment) -> bool:
    held = holdings_of(row.user_id, row.course_id)
    if held is None:
        return False
    rank = held.rules.rank_of(row.tier_id)
    others = [one for one in held.running if one.id != row.id and one.rank >= rank]
    return any(one.expires_at is None or one.expires_at > row.expires_at for one in others)
