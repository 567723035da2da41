"""Shows a change of progress in all open pages of the student."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json

from studium.core.clock import now_ms
from studium.plugins.progress.merge import Lesson
from studium.plugins.progress.tickets import Ticket
from studium.services.cable import user_stream
from studium.services.cable.publishing import publish_all
from studium.services.cable.sqlite_store import Draft
from studium.services.courses.catalogue import LessonInfo

MOST_GAPS = 200


@dataclass(frozen=True, slots=True)
class Change:
    """A lesson's new progress, and the watch session that brought it, if one did."""

    user_id: int
    info: LessonInfo
    lesson: Lesson
    completed_now: bool
    ticket: Ticket | None

    def answer(self) -> dict[str, Any]:
        """The answer to a beat: {covered, position, completed, missing}."""
        return answer(self.lesson, self.info.duration_ms)


def answer(lesson: Lesson, duration: int) -> dict[str, Any]:
    """A lesson's progress as architecture section 8 shows it; `covered` is a fraction, rounded down to four digits."""
    return {
        "covered": fraction(lesson.covered, duration, lesson.completed), "position": lesson.position, "completed": lesson.completed,
        "missing": lesson.missing[:MOST_GAPS],
    }


def fraction(covered: int, duration: int, completed: bool) -> float:
    """The watched part, rounded down to four digits; a lesson without a duration is all or nothing."""
    return min(covered, duration) * 10_000 // duration / 10_000 if duration else float(completed)


def show(changes: Sequence[Change], counts: dict[tuple[int, int], dict[str, int]]) -> None:
    """Publish the changes on the students' streams; of one lesson only the newest is kept for pages that come back.

    `counts` holds the course's numbers, by (user id, course id), where a completion changed them.
    """
    newest = {(change.user_id, change.info.id): change for change in changes}
    publish_all([_draft(change, counts.get((change.user_id, change.info.course_id), {})) for change in newest.values()])


def _draft(change: Change, counts: dict[str, int]) -> Draft:
    info, ticket = change.info, change.ticket
    body = {"type": "progress", "course": info.course_slug, "lesson": info.slug, "lesson_id": info.id}
    if ticket is not None:
        body |= {"sid": ticket.sid, "device": ticket.device}
    payload = to_json({"data": body | change.answer() | counts}).decode()
    return Draft(user_stream(change.user_id), payload, now_ms(), f"progress:{info.id}")
