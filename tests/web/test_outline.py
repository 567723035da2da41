"""Where a student goes on, and what is still needed."""

from __future__ import annotations

import pytest

from studium.services.courses.catalogue import CourseInfo, LessonInfo, ModuleInfo
from studium.services.progress import CourseProgress, LessonProgress
from studium.web.outline import LessonRow, ModuleRow, Outline
from studium.web.pages.lesson import dwell_ms, find_watched


def make_lesson(number: int, duration: int = 100_000, threshold: int = 90) -> LessonInfo:
    return LessonInfo(
        id=number, key=f"k{number}", course_id=1, course_slug="rivers", slug=f"part-{number}", title=f"Part {number}",
        module_title="Springs", index=number - 1, type="video", rule="watch", threshold=threshold,
        duration_ms=duration, preview=False, required=True, asset_rev="r",
    )  # fmt: skip


def make_outline(states: str, resume: int | None) -> Outline:
    """An outline of lessons 1, 2, ...: "c" completed, "s" started, "n" new, "x" not open."""
    known = {"c": {"completed": True, "covered": 1.0}, "s": {"covered": 0.5}}
    lessons = [make_lesson(number + 1) for number in range(len(states))]
    progress = {
        lesson.id: LessonProgress(lesson.id, **known[state])
        for lesson, state in zip(lessons, states, strict=True)
        if state in known
    }
    rows = tuple(LessonRow(one, progress.get(one.id), state != "x") for one, state in zip(lessons, states, strict=True))
    module = ModuleInfo(1, "m", "Springs", tuple(lessons))
    course = CourseInfo(1, "k", "rivers", "Rivers", "", "", ("en",), None, (module,), (), len(lessons), 0)
    whole = CourseProgress(1, states.count("c"), len(states), 0, progress, resume)
    return Outline(course, (ModuleRow(module, rows),), whole)


@pytest.mark.parametrize(
    ("states", "resume", "expected"),
    [
        ("nnn", None, 1),
        ("snn", 1, 1),
        ("nsn", 2, 2),
        ("ncn", 2, 3),
        ("nsc", 3, 2),
        ("ncc", 3, 1),
        ("ccc", 3, 1),
        ("xnn", None, 2),
        ("xx", None, None),
    ],
)
def test_student_goes_on_with(states: str, resume: int | None, expected: int | None) -> None:
    row = make_outline(states, resume).next_lesson
    assert (row.info.id if row else None) == expected


def test_lesson_with_all_watched_but_the_tail_needs_nothing() -> None:
    progress = LessonProgress(1, missing=((98_000, 100_000),))
    assert find_watched(make_lesson(1, threshold=100), progress).needed_ms == 0


def test_lesson_never_opened_is_missing_as_a_whole() -> None:
    found = find_watched(make_lesson(1), None)
    assert (found.percent, found.missing, found.needed_ms) == (0, ((0, 100_000),), 88_200)


def test_completed_lesson_is_shown_full_though_parts_are_missing() -> None:
    row = LessonRow(make_lesson(1), LessonProgress(1, covered=0.91, completed=True), True)
    assert (row.state, row.percent) == ("completed", 100)


@pytest.mark.parametrize(("words", "expected"), [(3, 5_000), (200, 30_000), (5000, 90_000)])
def test_reading_time_is_bounded(words: int, expected: int) -> None:
    assert dwell_ms("word " * words) == expected
