"""What of a course decides access: the ranks of its tiers, and for each lesson its tiers and its opening; remembered by revision."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from pony.orm import select

from studium.core.database import reading
from studium.services.courses.entities import Course, Lesson, Tier

ANY_TIER = -1


@dataclass(frozen=True)
class LessonRule:
    """`rank` is the lowest rank that includes the lesson (ANY_TIER: each does); `available` as the author wrote it."""

    rank: int
    available: str


@dataclass(frozen=True)
class CourseRules:
    """One course at one revision. `ranks` are by tier id, archived tiers included: who bought one keeps what it gave.

    `free_rank` is the highest rank of the tiers that cost nothing, None when all cost something; `sells` is False for a course that never
    had a tier with a price and has no tiers, which every signed-in person may watch. Taking the tiers out ends the sale, it opens nothing.
    """

    course_id: int
    slug: str
    revision: str
    sells: bool
    free_rank: int | None
    ranks: Mapping[int, int]
    lessons: Mapping[int, LessonRule]

    def rank_of(self, tier_id: int) -> int:
        """The place of a tier in the author's order: a higher one includes what the lower ones include."""
        return self.ranks.get(tier_id, ANY_TIER)


_known: dict[int, CourseRules] = {}  # as many as there are courses
_course_of: dict[int, int] = {}  # by lesson; those of _known


def rules_of_lesson(lesson_id: int, revisions: Mapping[int, str] | None = None) -> CourseRules | None:
    """The rules of the course that the lesson belongs to; None for an unknown lesson. One query, or with `revisions` mostly none."""
    rules = rules_of_course(_course_of[lesson_id], revisions) if revisions and lesson_id in _course_of else None
    if rules and lesson_id in rules.lessons:
        return rules
    with reading():
        found = Lesson.select(lambda lesson: lesson.id == lesson_id)
        row = select((lesson.course.id, lesson.course.revision) for lesson in found).get()
        return _rules(*row) if row else None


def revisions() -> dict[int, str]:
    """The revision of each course by its id, in one query: a page that asks for the rules of many courses hands them on."""
    with reading():
        return dict(select((course.id, course.revision) for course in Course)[:])  # type: ignore[attr-defined]


def rules_of_course(course_id: int, revisions: Mapping[int, str] | None = None) -> CourseRules | None:
    """The rules of a course, archived ones included; None for an unknown one. One query, or with `revisions` mostly none."""
    with reading():
        if revisions and course_id in revisions:
            return _rules(course_id, revisions[course_id])
        revision = select(course.revision for course in Course.select(lambda course: course.id == course_id)).get()
        return _rules(course_id, revision) if revision else None


def costs_nothing(prices: Mapping[str, str]) -> bool:
    """Whether a tier is free: its price is zero in every currency, or it has none."""
    return not any(Decimal(price) for price in prices.values())


def _rules(course_id: int, revision: str) -> CourseRules:
    known = _known.get(course_id)
    if known is None or known.revision != revision:
        known = _known[course_id] = _load(course_id, revision)
        _course_of.update(dict.fromkeys(known.lessons, course_id))
    return known


def _load(course_id: int, revision: str) -> CourseRules:
    tiers = list(Tier.select(lambda tier: tier.course.id == course_id))
    offered = [tier for tier in tiers if not tier.archived]
    by_key = {tier.key: tier.position for tier in tiers}
    free = [tier.position for tier in offered if costs_nothing(json.loads(tier.prices))]
    lessons = Lesson.select(lambda lesson: lesson.course.id == course_id)
    course = Course.get(id=course_id)
    return CourseRules(
        course_id=course_id, slug=course.slug, revision=revision, free_rank=max(free, default=None),
        sells=bool(offered) or any(not costs_nothing(json.loads(tier.prices)) for tier in tiers),
        ranks={tier.id: tier.position for tier in tiers},
        lessons={lesson.id: LessonRule(_lowest(json.loads(lesson.tiers), by_key), lesson.available) for lesson in lessons},
    )


def _lowest(keys: list[str], ranks: Mapping[str, int]) -> int:
    return min((ranks[key] for key in keys if key in ranks), default=ANY_TIER)
