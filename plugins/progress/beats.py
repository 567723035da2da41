"""Takes beats, many in one transaction: merge, store, complete; the answer is ready only when the transaction is committed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from studium.core.clock import now
from studium.core.database import transaction
from studium.core.facts import publish
from studium.plugins.progress import merge, store
from studium.plugins.progress.live import Change
from studium.plugins.progress.merge import Beat, Rule, Session
from studium.plugins.progress.tickets import REV_LENGTH, Ticket
from studium.services.courses.catalogue import LessonInfo, find_lesson_by_id
from studium.services.facts import LessonCompleted

LESSON_SECONDS = 10.0
_lessons: dict[int, tuple[float, LessonInfo | None]] = {}


@dataclass(frozen=True, slots=True)
class Received:
    """A beat with its ticket, and when it came, in ms since the epoch."""

    ticket: Ticket
    beat: Beat
    received_at: int


def take(received: Sequence[Received]) -> list[Change | None]:
    """Merge the beats and commit; the new progress for each beat, in the given order, or None where the lesson is gone.

    Beats of one (user, lesson) share their answer. Raises what the database raises; then nothing is stored.
    """
    groups: dict[tuple[int, int], list[Received]] = {}
    for item in received:
        groups.setdefault((item.ticket.user_id, item.ticket.lesson_id), []).append(item)
    with transaction():
        changes = {key: _take_group(key, items) for key, items in groups.items()}
        written = [write for write in changes.values() if write is not None]
        store.write_sessions([pair for write in written for pair in write.sessions])
        store.write_lessons([write.row for write in written])
        for write in written:
            _publish_completion(write.row)
    return [found.change if (found := changes[item.ticket.user_id, item.ticket.lesson_id]) else None for item in received]


@dataclass(frozen=True, slots=True)
class _Write:
    sessions: list[tuple[Ticket, Session]]
    row: store.LessonWrite
    change: Change


def _take_group(key: tuple[int, int], items: list[Received]) -> _Write | None:
    user_id, lesson_id = key
    info = find_lesson(lesson_id)
    if info is None:
        return None
    sessions = store.read_sessions(user_id, lesson_id)
    touched: dict[str, Ticket] = {}
    for item in items:
        ticket = item.ticket
        session = sessions.get(ticket.key) or Session(ticket.key, ticket.asset_rev, ticket.started_at)
        sessions[ticket.key] = merge.apply(session, item.beat, item.received_at, info.duration_ms)
        touched[ticket.key] = ticket
    before = store.read_completed(user_id, lesson_id)
    rule = Rule(info.duration_ms, info.threshold, info.asset_rev[:REV_LENGTH])
    lesson = merge.fold(sessions.values(), rule, before)
    completed_now = lesson.completed and not before
    row = store.LessonWrite(user_id, lesson_id, info.course_id, info.duration_ms, lesson, now() if completed_now else None)
    change = Change(user_id, info, lesson, completed_now, items[-1].ticket)
    return _Write([(ticket, sessions[ticket_key]) for ticket_key, ticket in touched.items()], row, change)


def _publish_completion(row: store.LessonWrite) -> None:
    if row.completed_at is not None:
        payload = LessonCompleted(user_id=row.user_id, lesson_id=row.lesson_id, course_id=row.course_id, completed_at=row.completed_at)
        publish(payload, unique_key=f"{row.user_id}:{row.lesson_id}")


def find_lesson(lesson_id: int) -> LessonInfo | None:
    """The lesson's facts, remembered for a few seconds: they change with an import only."""
    at = time.monotonic()
    known = _lessons.get(lesson_id)
    if known is None or at - known[0] > LESSON_SECONDS:
        known = _lessons[lesson_id] = (at, find_lesson_by_id(lesson_id))
    return known[1]
