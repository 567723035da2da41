"""A small correct course that a test can spoil in one place."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from studium.services.courses.apply import import_course
from studium.services.courses.folder import CourseSource, read_course
from studium.services.courses.plan import Plan
from studium.services.courses.store import MediaStore

EXAMPLE = Path(__file__).parents[3] / "examples" / "learn-how-to-learn"
JPEG = b"\xff\xd8\xff\xe0 a picture"
Files = dict[str, str | bytes | None]


def webm(seconds: float = 20.0, filling: bytes = b"") -> bytes:
    """A WebM file that is nothing but a header with this duration."""
    info = b"\x2a\xd7\xb1\x83\x0f\x42\x40" + b"\x44\x89\x88" + struct.pack(">d", seconds * 1000)
    segment = b"\x15\x49\xa9\x66" + bytes([0x80 | len(info)]) + info + b"\xec" + bytes([0x80 | len(filling)]) + filling
    return b"\x1a\x45\xdf\xa3\x80" + b"\x18\x53\x80\x67" + bytes([0x80 | len(segment)]) + segment


COURSE = """\
id: tea
languages: [en, ru]
title: {en: Tea, ru: Чай}
summary: {en: How to make it., ru: Как его заварить.}
cover: cover.jpg
tiers:
  - id: basic
    title: {en: Basic, ru: Простой}
    price: {RUB: 2900, USD: 29.9}
    access_days: 30
    includes: [{en: All lessons, ru: Все уроки}]
  - id: vip
    title: {en: Vip, ru: Вип}
    price: {RUB: 9900}
"""
MODULE = "---\nid: start\ntitle: {en: Start, ru: Начало}\n---\n"
VIDEO_LESSON = """\
---
id: water
title: {en: Water, ru: Вода}
video: {src: water.webm, poster: water.jpg}
captions:
  - {lang: en, src: water.en.vtt}
  - {lang: ru, src: water.ru.vtt}
chapters:
  - {at: "0:00", title: {en: Cold, ru: Холодная}}
  - {at: "0:10", title: {en: Hot, ru: Горячая}}
attachments:
  - {src: sheet.pdf, title: {en: Sheet, ru: Лист}}
---
Boil it. See [the leaves](20-leaves.md).
"""
TEXT_LESSON = """\
---
id: leaves
title: {en: Leaves, ru: Листья}
complete: {rule: read}
preview: true
---
A picture: ![a leaf](leaf.jpg)
"""
VTT = "WEBVTT\n\n00:01.000 --> 00:04.000\nHello\n\n00:05.000 --> 00:09.500\nGood-bye\n"


def tea() -> Files:
    """The files of the small course."""
    return {
        "course.yaml": COURSE,
        "cover.jpg": JPEG,
        "10-start/_index.md": MODULE,
        "10-start/10-water.md": VIDEO_LESSON,
        "10-start/10-water.ru.md": "Вскипятите. Дальше — [листья](20-leaves.md).\n",
        "10-start/water.webm": webm(),
        "10-start/water.jpg": JPEG + b"2",
        "10-start/water.en.vtt": VTT,
        "10-start/water.ru.vtt": VTT.replace("Hello", "Привет"),
        "10-start/sheet.pdf": b"%PDF-1.4",
        "10-start/20-leaves.md": TEXT_LESSON,
        "10-start/20-leaves.ru.md": "Картинка: ![лист](leaf.jpg)\n",
        "10-start/leaf.jpg": JPEG + b"3",
    }


def write(root: Path, files: Files) -> Path:
    """Write files below `root`; None removes one."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.unlink()
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content, encoding="utf-8")
    return root


@pytest.fixture
def example() -> Path:
    """The folder of the course that ships with Studium."""
    return EXAMPLE


@pytest.fixture
def make_webm() -> Callable[..., bytes]:
    """`make_webm(seconds)` is a small WebM file of that duration."""
    return webm


@pytest.fixture
def course(tmp_path: Path) -> Callable[..., Path]:
    """`course({"path": content})` writes the small course, some files changed (None: removed); answers its folder."""

    def make(changes: Files | None = None) -> Path:
        return write(tmp_path / "tea", tea() | (changes or {}) if not (tmp_path / "tea").exists() else changes or {})

    return make


@pytest.fixture
def edit(course: Callable[..., Path]) -> Callable[..., Path]:
    """`edit("file", "old", "new")` replaces words in a file of the small course and returns its folder."""

    def do(file: str, old: str, new: str) -> Path:
        folder = course()
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text, f"{file} does not contain {old!r}"
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        return folder

    return do


@pytest.fixture
def source() -> Callable[[Path], CourseSource]:
    """`source(folder)` is the course read without errors."""

    def read(folder: Path) -> CourseSource:
        found, report = read_course(folder)
        assert found is not None, [str(error) for error in report.errors]
        return found

    return read


@pytest.fixture
def store(tmp_path: Path) -> MediaStore:
    """An empty media store."""
    return MediaStore(tmp_path / "media")


@pytest.fixture
def in_app(app: Flask) -> Iterator[Flask]:
    """The app with its context open."""
    with app.app_context():
        yield app


@pytest.fixture
def do_import(in_app: Flask, store: MediaStore, source: Callable[[Path], CourseSource]) -> Callable[[Path], Plan]:
    """`do_import(folder)` imports a folder and returns the plan that was carried out."""
    return lambda folder: import_course(source(folder), store)
