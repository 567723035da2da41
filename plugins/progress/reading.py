"""Completion of lessons that are not watched: text that was read to its end, or a button."""

from __future__ import annotations

from studium.core.clock import now, now_ms
from studium.core.database import transaction
from studium.core.errors import Conflict
from studium.core.facts import publish
from studium.plugins.progress import store
from studium.plugins.progress.live import Change
from studium.plugins.progress.merge import Lesson
from studium.services.courses.catalogue import LessonInfo
from studium.services.facts import LessonCompleted


def complete(user_id: int, info: LessonInfo) -> Change:
    """Mark the lesson as read; doing it again changes nothing and gives the same answer.

    Raises Conflict for a lesson that is completed by watching.
    """
    if info.rule == "watch":
        raise Conflict(f"This lesson is completed by watching {info.threshold} % of it, not by a click.")
    with transaction():
        before = store.read_completed(user_id, info.id)
        lesson = Lesson([], 0, [], 0, 0, now_ms(), True)
        if not before:
            at = now()
            store.write_lessons([store.LessonWrite(user_id, info.id, info.course_id, info.duration_ms, lesson, at)])
            payload = LessonCompleted(user_id=user_id, lesson_id=info.id, course_id=info.course_id, completed_at=at)
            publish(payload, unique_key=f"{user_id}:{info.id}")
    return Change(user_id, info, lesson, not before, None)
