"""Media files are found by their address and never change under it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from studium.services.courses.apply import import_course
from studium.services.courses.catalogue import find_course, find_lesson
from studium.services.courses.folder import CourseSource
from studium.services.courses.media import find_asset
from studium.services.courses.store import MediaChanged, MediaStore, file_hash, media_store

Course = Callable[..., Path]
Read = Callable[[Path], CourseSource]


def _import(folder: Path, source: Read) -> None:
    import_course(source(folder), media_store())


def _parts(url: str) -> list[str]:
    return url.removeprefix("/media/").split("/")


def test_every_address_of_a_lesson_leads_to_its_file(in_app: Flask, course: Course, source: Read) -> None:
    _import(course(), source)
    page = find_lesson("tea", "water", "en")
    assert (
        page is not None
        and page.video_url is not None
        and page.poster_url is not None
        and page.chapters_url is not None
    )
    urls = {
        page.video_url: "video/webm",
        page.poster_url: "image/jpeg",
        page.chapters_url: "text/vtt",
        page.captions[0].url: "text/vtt",
        page.attachments[0].url: "application/pdf",
    }

    for url, mime in urls.items():
        asset = find_asset(*_parts(url))
        assert asset is not None
        assert (asset.mime, asset.lesson_id) == (mime, page.lesson.id)
        content = asset.path.read_bytes()
        assert (len(content), file_hash(content)) == (asset.size, asset.sha256)


def test_cover_belongs_to_the_course_page(in_app: Flask, course: Course, source: Read) -> None:
    _import(course(), source)
    info = find_course("tea", "en")
    assert info is not None and info.cover_url is not None
    asset = find_asset(*_parts(info.cover_url))

    assert asset is not None
    assert (asset.kind, asset.lesson_id, asset.filename) == ("cover", None, "cover.jpg")


def test_file_of_one_lesson_is_not_found_under_another(in_app: Flask, course: Course, source: Read) -> None:
    _import(course(), source)
    page = find_lesson("tea", "water", "en")
    assert page is not None and page.video_url is not None
    name = _parts(page.video_url)[2]

    assert find_asset("tea", "leaves", name) is None
    assert find_asset("tea", "water", "../" + name) is None
    assert find_asset("coffee", "water", name) is None


def test_address_that_a_student_is_watching_survives_a_new_video(
    in_app: Flask, course: Course, source: Read, make_webm: Callable[..., bytes]
) -> None:
    _import(course(), source)
    before = find_lesson("tea", "water", "en")
    old = (course() / "10-start" / "water.webm").read_bytes()
    _import(course({"10-start/water.webm": make_webm(30)}), source)
    after = find_lesson("tea", "water", "en")
    assert before is not None and before.video_url is not None and after is not None

    asset = find_asset(*_parts(before.video_url))
    assert after.video_url != before.video_url
    assert asset is not None and asset.archived
    assert asset.path.read_bytes() == old


def test_store_keeps_a_file_once_and_whole(tmp_path: Path) -> None:
    store = MediaStore(tmp_path / "media")
    sha256 = file_hash(b"tea")

    assert store.put(b"tea", sha256)
    assert not store.put(b"tea", sha256)
    assert store.path(sha256).read_bytes() == b"tea"


def test_store_refuses_bytes_of_another_hash_and_leaves_nothing(tmp_path: Path) -> None:
    store = MediaStore(tmp_path / "media")

    with pytest.raises(MediaChanged):
        store.put(b"coffee", file_hash(b"tea"))
    assert [path for path in store.root.rglob("*") if path.is_file()] == []


def test_store_removes_only_old_partial_files(tmp_path: Path) -> None:
    import os

    store = MediaStore(tmp_path)
    old, young = tmp_path / ".partial-a", tmp_path / ".partial-b"
    old.write_bytes(b"x")
    young.write_bytes(b"x")
    os.utime(old, (0, 0))
    store.remove_stale_partials()

    assert (old.exists(), young.exists()) == (False, True)
