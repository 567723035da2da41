"""What courses, lessons, tiers and tasks are called, in every language of the site: a notice is read in a language that is known later."""

from __future__ import annotations

from dataclasses import dataclass

from studium.services.courses.catalogue import CourseInfo, find_course, find_course_by_id, find_lesson_by_id
from studium.services.languages import LANGUAGES
from studium.services.notifications.values import Title, Value
from studium.services.translation import translator


@dataclass(frozen=True)
class CourseNames:
    """A course for a notice: `values` fill its sentences with {course} and, if one was asked for and is on offer, {tier}.

    `path` leads to the page of the course, or to the dashboard when there is no such page any more.
    """

    values: dict[str, Value]
    path: str


def names_of_course(course_id: int, tier_id: int | None = None) -> CourseNames:
    """The names of a course, archived ones included; without any value for an unknown one."""
    found = {code: info for code in LANGUAGES if (info := find_course_by_id(course_id, code)) is not None}
    values: dict[str, Value] = {"course": Title({code: info.title for code, info in found.items()})} if found else {}
    tiers = {code: title for code, info in found.items() if (title := _tier(info, tier_id))}
    if tiers:
        values["tier"] = Title(tiers)
    slug = next((info.slug for info in found.values()), "")
    return CourseNames(values, f"/courses/{slug}" if slug and find_course(slug, LANGUAGES[0]) else "/dashboard")


def name_of_lesson(lesson_id: int) -> dict[str, Value]:
    """{"lesson": its title}; {} for an unknown one."""
    found = {code: info.title for code in LANGUAGES if (info := find_lesson_by_id(lesson_id, code)) is not None}
    return {"lesson": Title(found)} if found else {}


def in_all_languages(text: str) -> Title:
    """A text of the code, marked by `N_` where it stands, such as the title of a job kind."""
    return Title({code: translator(code).gettext(text) for code in LANGUAGES})


def _tier(course: CourseInfo, tier_id: int | None) -> str:
    return next((tier.title for tier in course.tiers if tier.id == tier_id), "")
