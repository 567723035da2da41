"""Importing: a plan in words, then everything in one transaction; repeatable, and students lose nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from studium.core.database import execute, reading, transaction
from studium.services.courses.apply import archive_course, import_course
from studium.services.courses.catalogue import find_course, find_courses, find_lesson, find_lesson_by_id
from studium.services.courses.entities import Asset, Lesson
from studium.services.courses.folder import CourseSource
from studium.services.courses.plan import ImportRefused, Plan, make_plan
from studium.services.courses.store import MediaChanged, MediaStore, file_hash

Course = Callable[..., Path]
Edit = Callable[[str, str, str], Path]
Import = Callable[[Path], Plan]
Read = Callable[[Path], CourseSource]
W, L = "10-start/10-water.md", "10-start/20-leaves.md"


def _lines(plan: Plan) -> list[str]:
    return [line.strip() for line in plan.lines()]


def _ids() -> dict[str, int]:
    with reading():
        return {lesson.key: lesson.id for lesson in Lesson.select()}


def _tables() -> list[Any]:
    with transaction():
        return [
            execute(f'SELECT * FROM "{table}" ORDER BY id').fetchall()
            for table in ("course", "module", "lesson", "tier", "asset")
        ]


def test_first_import_adds_everything(course: Course, do_import: Import) -> None:
    plan = do_import(course())

    assert _lines(plan) == [
        "+ added course tea: Tea",
        "+ added tier basic: Basic",
        "+ added tier vip: Vip",
        "+ added module start: Start",
        "+ added lesson water: Water",
        "+ added lesson leaves: Leaves",
    ]
    assert find_course("tea", "en") is not None


def test_second_import_of_the_same_folder_does_nothing(course: Course, do_import: Import) -> None:
    do_import(course())
    before = _tables()
    plan = do_import(course())

    assert not plan.differs
    assert _lines(plan) == []
    assert _tables() == before


def test_plan_writes_nothing(course: Course, do_import: Import, edit: Edit, source: Read, store: MediaStore) -> None:
    do_import(course())
    before, files = _tables(), sorted(store.root.rglob("*"))
    folder = edit(W, "title: {en: Water", "title: {en: Hot water")
    (folder / "10-start" / "water.jpg").write_bytes(b"another picture")
    plan = make_plan(source(folder))

    assert plan.differs
    assert _tables() == before
    assert sorted(store.root.rglob("*")) == files


def test_changed_fields_are_told_in_words(course: Course, do_import: Import, edit: Edit) -> None:
    do_import(course())
    edit(W, "title: {en: Water", "title: {en: Hot water")
    edit(W, "Boil it.", "Boil it well.")
    edit("course.yaml", "RUB: 2900", "RUB: 3500")
    plan = do_import(edit(L, "preview: true", "preview: false"))

    assert _lines(plan) == [
        "~ changed tier basic: Basic",
        "price: RUB 2900.00, USD 29.90 -> RUB 3500.00, USD 29.90",
        "~ changed lesson water: Hot water",
        'title (en): "Water" -> "Hot water"',
        'text (en): "Boil it. See [the leaves](20-leaves.md)." -> "Boil it well. See [the leaves](20-leaves.md)."',
        "~ changed lesson leaves: Leaves",
        "preview: yes -> no",
    ]


def test_new_video_starts_coverage_afresh(course: Course, do_import: Import, make_webm: Callable[..., bytes]) -> None:
    do_import(course())
    before = find_lesson("tea", "water", "en")
    plan = do_import(course({"10-start/water.webm": make_webm(30)}))
    after = find_lesson("tea", "water", "en")

    assert "video: a new file; coverage starts afresh, completed stays completed" in _lines(plan)
    assert "length: 0:20 -> 0:30" in _lines(plan)
    assert before is not None and after is not None
    assert before.lesson.asset_rev != after.lesson.asset_rev
    assert (after.lesson.id, after.lesson.duration_ms) == (before.lesson.id, 30_000)


def test_new_caption_keeps_the_coverage(course: Course, do_import: Import) -> None:
    do_import(course())
    before = find_lesson("tea", "water", "en")
    plan = do_import(course({"10-start/water.en.vtt": "WEBVTT\n\n00:01.000 --> 00:02.000\nNew\n"}))
    after = find_lesson("tea", "water", "en")

    assert "caption (en): replaced" in _lines(plan)
    assert before is not None and after is not None
    assert before.lesson.asset_rev == after.lesson.asset_rev
    assert before.captions[0].url != after.captions[0].url


def test_lesson_keeps_its_row_when_its_file_and_slug_are_renamed(course: Course, do_import: Import) -> None:
    do_import(course())
    before = _ids()
    folder = course()
    for name in ("20-leaves.md", "20-leaves.ru.md"):
        (folder / "10-start" / name).rename(folder / "10-start" / name.replace("20-leaves", "05-green-leaves"))
    for name in ("10-water.md", "10-water.ru.md"):
        path = folder / "10-start" / name
        path.write_text(path.read_text().replace("20-leaves.md", "05-green-leaves.md"))
    plan = do_import(folder)
    found = find_course("tea", "en")

    assert _ids() == before
    assert found is not None
    assert [lesson.slug for lesson in found.lessons] == ["green-leaves", "water"]
    assert "slug: leaves -> green-leaves" in _lines(plan)


def test_two_lessons_may_exchange_their_slugs(course: Course, do_import: Import, edit: Edit) -> None:
    do_import(course())
    before = _ids()
    edit(W, "id: water", "id: water\nslug: leaves")
    do_import(edit(L, "id: leaves", "id: leaves\nslug: water"))
    page = find_lesson("tea", "leaves", "en")

    assert _ids() == before
    assert page is not None and page.lesson.key == "water"
    assert page.video_url is not None and page.video_url.startswith("/media/tea/leaves/")


def test_removed_lesson_is_archived_and_comes_back_with_its_row(course: Course, do_import: Import, edit: Edit) -> None:
    do_import(course())
    before = _ids()
    edit(W, "See [the leaves](20-leaves.md).", "")
    folder = edit("10-start/10-water.ru.md", "[листья](20-leaves.md)", "")
    kept = {name: (folder / "10-start" / name).read_bytes() for name in ("20-leaves.md", "20-leaves.ru.md")}
    for name in kept:
        (folder / "10-start" / name).unlink()

    assert "- archived lesson leaves: Leaves" in _lines(do_import(folder))
    archived = find_lesson_by_id(before["leaves"])
    assert archived is not None and archived.archived
    assert find_lesson("tea", "leaves", "en") is None
    found = find_course("tea", "en")
    assert found is not None and found.lesson_count == 1

    for name, content in kept.items():
        (folder / "10-start" / name).write_bytes(content)
    plan = do_import(folder)
    assert "^ restored lesson leaves: Leaves" in _lines(plan)
    assert _ids() == before
    assert find_lesson("tea", "leaves", "en") is not None


def test_slug_of_an_archived_lesson_is_free_for_another(course: Course, do_import: Import, edit: Edit) -> None:
    do_import(course())
    do_import(edit(L, "id: leaves", "id: new-leaves\nslug: leaves"))
    page = find_lesson("tea", "leaves", "en")

    assert page is not None and page.lesson.key == "new-leaves"
    assert set(_ids()) == {"water", "leaves", "new-leaves"}


def test_removed_tier_and_module_are_archived(course: Course, do_import: Import, edit: Edit) -> None:
    do_import(course())
    edit("course.yaml", "  - id: vip\n    title: {en: Vip, ru: Вип}\n    price: {RUB: 9900}\n", "")
    plan = do_import(edit("10-start/_index.md", "id: start", "id: begin"))
    found = find_course("tea", "en")

    assert {"- archived tier vip: Vip", "- archived module start: Start", "+ added module begin: Start"} <= set(
        _lines(plan)
    )
    assert found is not None
    assert [tier.key for tier in found.tiers] == ["basic"]
    assert [module.key for module in found.modules] == ["begin"]


def test_archived_course_disappears_and_an_import_restores_it(course: Course, do_import: Import) -> None:
    do_import(course())
    assert archive_course("tea")
    assert not archive_course("tea")
    assert find_courses("en") == []

    plan = do_import(course())
    assert "^ restored course tea: Tea" in _lines(plan)
    assert find_course("tea", "en") is not None


def test_address_of_another_course_is_refused_and_nothing_is_stored(
    course: Course, do_import: Import, edit: Edit, store: MediaStore
) -> None:
    do_import(course())
    files = sorted(store.root.rglob("*"))
    folder = edit("course.yaml", "id: tea", "id: other\nslug: tea")
    (folder / "cover.jpg").write_bytes(b"another cover")

    with pytest.raises(ImportRefused, match="course 'tea' has the address"):
        do_import(folder)
    assert [info.key for info in find_courses("en")] == ["tea"]
    assert sorted(store.root.rglob("*")) == files


def test_replaced_video_stays_for_those_who_are_watching_it(
    course: Course, do_import: Import, make_webm: Callable[..., bytes]
) -> None:
    do_import(course())
    do_import(course({"10-start/water.webm": make_webm(30)}))

    with reading():
        videos = [(asset.archived, asset.name) for asset in Asset.select(lambda asset: asset.kind == "video")]
    assert sorted(archived for archived, _ in videos) == [False, True]
    assert len({name for _, name in videos}) == 2


def test_equal_files_are_stored_once(course: Course, do_import: Import, store: MediaStore) -> None:
    picture = (course() / "cover.jpg").read_bytes()
    do_import(course({"10-start/leaf.jpg": picture, "10-start/water.jpg": picture}))

    assert sum(path.read_bytes() == picture for path in store.root.rglob("*") if path.is_file()) == 1


def test_lost_media_file_is_put_back_by_the_next_import(course: Course, do_import: Import, store: MediaStore) -> None:
    do_import(course())
    lost = store.path(file_hash(course() / "10-start" / "water.webm"))
    lost.unlink()
    do_import(course())

    assert lost.exists()


def test_failure_while_copying_media_imports_nothing(
    course: Course, in_app: Flask, source: Read, store: MediaStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, calls = MediaStore.put, []

    def fail_at_the_third(self: MediaStore, content: Any, sha256: str) -> bool:
        calls.append(sha256)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")
        return put(self, content, sha256)

    monkeypatch.setattr(MediaStore, "put", fail_at_the_third)
    with pytest.raises(OSError, match="No space left"):
        import_course(source(course()), store)
    assert all(rows == [] for rows in _tables())


@pytest.mark.parametrize("entity", ["Tier", "Module", "Lesson", "Asset"])
def test_failure_while_writing_rows_leaves_the_old_course(
    course: Course, edit: Edit, do_import: Import, entity: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from studium.services.courses import apply

    do_import(course())
    before = _tables()
    edit("course.yaml", "title: {en: Tea", "title: {en: Green tea")
    edit(
        "course.yaml", "price: {RUB: 9900}", "price: {RUB: 9900}\n  - {id: new, title: {en: N, ru: Н}, price: {RUB: 1}}"
    )
    folder = course(
        {
            "20-more/_index.md": "---\nid: more\ntitle: {en: More, ru: Ещё}\n---\n",
            "20-more/10-x.ru.md": "Текст",
            "20-more/10-x.md": "---\nid: x\ntitle: {en: X, ru: Х}\n"
            "attachments: [{src: x.pdf, title: {en: X, ru: Х}}]\n---\nText",
            "20-more/x.pdf": b"%PDF-2",
        }
    )

    class Failing:
        def __init__(self, **_values: Any) -> None:
            raise RuntimeError("the power went off")

        select = getattr(apply, entity).select

    monkeypatch.setattr(apply, entity, Failing)
    with pytest.raises(RuntimeError, match="the power went off"):
        do_import(folder)
    assert _tables() == before

    monkeypatch.undo()
    do_import(folder)
    found = find_course("tea", "en")
    assert found is not None and found.title == "Green tea" and found.lesson_count == 3


def test_file_that_changes_during_the_import_stops_it(
    course: Course, in_app: Flask, source: Read, store: MediaStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = source(course())
    monkeypatch.setattr(
        MediaStore, "remove_stale_partials", lambda self: course({"10-start/water.webm": b"something else"})
    )

    with pytest.raises(MediaChanged, match="changed while it was being imported"):
        import_course(found, store)
    assert all(rows == [] for rows in _tables())
    assert not list(store.root.glob(".partial-*"))


def test_import_follows_the_order_of_numbers(course: Course, do_import: Import, edit: Edit) -> None:
    do_import(course())
    plan = do_import(
        course(
            {
                "10-start/15-cup.md": "---\nid: cup\ntitle: {en: Cup, ru: Чашка}\n---\nA cup.",
                "10-start/15-cup.ru.md": "Чашка.",
            }
        )
    )
    found = find_course("tea", "en")

    assert _lines(plan) == ["+ added lesson cup: Cup"]
    assert found is not None
    assert [(lesson.key, lesson.index) for lesson in found.lessons] == [("water", 0), ("cup", 1), ("leaves", 2)]
