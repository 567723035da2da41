"""Who may watch a lesson: decided by running enrolments, the order of tiers, and the lesson's opening."""

from __future__ import annotations

from pony.orm import select

from studium.core.clock import now
from studium.core.database import reading
from studium.plugins.payments.entities import Enrolment
from studium.plugins.payments.holdings import Holdings, holdings_for_lesson, holdings_of
from studium.services.courses.openings import opens_at
from studium.services.sales import CourseAccess


def may_watch(user_id: int, lesson_id: int) -> bool | None:
    """Whether the person's highest running tier includes the lesson, and it is open by now; None for an unknown lesson.

    A course without tiers is open to every signed-in person. So is what a tier that costs nothing includes, but a lesson of it that opens
    some days after the enrolment waits until the person enrols.
    """
    held = holdings_for_lesson(user_id, lesson_id)
    if held is None:
        return None
    rule = held.rules.lessons[lesson_id]
    if not held.rules.sells:
        return _is_open(rule.available, held)
    rank = _rank(held)
    return rank is not None and rule.rank <= rank and _is_open(rule.available, held)


def find_course_access(user_id: int, course_id: int) -> CourseAccess | None:
    """The tiers that the person holds by running enrolments, since when, and until when the last of them runs; None without one."""
    held = holdings_of(user_id, course_id)
    if held is None or held.since is None:
        return None
    ends = [one.expires_at for one in held.running if one.expires_at is not None]
    for_life = len(ends) < len(held.running)
    return CourseAccess(frozenset(one.tier_key for one in held.running), held.since, None if for_life else max(ends))


def find_enrolled_ids(course_id: int, after: int, limit: int) -> list[int]:
    """Ids of people above `after` with a running enrolment in the course, ascending, each once, at most `limit`."""
    at = now()
    with reading():
        found = select(row.user_id for row in Enrolment  # type: ignore[attr-defined]
                       if row.course_id == course_id and row.revoked_at is None and row.user_id > after
                       and (row.expires_at is None or row.expires_at > at))
        return list(found.distinct().order_by(1)[:limit])


def _rank(held: Holdings) -> int | None:
    ranks = [one.rank for one in held.running]
    if held.rules.free_rank is not None:
        ranks.append(held.rules.free_rank)
    return max(ranks, default=None)


def _is_open(available: str, held: Holdings) -> bool:
    if available.startswith("+") and held.since is None:
        return not held.rules.sells
    moment = opens_at(available, held.since)
    return moment is None or moment <= now()
