"""Plants people who have completed a course, straight into a stack's database, and tells so by the facts; prints them as JSON.

`graduates.py NUMBER`; prints [{"user", "token"}, ...].
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta

from studium.core.app import create_app
from studium.core.clock import now
from studium.core.database import transaction
from studium.core.facts import publish
from studium.plugins.progress.entities import LessonRow
from studium.services.courses.entities import Lesson
from studium.services.facts import LessonCompleted
from tests.faults.plant import DURATION_MS, plant_lessons, plant_student


def complete(user: int, lesson: Lesson) -> None:
    """As if the student had watched it all an hour ago."""
    at = now() - timedelta(hours=1)
    course = lesson.course.id
    watched = {"position": DURATION_MS, "covered": DURATION_MS, "segments": json.dumps([[0, DURATION_MS]]), "last_watched_at": at}
    LessonRow(user_id=user, lesson_id=lesson.id, course_id=course, completed=True, completed_at=at, **watched)
    publish(LessonCompleted(user_id=user, lesson_id=lesson.id, course_id=course, completed_at=at), unique_key=f"{user}:{lesson.id}")


def main() -> None:
    """Plant, then print."""
    with create_app(program="cli").app_context(), transaction():
        lessons = [Lesson[lesson] for lesson in plant_lessons(3)]
        people = [plant_student(number) for number in range(int(sys.argv[1]))]
        for user, _token in people:
            for lesson in lessons:
                complete(user, lesson)
    print(json.dumps([{"user": user, "token": token} for user, token in people]))


if __name__ == "__main__":
    main()
