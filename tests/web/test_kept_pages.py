"""Pages with parts from the cache are what they would be without it: for each reader, in any order, and after every import."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import open_school
import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.core.database import transaction
from studium.core.runtime import runtime
from studium.plugins.auth import people
from studium.plugins.progress.entities import LessonRow
from studium.services.cache import Cache, cache
from studium.services.courses import snapshot_rows
from studium.services.courses.apply import archive_course, import_course
from studium.services.courses.catalogue import find_course
from studium.services.courses.entities import Lesson
from studium.services.courses.folder import read_course
from studium.services.courses.store import media_store
from studium.web.pages import course as course_page
from tests.conftest import Clock, SignIn
from tests.web.conftest import MakeCourse

PATHS = ("/", "/courses/rivers", "/courses/rivers/part-1", "/courses/rivers/poem", "/dashboard")
OF_THE_ANSWER = re.compile(r'(name="(?:studium-csrf-token|csrf_token|studium-stream|studium-stream-last|key)" (?:content|value)=")[^"]*')
SECRETS = re.compile(r'name="(?:studium-csrf-token|csrf_token|studium-stream)" (?:content|value)="([^"]*)')

Readers = dict[str, FlaskClient]


@pytest.fixture
def readers(app: Flask, course: str, sign_in: SignIn, frozen_clock: Clock) -> Readers:
    """A visitor, somebody new, one in the middle of a lesson, one who is done, and one between two lessons, far away, who reads Russian."""
    progress = {"Nadja": [], "Mara": [1.0, 0.4], "Dora": [1.0, 1.0, 1.0], "Rita": [1.0]}
    found = {"visitor": app.test_client()}
    for number, (name, covered) in enumerate(progress.items()):
        found[name] = app.test_client()
        user = sign_in(found[name], telegram_id=100 + number, first_name=name)
        with app.app_context():
            watch(user["id"], covered)
    found["Rita"].set_cookie("studium_language", "ru")
    with app.app_context():
        people.keep_time_zone(user["id"], "Pacific/Auckland")
    return found


def watch(user_id: int, covered: list[float]) -> None:
    """Progress in the lessons of the course, in their order."""
    with transaction():
        lessons = list(Lesson.select().order_by(Lesson.id))
        for lesson, part in zip(lessons, covered, strict=False):
            LessonRow(user_id=user_id, lesson_id=lesson.id, course_id=lesson.course.id, covered=int(100_000 * part), completed=part == 1.0)


@contextmanager
def without_cache() -> Iterator[None]:
    """Nothing is read from the cache, and nothing kept."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Cache, "fetch", lambda _self, _key, make, **_options: make())
        yield


def page(client: FlaskClient, path: str) -> str:
    """The page, without what is another one in each answer."""
    return OF_THE_ANSWER.sub(r"\1", client.get(path).text)


@pytest.mark.parametrize("order", [1, -1])
def test_each_reader_sees_what_they_would_see_without_the_cache(readers: Readers, order: int) -> None:
    everyone = list(readers.items())[::order]
    with without_cache():
        right = {(name, path): page(client, path) for name, client in everyone for path in PATHS}
    for _time in range(2):  # first it is filled by whoever comes first, then all come from it
        for name, client in everyone:
            for path in PATHS:
                assert page(client, path) == right[name, path], f"{name} at {path}"
    assert len(set(right.values())) >= 4 * len(everyone)  # else this would prove nothing


def test_blocks_of_these_pages_do_come_from_the_cache(readers: Readers, monkeypatch: pytest.MonkeyPatch) -> None:
    page(readers["visitor"], "/courses/rivers")
    monkeypatch.setattr(Cache, "fetch", lambda self, key, _make, **_options: self.get(key) or pytest.fail(f"{key} is not kept"))
    page(readers["visitor"], "/courses/rivers")
    page(readers["visitor"], "/courses/rivers")


def test_nothing_of_a_reader_gets_into_the_cache(app: Flask, readers: Readers) -> None:
    for client in readers.values():
        for path in PATHS:
            client.get(path)
    with app.app_context():
        folder = runtime().settings.core.data_dir
    kept = b"".join(file.read_bytes() for file in folder.glob("cache*") if file.is_file())
    assert b"lesson-row" in kept  # else this would prove nothing
    for name, client in readers.items():
        found, token = client.get("/").text, client.get_cookie("studium_session")
        secrets = [*SECRETS.findall(found), *([name, token.value] if token else [])]
        assert len(secrets) >= (4 if token else 1)
        assert not [secret for secret in secrets if secret.encode() in kept], name


def test_progress_shows_at_once(app: Flask, readers: Readers) -> None:
    for _time in range(2):
        assert page(readers["Nadja"], "/courses/rivers").count('data-state="completed"') == 0
    with app.app_context():
        user_id = readers["Nadja"].get("/api/v1/session").get_json()["data"]["user"]["id"]
        watch(user_id, [1.0, 1.0])
    assert page(readers["Nadja"], "/courses/rivers").count('data-state="completed"') == 2
    assert page(readers["Dora"], "/courses/rivers").count('data-state="completed"') == 3


