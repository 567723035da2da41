"""Progress of students: watch sessions, beats, and what is completed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Blueprint

from studium.core.migrations import Migrations
from studium.core.plugins import hookimpl
from studium.plugins.progress import courses, routes
from studium.plugins.progress.entities import LessonRow, SessionRow
from studium.services.progress import CourseProgress, LessonProgress

if TYPE_CHECKING:
    from studium.services.cable.hub import Hub


@hookimpl
def register_entities() -> Sequence[type]:
    """Progress of lessons, and watch sessions."""
    return [LessonRow, SessionRow]


@hookimpl
def register_migrations() -> Migrations:
    """The branch `progress`."""
    return Migrations("progress", Path(__file__).parent / "migrations")


@hookimpl
def register_blueprints() -> Sequence[Blueprint]:
    """The API."""
    return [routes.blueprint]


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
