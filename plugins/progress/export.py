"""What progress holds on a person, for the copy of their data."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from pony.orm import select

from studium.core.database import reading
from studium.plugins.progress.entities import LessonRow, SessionRow
from studium.services.courses.catalogue import find_lesson_by_id

ROWS_AT_ONCE = 200
Names = Callable[[int], dict[str, Any]]


def export_user_data(user_id: int) -> dict[str, Any]:
    """Progress of each lesson, and every watch session; positions and segments in ms of media time."""
    names = lru_cache(1000)(_names)  # many sessions, few lessons
    return {"lessons": _lessons(user_id, names), "watch_sessions": _sessions(user_id, names)}


def _lessons(user_id: int, names: Names) -> Iterator[dict[str, Any]]:
    for row in _pages(LessonRow, user_id):
        yield names(row["lesson_id"]) | {
            "watch_time_seconds": row["watch_time_seconds"], "total_duration_seconds": row["total_duration_seconds"],
            "position_ms": row["position"], "covered_ms": row["covered"], "segments_ms": json.loads(row["segments"]),
            "last_watched_at": row["last_watched_at"], "completed": row["completed"], "completed_at": row["completed_at"],
        }


def _sessions(user_id: int, names: Names) -> Iterator[dict[str, Any]]:
    """Without the session's key: it is a part of the signed id that allows to report on it."""
    for row in _pages(SessionRow, user_id):
        yield names(row["lesson_id"]) | {
            "video": row["asset_rev"], "started_at": _moment(row["started_at"]), "last_report_at": _moment(row["event_at"]),
            "last_received_at": _moment(row["received_at"]), "reports": row["seq"] + 1, "position_ms": row["position"],
            "played_ms": row["played"], "played_in_background_ms": row["hidden"], "segments_ms": json.loads(row["segments"]),
            "counts": row["credited"],
        }


def _pages(entity: Any, user_id: int) -> Iterator[dict[str, Any]]:
    """All rows of the person, read a few hundred at a time, so that no reading stays open while they are written."""
    after = 0
    while True:
        with reading():
            found = select(row for row in entity if row.user_id == user_id and row.id > after).order_by(lambda row: row.id)[:ROWS_AT_ONCE]
            rows = [row.to_dict() for row in found]
        yield from rows
        if len(rows) < ROWS_AT_ONCE:
            return
        after = rows[-1]["id"]


def _names(lesson_id: int) -> dict[str, Any]:
    lesson = find_lesson_by_id(lesson_id)
    return {"lesson_id": lesson_id, "course": lesson.course_slug if lesson else None, "lesson": lesson.title if lesson else None}


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
