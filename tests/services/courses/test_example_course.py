"""The course that ships with Studium is correct, complete and small."""

from __future__ import annotations

from pathlib import Path

from studium.services.courses.folder import read_course


def test_example_course_has_no_errors_and_no_warnings(example: Path) -> None:
    found, report = read_course(example)

    assert report.mistakes == ()
    assert found is not None


def test_example_course_shows_every_kind_of_lesson(example: Path) -> None:
    found, _ = read_course(example)
    assert found is not None
    videos = [lesson for lesson in found.lessons if lesson.video]

    assert len(found.modules) >= 2
    assert len(videos) >= 4
    assert {lesson.rule for lesson in found.lessons} == {"watch", "read", "button"}
    assert [lesson.key for lesson in found.lessons if lesson.preview] == ["welcome"]
    assert all(
        {caption.language for caption in lesson.captions} == {"en", "ru"} and lesson.chapters for lesson in videos
    )
    assert all(set(lesson.body) == {"en", "ru"} for lesson in found.lessons)
    assert [tier.key for tier in found.tiers] == ["basic", "accelerator", "vip"]
    assert all(set(tier.prices) == {"RUB", "USD"} for tier in found.tiers)


def test_videos_of_the_example_course_stay_small(example: Path) -> None:
    assert sum(path.stat().st_size for path in example.rglob("*.webm")) < 3_000_000
