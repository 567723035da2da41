"""Plants a course, students who are signed in, and their watch sessions, straight into a stack's database; prints them as JSON.

`plant.py STUDENTS LESSONS`; prints [{"user", "token", "sids": [[lesson, sid], ...]}, ...]. Sessions began a day ago, so that the pace
of a test is an honest one.
"""

from __future__ import annotations

import json
import sys
import time

from studium.core import clock
from studium.core.app import create_app
from studium.core.clock import now
from studium.core.database import transaction
from studium.plugins.auth.people import take_over
from studium.plugins.auth.sessions import open_session
from studium.plugins.progress import tickets
from studium.services.courses.entities import Course, Lesson, Module
from studium.services.sign_in import ExternalIdentity

DURATION_MS = 300_000
TEXTS = json.dumps({"title": {"en": "Tea"}, "summary": {}, "description": {}, "body": {"en": "Tea"}})


def plant_lessons(number: int) -> list[int]:
    """A course of video lessons of five minutes; their ids."""
    at = now()
    course = Course(
        key="tea", slug="tea", languages="en", texts=TEXTS, revision="1", content_hash="1", archived=False, created_at=at, updated_at=at
    )
    module = Module(course=course, key="m", position=0, texts=TEXTS, archived=False)
    lessons = [
        Lesson(
            course=course,
            module=module,
            key=f"l{index}",
            slug=f"l{index}",
            path=f"l{index}.md",
            position=index,
            type="video",
            rule="watch",
            threshold=90,
            duration_ms=DURATION_MS,
            preview=False,
            required=True,
            available="now",
            tiers="[]",
            texts=TEXTS,
            chapters="[]",
            asset_rev="rev",
            content_hash="1",
            archived=False,
            created_at=at,
            updated_at=at,
        )
        for index in range(number)
    ]
    for lesson in lessons:
        lesson.flush()
    return [lesson.id for lesson in lessons]


def plant_student(number: int) -> tuple[int, str]:
    """A student with an open session: id and token."""
    user = take_over(ExternalIdentity(1_000 + number, f"Student {number}"))
    user.flush()
    return user.id, open_session(user, "test", "", "")


def main() -> None:
    """Plant, then print."""
    students, lessons = int(sys.argv[1]), int(sys.argv[2])
    with create_app(program="cli").app_context():
        with transaction():
            ids = plant_lessons(lessons)
            people = [plant_student(number) for number in range(students)]
        yesterday = time.time() - 86_400
        clock.set_clock(lambda: yesterday)
        print(
            json.dumps(
                [
                    {"user": user, "token": token, "sids": [[lesson, tickets.issue(user, lesson, "rev", "computer")] for lesson in ids]}
                    for user, token in people
                ]
            )
        )


if __name__ == "__main__":
    main()
