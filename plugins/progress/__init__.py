"""Progress of students: watch sessions, beats, and what is completed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Blueprint

from studium.core.migrations import Migrations
from studium.core.plugins import hookimpl
from studium.plugins.progress import course_completion, courses, deletion, export, watched_time
from studium.plugins.progress.entities import ForgottenStudent, LessonRow, SessionRow
from studium.services.facts import LessonCompleted, UserDeleted
from studium.services.progress import CourseProgress, LessonProgress
from studium.services.watched_time import WatchedTime

if TYPE_CHECKING:
    from studium.services.cable.hub import Hub


@hookimpl
def register_entities() -> Sequence[type]:
    """Progress of lessons, watch sessions, and whom to forget."""
    return [LessonRow, SessionRow, ForgottenStudent]


@hookimpl
def register_migrations() -> Migrations:
    """The branch `progress`."""
    return Migrations("progress", Path(__file__).parent / "migrations")


@hookimpl
def register_blueprints() -> Sequence[Blueprint]:
    """The API."""
    from studium.plugins.progress.routes import blueprint  # with WTForms, which programs without pages need not carry

    return [blueprint]


@hookimpl
def register_frames(hub: Hub) -> Mapping[str, Callable[[Any, dict[str, Any]], None]]:
    """Beats over the WebSocket."""
    from studium.plugins.progress.sockets import start  # the cable's own libraries; other programs need none of them

    return {"beat": start(hub).on_beat}


@hookimpl
def find_lesson_progress(user_id: int, lesson_id: int) -> LessonProgress | None:
    """From the lesson's row."""
    return courses.find_lesson_progress(user_id, lesson_id)


@hookimpl
def find_course_progress(user_id: int, course_id: int) -> CourseProgress | None:
    """From the rows of the course."""
    return courses.find_course_progress(user_id, course_id)


@hookimpl
def find_courses_progress(user_id: int, course_ids: Collection[int]) -> Mapping[int, CourseProgress] | None:
    """From the rows of all of them."""
    return courses.find_courses_progress(user_id, course_ids)


@hookimpl
def lesson_completed(fact: LessonCompleted) -> None:
    """It may have been the last one of its course."""
    course_completion.look_at_course(fact)


@hookimpl
def find_watched_time(user_id: int, since: datetime, until: datetime) -> Sequence[WatchedTime] | None:
    """From the watch sessions."""
    return watched_time.find_watched_time(user_id, since, until)


@hookimpl
def export_user_data(user_id: int) -> Mapping[str, Any]:
    """Lessons and watch sessions."""
    return {"progress": export.export_user_data(user_id)}


@hookimpl
def user_deleted(fact: UserDeleted) -> None:
    """Nothing of what they watched stays."""
    deletion.forget(fact.user_id)
