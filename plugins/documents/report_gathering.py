"""Gathers the figures of a learning report from the plugins that know them, by hooks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from studium.core.clock import now
from studium.core.runtime import runtime
from studium.plugins.documents.report_values import Amount, CourseLine, DayLine, LessonLine, Report
from studium.services.courses.catalogue import CourseInfo, LessonInfo, find_course_by_id, find_courses, find_lesson_by_id
from studium.services.people import Person
from studium.services.progress import CourseProgress
from studium.services.time_zones import zone_of
from studium.services.watched_time import WatchedTime

LOOK_BACK = timedelta(days=366)  # for streaks, whatever the period
DAY = timedelta(days=1)


@dataclass(frozen=True)
class _Course:
    """A course, the person's progress in it, and its lessons, those that left the course last."""

    info: CourseInfo
    progress: CourseProgress
    lessons: tuple[LessonInfo, ...]


def gather(person: Person, course: CourseInfo | None, days: int, language: str, between: Callable[[float], None]) -> Report:
    """The person's last `days` days, today included, in one course or in all of which they opened anything.

    `between` is called now and then with the part that is done, 0..1, outside of any reading; it may raise to stop. The number of queries
    is constant for each course.
    """
    zone = zone_of(person.time_zone)
    made_at = now().replace(tzinfo=UTC).astimezone(zone)
    first = made_at.date() - timedelta(days=days - 1)
    year = _watched_time(person, made_at)
    between(0.3)
    courses = _courses(person, course, year, language, between)
    known = {lesson.id for found in courses for lesson in found.lessons}
    year = [value for value in year if value.lesson_id in known]
    watched = [value for value in year if value.day >= first]
    completions = _completions(courses, zone)
    since = made_at.date() - LOOK_BACK
    learning_days = {value.day for value in year} | {at.date() for at in completions.values() if at.date() > since}
    by_day, by_lesson = _sums(watched, "day"), _sums(watched, "lesson_id")
    return Report(
        person=person,
        made_at=made_at,
        only_course=course.title if course else None,
        days={day: by_day.get(day, Amount()) for day in (first + DAY * number for number in range(days))},
        learning_days=sum(1 for day in learning_days if day >= first),
        streak=streak(learning_days, made_at.date()),
        longest_streak=longest_streak(learning_days),
        courses=tuple(_course_line(found, by_lesson, completions, zone) for found in courses),
        lines=tuple(_day_lines(courses, watched, {key: at for key, at in completions.items() if at.date() >= first})),
    )


def streak(days: set[date], today: date) -> int:
    """Days in a row that end today, or yesterday while today is still open."""
    at = today if today in days else today - DAY
    length = 0
    while at in days:
        length, at = length + 1, at - DAY
    return length


def longest_streak(days: Iterable[date]) -> int:
    """The most days in a row."""
    longest = length = 0
    before: date | None = None
    for day in sorted(days):
        length = length + 1 if before is not None and day - before == DAY else 1
        longest, before = max(longest, length), day
    return longest


def _watched_time(person: Person, made_at: datetime) -> Sequence[WatchedTime]:
    tomorrow = datetime.combine(made_at.date() + DAY, time(), made_at.tzinfo)
    since = datetime.combine(made_at.date() + DAY - LOOK_BACK, time(), made_at.tzinfo)
    return runtime().hooks.find_watched_time(user_id=person.id, since=since, until=tomorrow) or []


def _courses(
    person: Person, only: CourseInfo | None, watched: Sequence[WatchedTime], language: str, between: Callable[[float], None]
) -> list[_Course]:
    """The courses of the report: the one, or all in which something was opened, those that are no longer on offer too."""
    infos = [only] if only else find_courses(language)
    lessons = {lesson.id: lesson for info in infos for lesson in info.lessons}
    left = _lessons_by_id({value.lesson_id for value in watched} - lessons.keys(), language)
    if only is None:
        missing = {lesson.course_id for lesson in left} - {info.id for info in infos}
        infos = [*infos, *(info for info in (find_course_by_id(key, language) for key in sorted(missing)) if info)]
    found = []
    for number, info in enumerate(infos):
        progress = runtime().hooks.find_course_progress(user_id=person.id, course_id=info.id) or _no_progress(info)
        gone = tuple(lesson for lesson in left if lesson.course_id == info.id and lesson not in info.lessons)
        if only or progress.lessons or gone:
            found.append(_Course(info, progress, info.lessons + gone))
        between(0.3 + 0.7 * (number + 1) / len(infos))
    return found


