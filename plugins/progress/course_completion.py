"""Tells that a course is completed, once for each student: when a lesson was completed and no required one is missing any more."""

from __future__ import annotations

from studium.core.database import transaction
from studium.core.facts import publish
from studium.plugins.progress.courses import find_course_progress
from studium.services.facts import CourseCompleted, LessonCompleted


def look_at_course(fact: LessonCompleted) -> None:
    """Publish `course_completed` if the lesson's course is complete as it is today.

    The course may have changed since the lesson was completed: lessons that it lost do not count, lessons that it gained do. Once
    published it stays, whatever the course gains later.
    """
    found = find_course_progress(fact.user_id, fact.course_id)
    if found is None or found.completed_at is None:
        return
    with transaction():
        payload = CourseCompleted(user_id=fact.user_id, course_id=fact.course_id, completed_at=found.completed_at)
        publish(payload, unique_key=f"{fact.user_id}:{fact.course_id}")
