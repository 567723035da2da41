"""Reads and writes rows of progress in plain SQL, many at a time: entities would cost more than everything else in a beat."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic_core import from_json, to_json

from studium.core.database import execute, execute_many
from studium.plugins.progress.intervals import Intervals
from studium.plugins.progress.merge import Lesson, Session
from studium.plugins.progress.tickets import Ticket

READ_SESSIONS = """
SELECT session_key, asset_rev, started_at, received_at, segments, played, hidden, seq, position, event_at
FROM watch_session WHERE user_id = ? AND lesson_id = ?"""
WRITE_SESSION = """
INSERT INTO watch_session (session_key, user_id, lesson_id, asset_rev, started_at, received_at, segments, played, hidden, seq, position,
                           event_at, credited)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (session_key) DO UPDATE SET received_at = excluded.received_at, segments = excluded.segments, played = excluded.played,
    hidden = excluded.hidden, seq = excluded.seq, position = excluded.position, event_at = excluded.event_at,
    credited = excluded.credited"""
READ_FORGOTTEN = "SELECT user_id FROM forgotten_student WHERE user_id IN ({marks})"
READ_COMPLETED = "SELECT completed FROM lesson_progress WHERE user_id = ? AND lesson_id = ?"
WRITE_LESSON = """
INSERT INTO lesson_progress (user_id, lesson_id, course_id, watch_time_seconds, total_duration_seconds, position, covered, segments,
                             last_watched_at, completed, completed_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (user_id, lesson_id) DO UPDATE SET watch_time_seconds = excluded.watch_time_seconds,
    total_duration_seconds = excluded.total_duration_seconds, position = excluded.position, covered = excluded.covered,
    segments = excluded.segments, last_watched_at = excluded.last_watched_at, completed = excluded.completed,
    completed_at = COALESCE(lesson_progress.completed_at, excluded.completed_at)"""


@dataclass(frozen=True, slots=True)
class LessonWrite:
    """A lesson's row to be written; `completed_at` only when it is completed by this write."""

    user_id: int
    lesson_id: int
    course_id: int
    duration: int
    lesson: Lesson
    completed_at: datetime | None


def read_sessions(user_id: int, lesson_id: int) -> dict[str, Session]:
    """All watch sessions of a (user, lesson), by key."""
    return {row[0]: Session(row[0], row[1], row[2], row[3], _segments(row[4]), *row[5:])
            for row in execute(READ_SESSIONS, (user_id, lesson_id)).fetchall()}


def read_forgotten(user_ids: Collection[int]) -> set[int]:
    """Those of the students who deleted their account."""
    marks = ", ".join("?" * len(user_ids))
    return {row[0] for row in execute(READ_FORGOTTEN.format(marks=marks), list(user_ids)).fetchall()}


def read_completed(user_id: int, lesson_id: int) -> bool:
    """Whether the lesson is completed already."""
    row = execute(READ_COMPLETED, (user_id, lesson_id)).fetchone()
    return bool(row and row[0])


def write_sessions(changed: Sequence[tuple[Ticket, Session]]) -> None:
    """Insert or update sessions."""
    execute_many(WRITE_SESSION, [
        (s.key, t.user_id, t.lesson_id, s.asset_rev, s.started_at, s.received_at, _json(s.segments), s.played, s.hidden, s.seq,
         s.position, s.event_at, s.credited)
        for t, s in changed
    ])


def write_lessons(changed: Sequence[LessonWrite]) -> None:
    """Insert or update lessons."""
    execute_many(WRITE_LESSON, [
        (w.user_id, w.lesson_id, w.course_id, w.lesson.played // 1000, w.duration // 1000, w.lesson.position, w.lesson.covered,
         _json(w.lesson.segments), _timestamp(w.lesson.last_event_at), w.lesson.completed,
         _text(w.completed_at) if w.completed_at else None)
        for w in changed
    ])


def _json(segments: Intervals) -> str:
    return to_json(segments).decode()


def _segments(text: str) -> list[tuple[int, int]]:
    return [(start, end) for start, end in from_json(text)]


def _timestamp(ms: int) -> str | None:
    return _text(datetime.fromtimestamp(ms / 1000, UTC)) if ms else None


def _text(at: datetime) -> str:
    return at.replace(tzinfo=None).isoformat(" ", "microseconds")