@pytest.fixture
def dies_after_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The importing process ends between its commit and the deletion of what is kept."""
    monkeypatch.setattr(Cache, "delete_tag", lambda _self, _tag: False)


def test_import_shows_at_once_even_if_nothing_is_deleted(readers: Readers, dies_after_commit: None, tmp_path: Path) -> None:
    folder = tmp_path / "rivers"
    for client in readers.values():
        assert all("Streams" not in page(client, path) for path in PATHS)
    for file in (folder / "course.yaml", folder / "10-springs" / "20-part-2.md"):
        text = file.read_text(encoding="utf-8").replace("Rivers", "Streams").replace("Реки", "Streams").replace("Lesson part-2", "Torrent")
        file.write_text(text, encoding="utf-8")
    import_again(readers["visitor"].application, folder)
    assert all("Streams" in page(readers["visitor"], path) for path in PATHS[:3])
    assert "Torrent" in page(readers["visitor"], "/courses/rivers") and "Torrent" in page(readers["Mara"], "/courses/rivers/poem")
    with without_cache():
        right = {(name, path): page(client, path) for name, client in readers.items() for path in PATHS[:2]}
    assert {(name, path): page(client, path) for name, client in readers.items() for path in PATHS[:2]} == right


def test_end_of_access_shows_at_once(readers: Readers, monkeypatch: pytest.MonkeyPatch) -> None:
    assert 'class="lock"' not in page(readers["Nadja"], "/courses/rivers")
    monkeypatch.setattr(open_school, "OPEN", False)
    assert page(readers["Nadja"], "/courses/rivers").count('class="lock"') == 2
    monkeypatch.setattr(open_school, "OPEN", True)
    assert 'class="lock"' not in page(readers["Nadja"], "/courses/rivers")


def test_course_in_another_language_than_the_pages_is_another_course(app: Flask, course: str) -> None:
    block = app.jinja_env.from_string("{% cache course %}{{ course.title }}{% endcache %}")
    with app.test_request_context("/"):
        assert [block.render(course=find_course(course, language)) for language in ("en", "ru", "en")] == ["Rivers", "Реки", "Rivers"]


def test_new_text_of_a_lesson_shows_at_once(readers: Readers, make_course: MakeCourse, dies_after_commit: None, tmp_path: Path) -> None:
    assert "About the part-1." in page(readers["Mara"], "/courses/rivers/part-1")
    poem = tmp_path / "rivers" / "10-springs" / "9000-poem.md"
    assert "The river runs." in page(readers["Mara"], "/courses/rivers/poem")
    make_course(lessons=3)
    text = poem.read_text(encoding="utf-8").replace("The river runs.", "The river **rests**.")
    poem.write_text(text, encoding="utf-8")
    import_again(readers["Mara"].application, tmp_path / "rivers")
    assert "The river <strong>rests</strong>." in page(readers["Mara"], "/courses/rivers/poem")


def test_archived_course_is_gone_at_once(app: Flask, readers: Readers, dies_after_commit: None) -> None:
    assert "Rivers" in page(readers["visitor"], "/")
    with app.app_context():
        archive_course("rivers")
    assert "Rivers" not in page(readers["visitor"], "/")
    assert readers["visitor"].get("/courses/rivers").status_code == 404


def test_page_that_was_begun_before_an_import_is_nobody_elses(
    readers: Readers, make_course: MakeCourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = course_page.find_course

    def find_and_import(slug: str, language: str) -> Any:
        course = found(slug, language)
        make_course(lessons=4)  # and its deletion of what is kept comes before this page keeps anything
        return course

    monkeypatch.setattr(course_page, "find_course", find_and_import)
    assert "part-4" not in page(readers["visitor"], "/courses/rivers")
    monkeypatch.setattr(course_page, "find_course", found)
    assert "part-4" in page(readers["visitor"], "/courses/rivers")


def test_course_that_is_imported_while_it_is_read_is_never_a_mixture(
    app: Flask, course: str, make_course: MakeCourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = snapshot_rows.query

    def ask(sql: str, parameters: Any) -> Any:
        if '"lesson"' in sql and not imported:
            imported.append(True)
            run_in_thread(lambda: make_course(lessons=4))
        return asked(sql, parameters)

    imported: list[bool] = []
    make_course(lessons=3)  # a revision that this process has not seen
    monkeypatch.setattr(snapshot_rows, "query", ask)
    with app.app_context():
        read = find_course(course, "en")
        now = find_course(course, "en")
    assert imported and read is not None and now is not None
    assert (read.revision, len(read.lessons)) == (now.revision, len(now.lessons)) == (now.revision, 5)


def test_course_that_never_stands_still_is_read_but_not_kept(
    app: Flask, course: str, make_course: MakeCourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, lessons = snapshot_rows.query, iter(range(4, 100))

    def ask(sql: str, parameters: Any) -> Any:
        if '"lesson"' in sql:
            run_in_thread(lambda: make_course(lessons=next(lessons)))
        return asked(sql, parameters)

    make_course(lessons=3)
    with app.app_context():
        with monkeypatch.context() as patch:
            patch.setattr(snapshot_rows, "query", ask)
            restless = find_course(course, "en")
        calm = find_course(course, "en")
    assert restless is not None and calm is not None
    assert restless.revision != calm.revision
    assert len(calm.lessons) == next(lessons)  # the last import, and the poem


def test_import_makes_room_after_its_commit_and_only_if_it_changed_something(app: Flask, course: str, make_course: MakeCourse) -> None:
    with app.app_context():
        found = find_course(course, "en")
        assert found is not None

        def kept() -> bool:
            return cache().get("an entry of the course") is not None

        cache().set("an entry of the course", 1, tags=[found.cache_tag])
        make_course()
        assert kept()
        with pytest.raises(RuntimeError), transaction():
            make_course(lessons=3)
            raise RuntimeError("the disk is full")
        assert kept()
        make_course(lessons=3)
        assert not kept()
        cache().set("an entry of the course", 1, tags=[found.cache_tag])
        archive_course("rivers")
        assert not kept()


def run_in_thread(do: Callable[[], object]) -> None:
    """What another process does at this moment."""
    thread = threading.Thread(target=do)
    thread.start()
    thread.join()


def import_again(app: Flask, folder: Path) -> None:
    with app.app_context():
        source, _report = read_course(folder)
        assert source is not None
        import_course(source, media_store())
