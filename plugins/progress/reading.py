"""Completion of lessons by other means than watching: text that was read to its end, or a button, which a video may have too."""

from __future__ import annotations

from dataclasses import replace

from studium.core.clock import now, now_ms
from studium.core.database import transaction
from studium.core.errors import Conflict, NotFound
from studium.core.facts import publish
from studium.plugins.progress import beats, merge, store
from studium.plugins.progress.live import Change
from studium.services.courses.catalogue import LessonInfo
from studium.services.facts import LessonCompleted


def complete(user_id: int, info: LessonInfo) -> Change:
    """Mark the lesson as read; doing it again changes nothing and gives the same answer.

    Raises Conflict for a lesson that is completed by watching, NotFound for somebody who deleted their account meanwhile.
    """
    if info.rule == "watch":
        raise Conflict(f"This lesson is completed by watching {info.threshold} % of it, not by a click.")
    with transaction():
        if store.read_forgotten([user_id]):
            raise NotFound("This account was deleted.")
        before = store.read_completed(user_id, info.id)
        lesson = merge.fold(store.read_sessions(user_id, info.id).values(), beats.rule_of(info), True)
        if not before:
            lesson = replace(lesson, last_event_at=now_ms())
            at = now()
            store.write_lessons([store.LessonWrite(user_id, info.id, info.course_id, info.duration_ms, lesson, at)])
            payload = LessonCompleted(user_id=user_id, lesson_id=info.id, course_id=info.course_id, completed_at=at)
            publish(payload, unique_key=f"{user_id}:{info.id}")
    return Change(user_id, info, lesson, not before, None)
