"""Rows of progress: one a (user, lesson), and one a watch session. Beats write them through store.py, in batches."""

from __future__ import annotations

from datetime import datetime

from pony.orm import LongStr, Optional, PrimaryKey, Required, composite_index, composite_key

from studium.core.database import db


class LessonRow(db.Entity):  # type: ignore[misc]
    """How far one person is in one lesson; `position`, `covered` and `segments` in ms of media time."""

    _table_ = "lesson_progress"
    id = PrimaryKey(int, auto=True)
    user_id = Required(int)
    lesson_id = Required(int)
    course_id = Required(int)
    watch_time_seconds = Required(int, default=0)
    total_duration_seconds = Required(int, default=0)
    position = Required(int, size=64, default=0)
    covered = Required(int, size=64, default=0)
    segments = Required(LongStr, default="[]", lazy=False)
    last_watched_at = Optional(datetime)
    completed = Required(bool, default=False)
    completed_at = Optional(datetime)
    composite_key(user_id, lesson_id)
    composite_index(user_id, course_id)


class SessionRow(db.Entity):  # type: ignore[misc]
    """What one watch session has reported; times in ms since the epoch, `segments` in ms of media time."""

    _table_ = "watch_session"
    id = PrimaryKey(int, auto=True)
    session_key = Required(str, unique=True)
    user_id = Required(int)
    lesson_id = Required(int)
    asset_rev = Optional(str)
    started_at = Required(int, size=64)
    received_at = Required(int, size=64)
    segments = Required(LongStr, lazy=False)
    played = Required(int, size=64)
    hidden = Required(int, size=64)
    seq = Required(int, size=64)
    position = Required(int, size=64)
    event_at = Required(int, size=64)
    credited = Required(bool)
    composite_index(user_id, lesson_id)


class ForgottenStudent(db.Entity):  # type: ignore[misc]
    """Somebody who deleted their account: a beat that comes late, from a tab or an offline phone, must not bring rows of them back."""

    _table_ = "forgotten_student"
    user_id = PrimaryKey(int)
    forgotten_at = Required(datetime)