def _lessons_by_id(ids: Iterable[int], language: str) -> list[LessonInfo]:
    """Lessons that left their course; few, so one query each."""
    return [lesson for lesson in (find_lesson_by_id(lesson_id, language) for lesson_id in sorted(ids)) if lesson]


def _no_progress(info: CourseInfo) -> CourseProgress:
    return CourseProgress(info.id, 0, sum(lesson.required for lesson in info.lessons), 0)


def _completions(courses: Sequence[_Course], zone: tzinfo) -> dict[int, datetime]:
    """When each lesson was completed, by its id."""
    progress = (lesson for course in courses for lesson in course.progress.lessons.values())
    return {lesson.lesson_id: _local(lesson.completed_at, zone) for lesson in progress if lesson.completed and lesson.completed_at}


def _sums(watched: Iterable[WatchedTime], key: str) -> dict[object, Amount]:
    sums: dict[object, Amount] = defaultdict(Amount)
    for value in watched:
        sums[getattr(value, key)] += Amount(value.seconds, value.new_seconds)
    return sums


def _course_line(course: _Course, watched: dict[object, Amount], completions: dict[int, datetime], zone: tzinfo) -> CourseLine:
    progress = course.progress
    lines = tuple(_lesson_line(lesson, course, watched, completions) for lesson in course.lessons
                  if lesson.id in progress.lessons or lesson.id in watched)
    return CourseLine(
        title=course.info.title,
        percent=progress.percent,
        completed_lessons=progress.completed_lessons,
        required_lessons=progress.required_lessons,
        finished_at=_local(progress.completed_at, zone) if progress.completed_at else None,
        last_watched_at=_local(progress.last_watched_at, zone) if progress.last_watched_at else None,
        lessons=lines,
        unopened=len(course.lessons) - len(lines),
    )


def _lesson_line(lesson: LessonInfo, course: _Course, watched: dict[object, Amount], completions: dict[int, datetime]) -> LessonLine:
    progress = course.progress.lessons.get(lesson.id)
    return LessonLine(
        id=lesson.id,
        title=lesson.title,
        module_title=lesson.module_title,
        watched=watched.get(lesson.id, Amount()),
        covered=(progress.covered if progress else 0.0) if lesson.duration_ms else None,
        completed=progress.completed if progress else False,
        completed_at=completions.get(lesson.id),
    )


def _day_lines(courses: Sequence[_Course], watched: Iterable[WatchedTime], completions: dict[int, datetime]) -> list[DayLine]:
    """What happened in each lesson on each day, in the order of days and of the course."""
    lessons = {lesson.id: (place, course.info.title, lesson)
               for place, (course, lesson) in enumerate((course, lesson) for course in courses for lesson in course.lessons)}
    amounts = {(value.day, value.lesson_id): Amount(value.seconds, value.new_seconds) for value in watched}
    keys = amounts.keys() | {(at.date(), lesson_id) for lesson_id, at in completions.items()}
    lines = []
    for day, lesson_id in sorted(keys, key=lambda key: (key[0], lessons[key[1]][0])):
        _, course_title, lesson = lessons[lesson_id]
        at = completions.get(lesson_id)
        lines.append(DayLine(day, course_title, lesson.module_title, lesson.title, amounts.get((day, lesson_id), Amount()),
                             at if at and at.date() == day else None))
    return lines


def _local(moment: datetime, zone: tzinfo) -> datetime:
    return moment.replace(tzinfo=UTC).astimezone(zone)
