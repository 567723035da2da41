"""A person's progress in lessons and courses, read for pages, the API and live counts, in a constant number of queries."""

from __future__ import annotations

import json
from collections.abc import Collection

from studium.core.database import reading
from studium.plugins.progress.entities import LessonRow
from studium.plugins.progress.intervals import gaps
from studium.plugins.progress.live import fraction
from studium.services.courses.catalogue import CourseInfo, LessonInfo, find_courses_by_id, find_lesson_by_id
from studium.services.progress import CourseProgress, LessonProgress, percent


def find_lesson_progress(user_id: int, lesson_id: int) -> LessonProgress | None:
    """One lesson, or None when it was never opened."""
    with reading():
        row = LessonRow.get(user_id=user_id, lesson_id=lesson_id)
        info = find_lesson_by_id(lesson_id) if row else None
        return _as_value(row, info) if row and info else None


def find_course_progress(user_id: int, course_id: int) -> CourseProgress | None:
    """A course with its opened lessons, or None for an unknown course."""
    return find_courses_progress(user_id, [course_id]).get(course_id)


def find_courses_progress(user_id: int, course_ids: Collection[int]) -> dict[int, CourseProgress]:
    """Courses by id, each with its opened lessons, in two queries; unknown courses are left out."""
    ids = set(course_ids)
    with reading():
        courses = find_courses_by_id(ids)
        infos = {info.id: info for course in courses.values() for info in course.lessons}
        rows = LessonRow.select(lambda row: row.user_id == user_id and row.course_id in ids)
        lessons: dict[int, dict[int, LessonProgress]] = {course_id: {} for course_id in courses}
        for row in rows:
            if row.lesson_id in infos and row.course_id in lessons:
                lessons[row.course_id][row.lesson_id] = _as_value(row, infos[row.lesson_id])
    return {course_id: _sum_up(course, lessons[course_id]) for course_id, course in courses.items()}


def counts(user_id: int, course_id: int) -> dict[str, int]:
    """The course's numbers as a live message carries them."""
    found = find_course_progress(user_id, course_id)
    if found is None:
        return {}
    return {"completed_lessons": found.completed_lessons, "required_lessons": found.required_lessons, "percent": found.percent}


def _sum_up(course: CourseInfo, lessons: dict[int, LessonProgress]) -> CourseProgress:
    required = [info.id for info in course.lessons if info.required]
    ends = [lessons[lesson_id].completed_at for lesson_id in required if lesson_id in lessons and lessons[lesson_id].completed]
    done = len(ends)
    watched = [lesson for lesson in lessons.values() if lesson.last_watched_at]
    last = max(watched, key=lambda lesson: lesson.last_watched_at, default=None)  # type: ignore[arg-type,return-value]
    return CourseProgress(
        course_id=course.id, completed_lessons=done, required_lessons=len(required), percent=percent(done, len(required)),
        lessons=lessons, resume_lesson_id=_resume(course, lessons, last), last_watched_at=last.last_watched_at if last else None,
        completed_at=max((at for at in ends if at), default=None) if required and done == len(required) else None,
    )


def _resume(course: CourseInfo, lessons: dict[int, LessonProgress], last: LessonProgress | None) -> int | None:
    """The lesson watched last, if it is not done; else the first that is not; None when all is done."""
    if last is not None and not last.completed:
        return last.lesson_id
    return next((info.id for info in course.lessons if info.id not in lessons or not lessons[info.id].completed), None)


def _as_value(row: LessonRow, info: LessonInfo) -> LessonProgress:
    segments = [(start, end) for start, end in json.loads(row.segments)]
    return LessonProgress(
        lesson_id=row.lesson_id, covered=fraction(row.covered, info.duration_ms, row.completed),
        position_ms=row.position, completed=row.completed, completed_at=row.completed_at,
        missing=tuple(gaps(segments, info.duration_ms)), segments=tuple(segments), last_watched_at=row.last_watched_at,
        watched_seconds=row.watch_time_seconds,
    )
