"""/owner/broadcasts: write, look at it, send it once."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from studium.core.database import reading, transaction
from studium.core.plugins import hookimpl
from studium.core.runtime import runtime
from studium.plugins.notifications.broadcasts import Announcement, send_once
from studium.plugins.notifications.entities import Broadcast, Notification
from studium.queue import jobs
from studium.services.owner_pages import OwnerPage
from tests.plugins.payments.owner.conftest import Press, hidden, press, vera
from tests.plugins.payments.school import School, plant, school
from tests.web.test_queries import count_queries

__all__ = ["plant", "press", "school", "vera"]
NEW = "/owner/broadcasts/new"
WORDS = {"title_en": "A new course", "text_en": "About rivers.\nFrom Monday.", "title_ru": "Новый курс", "text_ru": "О реках."}


def rows() -> list[Broadcast]:
    with reading():
        return list(Broadcast.select().order_by(Broadcast.id))


def fields_of(page: str) -> dict[str, str]:
    """What the page to confirm sends again."""
    areas = re.findall(r'<textarea name="(\w+)" hidden>\n(.*?)</textarea>', page, re.DOTALL)
    return {name: html.unescape(value) for name, value in [*hidden(page).items(), *areas]}


def test_an_announcement_is_sent_after_it_was_looked_at(
    app: Flask, vera: FlaskClient, press: Press, client: FlaskClient, sign_in: Callable[..., object], run_jobs: Callable[[], int]
) -> None:
    sign_in(client)
    page = press(NEW, **WORDS).text
    assert "2 people are told. That is everybody with an account." in page
    assert "О реках." in page
    with app.app_context():
        assert rows() == []
    answer = press(NEW, **fields_of(page), sure=1)
    assert answer.headers["Location"] == "/owner/broadcasts"
    assert "The announcement is being sent." in vera.get("/owner/broadcasts").text
    run_jobs()
    listed = vera.get("/owner/broadcasts").text
    assert "Sent" in listed
    assert "Vera" in listed
    with app.app_context(), reading():
        told = Notification.select(lambda row: row.event == "announcement")[:]
        assert len(told) == 2
        assert {row.path for row in told} == {"/notifications"}
        assert "From Monday." in told[0].details


def test_a_second_click_announces_nothing(app: Flask, vera: FlaskClient, press: Press) -> None:
    fields = fields_of(press(NEW, **WORDS).text)
    press(NEW, **fields, sure=1)
    press(NEW, **fields, sure=1)
    assert "It was sent already" in vera.get("/owner/broadcasts").text
    with app.app_context():
        assert len(rows()) == 1


def test_a_course_announcement_leads_to_the_course(app: Flask, press: Press, school: School) -> None:
    page = press(NEW, **WORDS, course_id=school.course).text
    assert "0 people are told. They are enrolled in the course" in page
    press(NEW, **fields_of(page), sure=1)
    with app.app_context():
        (row,) = rows()
    assert (row.course_id, row.path) == (school.course, "/courses/rivers")


def test_back_to_the_form_keeps_what_was_written(press: Press) -> None:
    fields = fields_of(press(NEW, **WORDS, path="/courses").text)
    page = press(NEW, **fields, change=1).text
    assert 'value="A new course"' in page
    assert "About rivers.\nFrom Monday.</textarea>" in page
    assert 'value="/courses"' in page


def test_words_of_one_language_are_enough(app: Flask, press: Press) -> None:
    page = press(NEW, title_ru="Новый курс", text_ru="О реках.").text
    press(NEW, **fields_of(page), sure=1)
    with app.app_context():
        (row,) = rows()
    assert "en" not in row.titles


@pytest.mark.parametrize(("fields", "field"), [
    pytest.param({}, "title_en", id="nothing"),
    pytest.param({"title_en": "A"}, "text_en", id="no text"),
    pytest.param({"text_ru": "A"}, "title_ru", id="no title"),
    pytest.param({**WORDS, "title_en": "A" * 121}, "title_en", id="long title"),
    pytest.param({**WORDS, "text_ru": "A" * 1001}, "text_ru", id="long text"),
    pytest.param({**WORDS, "course_id": "999"}, "course_id", id="unknown course"),
    pytest.param({**WORDS, "course_id": "x"}, "course_id", id="odd course"),
    pytest.param({**WORDS, "path": "https://evil.example"}, "path", id="elsewhere"),
    pytest.param({**WORDS, "path": "//evil.example"}, "path", id="elsewhere too"),
    pytest.param({**WORDS, "path": "/" + "a" * 300}, "path", id="long path"),
])
def test_a_wrong_form_comes_back_with_its_errors(app: Flask, press: Press, fields: dict[str, str], field: str) -> None:
    answer = press(NEW, **fields, sure=1, form_id="form-0001")
    assert answer.status_code == 422
    assert re.findall(r'id="error-(\w+)"', answer.text) == [field]
    with app.app_context():
        assert rows() == []


def test_a_form_without_its_id_is_refused(app: Flask, press: Press) -> None:
    assert press(NEW, **WORDS, sure=1).status_code == 422
    with app.app_context():
        assert rows() == []


def test_a_stopped_one_is_sent_on_from_the_list(app: Flask, vera: FlaskClient, press: Press, run_jobs: Callable[[], int]) -> None:
    with app.app_context():
        send_once(Announcement({"en": "News"}, {"en": "Text"}, "/", None), 1, "form-0001")
        with transaction():
            job_id = jobs.Job.select(lambda job: job.kind == "broadcast").first().id
        jobs.cancel(job_id)
    assert "Stopped" in vera.get("/owner/broadcasts").text
    with app.app_context():
        (row,) = rows()
    assert press(f"/owner/broadcasts/{row.id}/resume").status_code == 303
    run_jobs()
    assert "Sent" in vera.get("/owner/broadcasts").text
    assert press("/owner/broadcasts/4711/resume").status_code == 404


def test_numbers_that_no_page_sends_lead_nowhere(vera: FlaskClient, press: Press) -> None:
    huge = "9" * 30
    assert vera.get(f"/owner/broadcasts?before={huge}").status_code == 400
    assert press(f"/owner/broadcasts/{huge}/resume").status_code == 404


def test_control_characters_are_left_out(app: Flask, press: Press) -> None:
    press(NEW, title_en="A\x00 new\x07 course", text_en="About\tred\x1b rivers.\r\nFrom Monday.", sure=1, form_id="f" * 8)
    with app.app_context():
        (row,) = rows()
    assert json.loads(row.titles) == {"en": "A  new  course"}
    assert json.loads(row.texts) == {"en": "About red  rivers.\nFrom Monday."}


def test_words_with_markup_stay_words(press: Press) -> None:
    page = press(NEW, title_en="<script>alert(1)</script>", text_en="</textarea><b>x</b>").text
    assert "<script>alert(1)" not in page
    assert "<b>x</b>" not in page


def test_the_list_goes_on_below_an_id_with_as_many_queries_for_many_as_for_few(
    app: Flask, vera: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def announce(number: int) -> None:
        with app.app_context():
            send_once(Announcement({"en": f"News {number:02}"}, {"en": "Text"}, "/", None), 1, f"form-{number:04}")

    announce(0)
    few = count_queries(vera, "/owner/broadcasts", monkeypatch)
    for number in range(1, 32):
        announce(number)
    assert count_queries(vera, "/owner/broadcasts", monkeypatch) <= few
    first = vera.get("/owner/broadcasts").text
    older = re.findall(r'rel="next" href="([^"]+)"', first)
    assert "News 31" in first
    assert re.findall(r"News \d\d", vera.get(older[0]).text) == ["News 01", "News 00"]


def navigation(page: str) -> list[tuple[str, str, str]]:
    """The links of the owner's navigation: path, `aria-current` and title."""
    (found,) = re.findall(r'<nav class="owner-nav".*?</nav>', page, re.DOTALL)
    return re.findall(r'<a href="([^"]+)"(?: aria-current="(\w+)")?>([^<]+)</a>', found)


