"""Why a lesson is not open to somebody: the tiers that include it, and when it opens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from studium.core.clock import now
from studium.services.courses.catalogue import CourseInfo, LessonInfo, TierInfo
from studium.services.courses.openings import opens_at
from studium.services.sales import CourseAccess


@dataclass(frozen=True)
class Lock:
    """`tiers` include the lesson, the lowest first; `opens_at` (naive UTC) is when it opens to who has one of them, or needs none."""

    tiers: tuple[TierInfo, ...]
    opens_at: datetime | None


def lock_of(course: CourseInfo, lesson: LessonInfo, access: CourseAccess | None) -> Lock:
    """What keeps a person with this access, or without any, from a lesson that `may_watch` refused."""
    tiers = tiers_with(course, lesson)
    if tiers and (access is None or not access.tiers & {tier.key for tier in tiers}):
        return Lock(tiers, None)
    moment = opens_at(lesson.available, access.since if access else None)
    return Lock(tiers, moment if moment is not None and moment > now() else None)


def tiers_with(course: CourseInfo, lesson: LessonInfo) -> tuple[TierInfo, ...]:
    """The tiers on offer that include the lesson: those it names, and all above the lowest of them."""
    named = [index for index, tier in enumerate(course.tiers) if not lesson.tiers or tier.key in lesson.tiers]
    return course.tiers[named[0] :] if named else ()
