"""Reads the numbered folders of a course: `_index.md` tells the module, the numbered Markdown files are its lessons."""

from __future__ import annotations

import posixpath
import re
from itertools import pairwise

from .fields import Fields
from .frontmatter import split_page
from .lesson import Defaults, read_lesson
from .mistakes import Place, nearest
from .openings import read_available, read_tier_list
from .reading import Reading
from .source import LessonSource, ModuleSource

INDEX = "_index.md"
MODULE_KEYS = ("id", "title", "summary", "available", "tiers")
_NUMBERED = re.compile(r"(\d{1,6})-(.+)", re.ASCII)
_LESSON = re.compile(r"(\d{1,6})-([^.]+)\.md", re.ASCII)
_TRANSLATION = re.compile(r"(\d{1,6}-[^.]+)\.([A-Za-z0-9-]+)\.md", re.ASCII)


def read_modules(reading: Reading) -> tuple[ModuleSource, ...]:
    """Return the modules in the order of their numbers."""
    folders = [folder for folder in reading.files.folders if "/" not in folder]
    numbered = sorted((int(match[1]), folder) for folder in folders if (match := _NUMBERED.fullmatch(folder)))
    _report_equal_numbers(reading, numbered)
    _report_unnumbered(reading, folders)
    modules = (_read_module(reading, number, folder) for number, folder in numbered)
    return tuple(module for module in modules if module is not None)


def _read_module(reading: Reading, number: int, folder: str) -> ModuleSource | None:
    path = f"{folder}/{INDEX}"
    fields = _module_fields(reading, path)
    defaults = Defaults("now", reading.tiers or ())
    title = summary = {}
    key = None
    if fields is not None:
        key = fields.identifier()
        if key is not None:
            reading.claim("module id", key, fields.place_of("id"))
        title = fields.texts("title", reading.languages, required=True)
        summary = fields.texts("summary", reading.languages)
        defaults = Defaults(read_available(fields) or "now", read_tier_list(fields, reading, reading.tiers or ()))
    lessons = _read_lessons(reading, folder, defaults)
    if fields is not None and not _lesson_files(reading, folder):
        reading.report.warning(
            "empty-module", Place(path), "the module has no lessons", "Add files such as 10-hello.md."
        )
    return ModuleSource(key, path, number, title, summary, lessons) if key is not None else None


def _module_fields(reading: Reading, path: str) -> Fields | None:
    if path not in reading.files.files:
        reading.report.error(
            "missing-file", Place(path), "a module folder must hold _index.md", "Make it with 'id:' and 'title:'."
        )
        return None
    text = reading.files.read_text(path)
    page = split_page(text, path, reading.report) if text is not None else None
    if page is None:
        return None
    if page.body.strip():
        reading.report.error(
            "module-text",
            Place(path, page.body_line),
            "a module has no page of its own",
            "Put a sentence into 'summary:', or write a lesson.",
        )
    return Fields(page.front, MODULE_KEYS, reading.report)


def _lesson_files(reading: Reading, folder: str) -> list[tuple[int, str]]:
    found = []
    for path in reading.files.children(folder):
        match = _LESSON.fullmatch(posixpath.basename(path))
        if match:
            found.append((int(match[1]), path))
    return sorted(found)


def _read_lessons(reading: Reading, folder: str, defaults: Defaults) -> tuple[LessonSource, ...]:
    files = _lesson_files(reading, folder)
    _report_equal_numbers(reading, files)
    _report_strays(reading, folder)
    lessons = []
    for number, path in files:
        lesson = read_lesson(reading, path, number, defaults)
        if lesson is not None:
            lessons.append(lesson)
    return tuple(lessons)


def _report_equal_numbers(reading: Reading, numbered: list[tuple[int, str]]) -> None:
    for (number, path), (following, other) in pairwise(numbered):
        if number == following:
            reading.report.error(
                "same-number",
                Place(other),
                f"has the same number as {path}",
                "Give each its own number, in steps of ten.",
            )


def _report_unnumbered(reading: Reading, folders: list[str]) -> None:
    for folder in folders:
        if f"{folder}/{INDEX}" in reading.files.files and not _NUMBERED.fullmatch(folder):
            reading.report.error(
                "bad-name", Place(folder), "a module folder begins with its number", f"Rename it to 10-{folder}."
            )


def _report_strays(reading: Reading, folder: str) -> None:
    """Report Markdown files of a module that are neither lessons nor texts of a lesson in another language."""
    for path in reading.files.children(folder):
        name = posixpath.basename(path)
        translation = _TRANSLATION.fullmatch(name)
        if name == INDEX or not name.endswith(".md") or _LESSON.fullmatch(name):
            continue
        if translation is None:
            if _NUMBERED.fullmatch(name):
                reading.report.error(
                    "bad-name",
                    Place(path),
                    "the name is not <number>-<slug>.md",
                    "Such as 10-hello.md or 10-hello.ru.md.",
                )
        elif f"{folder}/{translation[1]}.md" not in reading.files.files:
            reading.report.error(
                "missing-file",
                Place(path),
                f"there is no lesson {translation[1]}.md for this text",
                f"Make {translation[1]}.md with the front matter.",
            )
        elif reading.languages and translation[2] not in reading.languages[1:]:
            _report_language(reading, path, translation[2])


def _report_language(reading: Reading, path: str, language: str) -> None:
    if language == reading.main_language:
        reading.report.error(
            "unknown-language",
            Place(path),
            f"the text in {language}, the main language, stands in the lesson's own file",
            "Move it to the file without a language in its name.",
        )
    else:
        reading.report.error(
            "unknown-language",
            Place(path),
            f"'{language}' is not a language of this course",
            nearest(language, reading.languages),
        )
