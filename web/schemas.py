"""The shapes of the catalogue in the API. Times in milliseconds, `covered` as a fraction from 0 to 1."""

from __future__ import annotations

from typing import Literal

from studium.core.api import Schema


class LessonProgressShape(Schema):
    """The signed-in user's progress in a lesson."""

    covered: float
    position: int
    completed: bool


class CourseProgressShape(Schema):
    """The signed-in user's progress in a course; `percent` counts completed required lessons."""

    percent: int
    completed_lessons: int
    required_lessons: int


class LessonShape(Schema):
    """A lesson in the list; `open` tells whether the caller may watch it."""

    id: int
    slug: str
    title: str
    type: Literal["video", "text"]
    rule: Literal["watch", "read", "button"]
    threshold: int
    duration_ms: int
    preview: bool
    required: bool
    open: bool
    url: str
    progress: LessonProgressShape | None


class ModuleShape(Schema):
    """A module with its lessons in order."""

    id: int
    title: str
    lessons: list[LessonShape]


class TierShape(Schema):
    """A tier; prices are exact decimal strings by ISO 4217 currency, `access_days` null means for ever."""

    key: str
    title: str
    includes: list[str]
    prices: dict[str, str]
    access_days: int | None


class CourseShape(Schema):
    """A course with its lessons and tiers."""

    id: int
    slug: str
    title: str
    summary: str
    languages: list[str]
    cover_url: str | None
    lesson_count: int
    duration_ms: int
    url: str
    progress: CourseProgressShape | None
    modules: list[ModuleShape]
    tiers: list[TierShape]
