"""What a learning report says, as plain values: no words, no drawing, no queries. Moments are in the person's time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from studium.services.people import Person


@dataclass(frozen=True)
class Amount:
    """Seconds of media time: all that was watched, and the part of it that was new."""

    seconds: int = 0
    new_seconds: int = 0

    def __add__(self, other: Amount) -> Amount:
        """Both together."""
        return Amount(self.seconds + other.seconds, self.new_seconds + other.new_seconds)


@dataclass(frozen=True)
class LessonLine:
    """One opened lesson: what was watched of it in the period, and how much of it is covered (0..1, None for a text)."""

    id: int
    title: str
    module_title: str
    watched: Amount
    covered: float | None
    completed: bool
    completed_at: datetime | None


@dataclass(frozen=True)
class CourseLine:
    """One course with the lessons that were opened, in order; `unopened` counts the others.

    `finished_at` is the last completion, once all required lessons are completed.
    """

    title: str
    percent: int
    completed_lessons: int
    required_lessons: int
    finished_at: datetime | None
    last_watched_at: datetime | None
    lessons: tuple[LessonLine, ...]
    unopened: int


@dataclass(frozen=True)
class DayLine:
    """One lesson on one day: what was watched of it, and when it was completed, if on that day."""

    day: date
    course_title: str
    module_title: str
    lesson_title: str
    watched: Amount
    completed_at: datetime | None


@dataclass(frozen=True)
class Report:
    """Everything. `days` holds each day of the period, watched or not; `only_course` is the title of the one course it is about.

    A learning day is one with watched time or a completed lesson. `streak` counts those in a row up to today (or yesterday: today is not
    over), `longest_streak` the most in a row; both look back 366 days, beyond the period too.
    """

    person: Person
    made_at: datetime
    only_course: str | None
    days: dict[date, Amount]
    learning_days: int
    streak: int
    longest_streak: int
    courses: tuple[CourseLine, ...]
    lines: tuple[DayLine, ...]

    @property
    def watched(self) -> Amount:
        """In the whole period."""
        return sum(self.days.values(), Amount())

    @property
    def completed(self) -> int:
        """Lessons that were completed in the period."""
        return sum(1 for line in self.lines if line.completed_at)
