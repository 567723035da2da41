"""A course as one person sees it: its modules and lessons with this person's progress and what is open to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from studium.services.access import may_watch
from studium.services.courses.catalogue import CourseInfo, LessonInfo, ModuleInfo
from studium.services.progress import CourseProgress, LessonProgress, find_courses_progress
from studium.services.sales import find_course_access
from studium.services.users import SignedInUser

from .locks import lock_of


@dataclass(frozen=True)
class LessonRow:
    """One lesson in the list; `progress` is None when nothing is known yet. `opens_at` (naive UTC) is when a closed one opens by itself."""

    info: LessonInfo
    progress: LessonProgress | None
    is_open: bool
    opens_at: datetime | None = None

    @property
    def state(self) -> str:
        """new, started or completed."""
        if self.progress is None:
            return "new"
        return "completed" if self.progress.completed else "started" if self.progress.covered > 0 else "new"

    @property
    def percent(self) -> int:
        """Whole percent watched; a completed lesson is at 100, as completion is kept."""
        if self.progress is None:
            return 0
        return 100 if self.progress.completed else int(self.progress.covered * 100)


@dataclass(frozen=True)
class ModuleRow:
    """One module with its lessons."""

    info: ModuleInfo
    lessons: tuple[LessonRow, ...]


@dataclass(frozen=True)
class ListedLesson:
    """What the list of lessons shows of one, and nothing else of a person."""

    info: LessonInfo
    state: str
    percent: int
    is_open: bool
    opens_at: datetime | None


@dataclass(frozen=True)
class ListedModule:
    """What the list of lessons shows of a module; `number` counts from 1."""

    course: CourseInfo
    info: ModuleInfo
    number: int
    lessons: tuple[ListedLesson, ...]

    @property
    def cache_key(self) -> tuple[object, ...] | None:
        """Everything that the list can show: the course knows its lessons, the rest is here."""
        rows = tuple((row.info.id, row.state, row.percent, row.is_open, str(row.opens_at)) for row in self.lessons)
        return (self.course.cache_key, self.info.id, self.number, rows) if self.course.cache_key else None

    @property
    def is_common(self) -> bool:
        """Whether many people see the list like this: nothing begun, or completed up to a lesson, and nothing counts down."""
        states = [row.state for row in self.lessons]
        return "started" not in states and states == sorted(states) and not any(row.opens_at for row in self.lessons)

    def has(self, lesson_id: int | None) -> bool:
        """Whether the lesson is one of these."""
        return any(row.info.id == lesson_id for row in self.lessons)


@dataclass(frozen=True)
class Outline:
    """A course, its modules and the person's progress in it (None for visitors)."""

    course: CourseInfo
    modules: tuple[ModuleRow, ...]
    progress: CourseProgress | None

    @cached_property
    def lessons(self) -> tuple[LessonRow, ...]:
        """All lessons in order."""
        return tuple(lesson for module in self.modules for lesson in module.lessons)

    @property
    def listed(self) -> tuple[ListedModule, ...]:
        """The modules as the list of lessons shows them."""
        return tuple(
            ListedModule(self.course, module.info, number, tuple(
                ListedLesson(row.info, row.state, row.percent, row.is_open, row.opens_at) for row in module.lessons))
            for number, module in enumerate(self.modules, start=1)
        )

    @property
    def percent(self) -> int:
        """Whole percent of required lessons completed."""
        return self.progress.percent if self.progress else 0

    @property
    def completed_lessons(self) -> int:
        """Required lessons that are completed."""
        return self.progress.completed_lessons if self.progress else 0

    @property
    def required_lessons(self) -> int:
        """Lessons that count towards the course."""
        return self.progress.required_lessons if self.progress else sum(row.info.required for row in self.lessons)

    @property
    def is_started(self) -> bool:
        """Whether the person has opened anything."""
        return any(row.state != "new" for row in self.lessons)

    @property
    def is_completed(self) -> bool:
        """Whether every required lesson is completed."""
        return self.percent >= 100

    @property
    def next_lesson(self) -> LessonRow | None:
        """Where to go on: the lesson to resume, else another begun one, else the next new one, else the first."""
        open_rows = [row for row in self.lessons if row.is_open]
        waiting = [row for row in open_rows if row.state != "completed"]
        if not waiting:
            return open_rows[0] if open_rows else None
        resume = self.progress.resume_lesson_id if self.progress else None
        last = next((row.info.index for row in open_rows if row.info.id == resume), 0)
        return min(
            waiting,
            key=lambda row: (row.info.id != resume, row.state != "started", row.info.index < last, row.info.index),
        )

    @property
    def is_locked(self) -> bool:
        """Whether nothing but free previews is open to this person."""
        return any(not row.is_open for row in self.lessons) and not any(row.is_open and not row.info.preview for row in self.lessons)

    @property
    def preview(self) -> LessonRow | None:
        """The first lesson that everybody may watch."""
        return next((row for row in self.lessons if row.info.preview), None)


def make_outline(course: CourseInfo, user: SignedInUser | None) -> Outline:
    """The course for this person."""
    return make_outlines([course], user)[0]


def make_outlines(courses: Sequence[CourseInfo], user: SignedInUser | None) -> list[Outline]:
    """The courses for this person (None: a visitor); one question to the progress plugin, however many there are."""
    progress = find_courses_progress(user.id, [course.id for course in courses]) if user else {}
    return [_outline(course, user, progress.get(course.id)) for course in courses]


def _outline(course: CourseInfo, user: SignedInUser | None, progress: CourseProgress | None) -> Outline:
    known = progress.lessons if progress else {}
    opened = {info.id: may_watch(user, info) for info in course.lessons}
    openings = find_openings(course, user, opened)
    modules = tuple(
        ModuleRow(module, tuple(LessonRow(info, known.get(info.id), opened[info.id], openings.get(info.id)) for info in module.lessons))
        for module in course.modules
    )
    return Outline(course, modules, progress)


def find_openings(course: CourseInfo, user: SignedInUser | None, opened: Mapping[int, bool]) -> dict[int, datetime]:
    """When the closed lessons that open by themselves do, by lesson id; asks for the person's access only if there may be one."""
    waiting = [info for info in course.lessons if not opened[info.id] and info.available != "now"] if user else []
    access = find_course_access(user.id, course.id) if user and waiting else None
    locks = {info.id: lock_of(course, info, access) for info in waiting}
    return {lesson_id: lock.opens_at for lesson_id, lock in locks.items() if lock.opens_at is not None}
