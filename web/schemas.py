"""The shapes of the catalogue and of jobs in the API. Lengths in milliseconds, `covered` as a fraction from 0 to 1."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

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


class LessonAccessShape(Schema):
    """Whether a lesson is open to the caller; `ends_in` are milliseconds until their access to the course ends."""

    open: bool
    ends_in: int | None


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


class NewJobShape(Schema):
    """What POST /api/v1/jobs takes; the params are those of the kind."""

    kind: str = Field(min_length=1, max_length=100)
    params: dict[str, Any] = Field(default_factory=dict)


class JobShape(Schema):
    """A job of the signed-in user. Texts are in the reader's language, times in UTC by ISO 8601, `progress` is a whole percentage."""

    id: str
    kind: str
    title: str
    state: Literal["queued", "running", "retrying", "succeeded", "failed", "cancelled"]
    progress: int
    message: str
    params: dict[str, Any]
    result: dict[str, Any] | None
    error: str | None
    attempts: int
    cancel_requested: bool
    can_cancel: bool
    can_retry: bool
    run_at: str
    created_at: str
    started_at: str | None
    finished_at: str | None