def test_hook_owner_pages_adds_links_in_their_order(app: Flask, vera: FlaskClient) -> None:
    class Library:
        @hookimpl
        def owner_pages(self, language: str) -> list[OwnerPage]:
            return [OwnerPage(f"Books ({language})", "/owner/books", order=15)]

    plugin = Library()
    with app.app_context():
        plugins = runtime().plugins
    plugins.register(plugin, name="library")
    try:
        found = navigation(vera.get("/owner/broadcasts").text)
    finally:
        plugins.unregister(plugin)
    assert found[0] == ("/owner", "", "Overview")
    assert found[-2:] == [("/owner/books", "", "Books (en)"), ("/owner/broadcasts", "page", "Announcements")]


@pytest.mark.parametrize("path", ["/owner", "/owner/payments", "/owner/broadcasts", "/owner/broadcasts/new", "/owner/coupons/new"])
def test_the_navigation_says_where_one_is(vera: FlaskClient, path: str) -> None:
    here = [path for path, current, _title in navigation(vera.get(path).text) if current]
    assert here == [path.removesuffix("/new")]


@pytest.mark.parametrize("answer", [lambda browser: browser.get("/owner/broadcasts"), lambda browser: browser.get(NEW)])
def test_students_do_not_learn_of_it(client: FlaskClient, anna: int, answer: Callable[[FlaskClient], TestResponse]) -> None:
    assert answer(client).status_code == 404
