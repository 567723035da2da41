"""The catalogue answers in the reader's language, with few queries, and always what the last import brought."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from studium.core.database import db
from studium.services.courses import catalogue
from studium.services.courses.catalogue import (
    find_course,
    find_course_by_id,
    find_courses,
    find_lesson,
    find_lesson_by_id,
)
from studium.services.courses.plan import Plan

Course = Callable[..., Path]
Edit = Callable[[str, str, str], Path]
Import = Callable[[Path], Plan]


@contextmanager
def _counting(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Collect the SQL of every query of Pony."""
    seen: list[str] = []
    run = db._exec_sql

    def counted(sql: str, *arguments: Any, **named: Any) -> Any:
        seen.append(sql)
        return run(sql, *arguments, **named)

    monkeypatch.setattr(db, "_exec_sql", counted)
    yield seen
    monkeypatch.undo()


def test_course_is_told_in_the_language_of_the_reader(course: Course, do_import: Import) -> None:
    do_import(course())
    english, russian = find_course("tea", "en"), find_course("tea", "ru")

    assert english is not None and russian is not None
    assert (english.title, russian.title) == ("Tea", "Чай")
    assert (russian.modules[0].title, russian.lessons[0].title, russian.lessons[0].module_title) == (
        "Начало",
        "Вода",
        "Начало",
    )
    assert (english.tiers[0].title, english.tiers[0].includes) == ("Basic", ("All lessons",))
    assert english.tiers[0].prices == {"RUB": "2900.00", "USD": "29.90"}
    assert (english.tiers[0].access_days, english.tiers[1].access_days) == (30, None)
    assert (english.lesson_count, english.duration_ms, english.languages) == (2, 20_000, ("en", "ru"))
    assert english.cover_url is not None and english.cover_url.startswith("/media/tea/-/cover-")


def test_missing_translation_falls_back_to_the_main_language(course: Course, do_import: Import, edit: Edit) -> None:
    course()
    folder = course({"10-start/10-water.ru.md": None})
    do_import(edit("10-start/10-water.md", "title: {en: Water, ru: Вода}", "title: Water"))
    page = find_lesson("tea", "water", "ru")

    assert page is not None and folder
    assert (page.lesson.title, page.body_language) == ("Water", "en")
    assert "Boil it" in page.body_html


def test_unknown_language_is_answered_in_the_main_one(course: Course, do_import: Import) -> None:
    do_import(course())
    page = find_lesson("tea", "water", "de")

    assert page is not None
    assert (page.lesson.title, page.body_language) == ("Water", "en")
    assert page.chapters_url is not None


def test_lesson_page_has_everything_its_page_needs(course: Course, do_import: Import) -> None:
    do_import(course())
    page = find_lesson("tea", "water", "ru")

    assert page is not None
    assert (page.lesson.rule, page.lesson.threshold, page.lesson.duration_ms, page.lesson.index) == (
        "watch",
        90,
        20_000,
        0,
    )
    assert page.lesson.tiers == ("basic", "vip")
    assert page.video_url is not None and page.video_type == "video/webm" and page.poster_url is not None
    assert [(caption.lang, caption.label) for caption in page.captions] == [("en", "English"), ("ru", "Русский")]
    assert [(chapter.at_ms, chapter.title) for chapter in page.chapters] == [(0, "Холодная"), (10_000, "Горячая")]
    assert [(file.title, file.size, file.filename) for file in page.attachments] == [("Лист", 8, "sheet.pdf")]
    assert page.previous is None
    assert page.next is not None and page.next.key == "leaves" and page.next.preview
    assert '<a href="/courses/tea/leaves">' in page.body_html


def test_picture_in_the_text_gets_its_media_address(course: Course, do_import: Import) -> None:
    do_import(course())
    page = find_lesson("tea", "leaves", "en")

    assert page is not None
    assert '<img src="/media/tea/leaves/leaf-' in page.body_html
    assert (page.video_url, page.video_type, page.captions, page.lesson.duration_ms) == (None, "", (), 0)
    assert page.next is None


def test_attachment_in_one_language_is_shown_to_its_readers_only(course: Course, do_import: Import, edit: Edit) -> None:
    do_import(
        edit(
            "10-start/10-water.md",
            "{src: sheet.pdf, title: {en: Sheet, ru: Лист}}",
            "{src: sheet.pdf, lang: ru, title: Лист}",
        )
    )
    english, russian = find_lesson("tea", "water", "en"), find_lesson("tea", "water", "ru")

    assert english is not None and russian is not None
    assert (len(english.attachments), len(russian.attachments)) == (0, 1)


def test_what_does_not_exist_is_none(course: Course, do_import: Import) -> None:
    do_import(course())

    assert find_course("coffee", "en") is None
    assert find_lesson("tea", "milk", "en") is None
    assert find_lesson("coffee", "water", "en") is None
    assert find_lesson_by_id(10**9) is None
    assert find_course_by_id(10**9) is None


def test_lesson_is_found_by_its_id(course: Course, do_import: Import) -> None:
    do_import(course())
    page = find_lesson("tea", "water", "ru")

    assert page is not None
    assert find_lesson_by_id(page.lesson.id, "ru") == page.lesson


def test_new_import_is_seen_at_once(course: Course, do_import: Import, edit: Edit) -> None:
    do_import(course())
    assert [info.title for info in find_courses("en")] == ["Tea"]
    do_import(edit("course.yaml", "en: Tea,", "en: Green tea,"))

    assert [info.title for info in find_courses("en")] == ["Green tea"]


def test_course_of_any_size_costs_six_queries_cold_and_one_warm(
    course: Course, do_import: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = {f"10-start/{number}-x{number}.md": f"---\nid: x{number}\ntitle: X\n---\nText" for number in range(30, 90)}
    do_import(course(many))
    catalogue._snapshots.clear()

    with _counting(monkeypatch) as cold:
        found = find_course("tea", "en")
    with _counting(monkeypatch) as warm:
        find_lesson("tea", "water", "en")
    assert found is not None and found.lesson_count == 62
    assert len(cold) == 6, cold
    assert len(warm) == 1, warm


def test_unknown_lessons_are_not_remembered(in_app: Flask, course: Course, do_import: Import) -> None:
    do_import(course())
    for number in range(50):
        find_lesson("tea", f"made-up-{number}", "en")

    snapshot = next(iter(catalogue._snapshots.values()))
    assert len(snapshot._pages) <= 1
