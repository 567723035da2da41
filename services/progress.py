"""A student's progress as plain values: what the progress plugin answers and pages, API and reports read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from studium.core.runtime import runtime

Segment = tuple[int, int]


@dataclass(frozen=True)
class LessonProgress:
    """One lesson: `covered` is the fraction 0..1 of unique seconds watched; positions and half-open segments are in ms of media time."""

    lesson_id: int
    covered: float = 0.0
    position_ms: int = 0
    completed: bool = False
    completed_at: datetime | None = None
    missing: tuple[Segment, ...] = ()
    segments: tuple[Segment, ...] = ()
    last_watched_at: datetime | None = None
    watched_seconds: int = 0


@dataclass(frozen=True)
class CourseProgress:
    """One course: `percent` is completed of required lessons, rounded down; `lessons` holds only lessons that were opened.

    `completed_at`, UTC, is when the last required lesson was completed; None while one is missing, or when none is required.
    """

    course_id: int
    completed_lessons: int
    required_lessons: int
    percent: int
    lessons: dict[int, LessonProgress] = field(default_factory=dict)
    resume_lesson_id: int | None = None
    last_watched_at: datetime | None = None
    completed_at: datetime | None = None


def find_courses_progress(user_id: int, course_ids: Collection[int]) -> Mapping[int, CourseProgress]:
    """The user's progress in these courses by id; empty when no plugin keeps progress."""
    found: Mapping[int, CourseProgress] | None = runtime().hooks.find_courses_progress(user_id=user_id, course_ids=course_ids)
    return found or {}


def percent(completed: int, required: int) -> int:
    """Course percent from whole numbers; a course without required lessons is at 0."""
    return completed * 100 // required if required else 0
