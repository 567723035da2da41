"""The shapes of progress in frames and in the API (architecture sections 8 and 10)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from studium.core.api import Schema
from studium.plugins.progress import merge

Milliseconds = Annotated[int, Field(ge=0, lt=2**53, strict=True)]


class BeatIn(Schema):
    """One report of a player; all times in ms, `segments` half-open and in media time."""

    sid: Annotated[str, Field(min_length=1, max_length=400)]
    seq: Milliseconds
    segments: Annotated[list[tuple[Milliseconds, Milliseconds]], Field(max_length=1000)]
    position: Milliseconds
    state: Literal["playing", "paused", "ended", "seeking"]
    rate: Annotated[float, Field(ge=0, le=16, allow_inf_nan=False, strict=True)] = 1.0
    age: Milliseconds = 0
    played: Milliseconds = 0
    hidden: Milliseconds = 0

    @field_validator("segments")
    @classmethod
    def _forward(cls, value: list[tuple[int, int]]) -> list[tuple[int, int]]:
        for start, end in value:
            if end < start:
                raise ValueError(f"the segment [{start}, {end}] ends before it starts")
        return value

    def as_beat(self) -> merge.Beat:
        """The value that the merge rule takes."""
        return merge.Beat(self.seq, tuple(self.segments), self.position, self.state, self.age, self.played, self.hidden)


class BeatsIn(Schema):
    """The body of POST /api/v1/beats."""

    beats: Annotated[list[BeatIn], Field(min_length=1, max_length=100)]


class ProgressOut(Schema):
    """The answer to a beat: `covered` is a fraction, `missing` what is still unwatched."""

    covered: float
    position: int
    completed: bool
    missing: list[tuple[int, int]]


class BeatOut(Schema):
    """The answer to one beat of several."""

    sid: str
    seq: int
    progress: ProgressOut


class WatchSessionOut(ProgressOut):
    """A new watch session: its sid, the server's duration in ms, where to go on, and what is watched so far."""

    sid: str
    duration: int
    segments: list[tuple[int, int]]


class LessonProgressOut(ProgressOut):
    """One lesson of a course."""

    lesson: str
    lesson_id: int


class CourseProgressOut(Schema):
    """A course with its lessons."""

    course: str
    percent: int
    completed_lessons: int
    required_lessons: int
    lessons: list[LessonProgressOut]
