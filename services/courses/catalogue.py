"""Questions about courses and lessons. Answers are frozen values; each call opens its own reading() and stays small.

A process remembers the last seen revision of each course: a question costs one indexed query until the next import.
"""

from __future__ import annotations

from collections.abc import Collection

from pony.orm import select

from studium.core.database import reading

from .entities import Course, Lesson
from .snapshot import CourseSnapshot
from .snapshot_rows import load_snapshot
from .values import Attachment, Caption, Chapter, CourseInfo, LessonInfo, LessonPage, ModuleInfo, TierInfo

__all__ = [
    "Attachment",
    "Caption",
    "Chapter",
    "CourseInfo",
    "LessonInfo",
    "LessonPage",
    "ModuleInfo",
    "TierInfo",
    "find_course",
    "find_course_by_id",
    "find_courses",
    "find_courses_by_id",
    "find_lesson",
    "find_lesson_by_id",
]

_snapshots: dict[int, CourseSnapshot] = {}


def find_courses(language: str) -> list[CourseInfo]:
    """Return all courses on offer in the order of their first import."""
    with reading():
        offered = Course.select(lambda course: not course.archived)
        found = select((course.id, course.revision) for course in offered)[:]
        return [_snapshot(course_id, revision).info(language) for course_id, revision in sorted(found)]


def find_course(slug: str, language: str) -> CourseInfo | None:
    """Return the course at /courses/<slug>, or None."""
    snapshot = _find_snapshot(slug)
    return snapshot.info(language) if snapshot else None


def find_course_by_id(course_id: int, language: str = "en") -> CourseInfo | None:
    """Return a course by its id, archived ones included, or None."""
    with reading():
        revision = select(course.revision for course in Course.select(lambda course: course.id == course_id)).get()
        return _snapshot(course_id, revision).info(language) if revision else None


def find_courses_by_id(course_ids: Collection[int], language: str = "en") -> dict[int, CourseInfo]:
    """Return courses by their ids, archived ones included, in one query; unknown ids are left out."""
    ids = set(course_ids)
    with reading():
        found = select((course.id, course.revision) for course in Course.select(lambda course: course.id in ids))[:]
        return {course_id: _snapshot(course_id, revision).info(language) for course_id, revision in found}


def find_lesson(course_slug: str, lesson_slug: str, language: str) -> LessonPage | None:
    """Return the page of a lesson, or None. Access is the caller's question (`studium.services.access`)."""
    snapshot = _find_snapshot(course_slug)
    return snapshot.page(lesson_slug, language) if snapshot else None


def find_lesson_by_id(lesson_id: int, language: str = "en") -> LessonInfo | None:
    """Return a lesson by its id, archived ones included (its `archived` tells), or None."""
    with reading():
        lessons = Lesson.select(lambda lesson: lesson.id == lesson_id)
        found = select((lesson.course.id, lesson.course.revision) for lesson in lessons).get()
        return _snapshot(*found).lesson(lesson_id, language) if found else None


def _find_snapshot(slug: str) -> CourseSnapshot | None:
    with reading():
        courses = Course.select(lambda course: course.slug == slug and not course.archived)
        found = select((course.id, course.revision) for course in courses).get()
        return _snapshot(*found) if found else None


def _snapshot(course_id: int, revision: str) -> CourseSnapshot:
    known = _snapshots.get(course_id)
    if known is None or known.revision != revision:
        known = _snapshots[course_id] = load_snapshot(course_id, revision)
    return known
