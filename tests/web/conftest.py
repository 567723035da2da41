"""Courses for the tests of the site, made as authors make them: a folder that is checked and imported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.plugins.auth.roles import grant
from studium.services.courses.apply import import_course
from studium.services.courses.folder import read_course
from studium.services.courses.store import media_store
from tests.conftest import SignIn

VIDEO = b"\x1a\x45\xdf\xa3" + bytes(range(256)) * 40

COURSE = """id: rivers
languages: [en, ru]
title: {en: Rivers, ru: Реки}
summary: {en: Where water goes, ru: Куда течёт вода}
description: {en: "All about **rivers**.", ru: "Всё о **реках**."}
tiers:
  - id: basic
    title: {en: Basic, ru: Базовый}
    price: {RUB: 2900, USD: 29}
    access_days: 180
    includes: [{en: Videos, ru: Видео}]
  - {id: vip, title: {en: VIP, ru: VIP}, price: {RUB: 9900.50, USD: 99}, includes: [{en: A call, ru: Звонок}]}
"""
MODULE = "---\nid: m1\ntitle: {en: Springs, ru: Родники}\n---\n"
VIDEO_LESSON = """---
id: lesson-{slug}
title: {{en: "Lesson {slug}", ru: "Урок {slug}"}}
video: {{src: {slug}.webm, duration: "1:40"}}
captions: [{{lang: en, src: {slug}.vtt}}]
chapters: [{{at: "0:00", title: {{en: Start, ru: Начало}}}}, {{at: "0:50", title: {{en: Middle, ru: Середина}}}}]
{extra}
---
About the {slug}.
"""
CAPTIONS = "WEBVTT\n\n00:00.000 --> 00:02.000\nWater\n"

MakeCourse = Callable[..., str]
Csrf = Callable[[FlaskClient], dict[str, str]]


@pytest.fixture
def make_course(app: Flask, tmp_path: Path) -> MakeCourse:
    """`make_course(lessons=2)` imports the course "rivers": a free preview, more video lessons, one text to read."""

    def do(lessons: int = 2, video: bytes = VIDEO) -> str:
        folder = tmp_path / "rivers"
        module = folder / "10-springs"
        module.mkdir(parents=True, exist_ok=True)
        (folder / "course.yaml").write_text(COURSE, encoding="utf-8")
        (module / "_index.md").write_text(MODULE, encoding="utf-8")
        for index in range(lessons):
            write_video_lesson(module, (index + 1) * 10, f"part-{index + 1}", "preview: true" if index == 0 else "", video)
        (module / "9000-poem.md").write_text(
            "---\nid: poem\ntitle: {en: A poem, ru: Стих}\n---\nThe river runs.\n", encoding="utf-8"
        )
        with app.app_context():
            source, report = read_course(folder)
            assert source is not None, [str(mistake) for mistake in report.mistakes]
            import_course(source, media_store())
        return "rivers"

    return do


def write_video_lesson(module: Path, number: int, slug: str, extra: str, video: bytes = VIDEO) -> None:
    """One video lesson with captions and chapters."""
    (module / f"{number}-{slug}.md").write_text(VIDEO_LESSON.format(slug=slug, extra=extra), encoding="utf-8")
    (module / f"{slug}.webm").write_bytes(video + slug.encode())
    (module / f"{slug}.vtt").write_text(CAPTIONS, encoding="utf-8")


@pytest.fixture
def course(make_course: MakeCourse) -> str:
    """The slug of an imported course with the lessons part-1 (a free preview), part-2 and poem."""
    return make_course()


@pytest.fixture
def anna(client: FlaskClient, sign_in: SignIn) -> FlaskClient:
    """Anna's browser: she is user 7 of Telegram."""
    sign_in(client)
    return client


@pytest.fixture
def boris(app: Flask, sign_in: SignIn) -> FlaskClient:
    """The browser of another student."""
    client = app.test_client()
    sign_in(client, telegram_id=8, first_name="Boris")
    return client


@pytest.fixture
def otto(app: Flask, sign_in: SignIn) -> FlaskClient:
    """The browser of somebody to whom the plugin under test offers a letter."""
    client = app.test_client()
    sign_in(client, telegram_id=9, first_name="Otto")
    return client


@pytest.fixture
def operator(app: Flask) -> FlaskClient:
    """Olga's browser: she is user 1004 of Telegram and has the role ops."""
    client = app.test_client()
    assert client.post("/auth/dev", json={"telegram_id": 1004, "first_name": "Olga"}).status_code == 200
    with app.app_context():
        grant(1004, "ops", "the tests")
    return client
