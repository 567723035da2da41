"""Every page of the URL map: no more queries for ten times as much, and no text that nobody translated. A new page is walked at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import open_school
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from studium.core.database import db, transaction
from studium.queue.queues import queues
from studium.services.cache import cache
from tests.web.conftest import MakeCourse
from tests.web.every_page import ANSWER_NOBODY, ANSWERED, EveryPage
from tests.web.page import Page
from tests.web.pseudo_language import speak_pseudo, untranslated
from tests.web.rows import NO_ROW_NEEDED
from tests.web.ten_times import empty_tables, multiply
from tests.web.whole_school import WholeSchool

FEW, MANY = 5, 50
COUNTED = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
GROWING = {  # rules whose queries may grow with what there is, and why that is no mistake
}
SCHOOL_WORDS = frozenset({  # codes and names that the tests chose, which no page can translate
    "rivers", "basic", "News", "Text", "KeyError", "vip", "shop", "till", "program", "default", "realtime", "Stu",
})
Pseudo = Callable[[Page, TestResponse], set[str]]
OF_TEST_PLUGINS = {  # what plugins of these tests say, by rule
    "/account": {"<b>none</b>", "For Соня", "Old <letters>", "Save"},
    "/owner/coupons": {"the tests,"},
    "/payments/<payment_id>": {"Bring the money.", "Number", "⟦Copy⟧: Number"},
    "/payments/<payment_id>/state": {"Bring the money.", "Number", "⟦Copy⟧: Number"},
}


@pytest.fixture
def school(app: Flask, make_course: MakeCourse, monkeypatch: pytest.MonkeyPatch) -> WholeSchool:
    """A school that sells a course of five lessons, with something of everything."""
    monkeypatch.setattr(open_school, "OPEN", False)
    return WholeSchool(app, make_course(lessons=FEW))


def test_each_table_has_a_row_so_that_pages_have_something_to_show(app: Flask, school: WholeSchool) -> None:
    with app.app_context(), transaction():
        assert sorted(empty_tables() - set(NO_ROW_NEEDED)) == [], "add a row to tests/web/rows.py"


def test_ten_times_as_much_costs_no_page_more_queries(app: Flask, school: WholeSchool, make_course: MakeCourse) -> None:
    every = EveryPage(school)
    silent = set(every.rules) - {page.rule for page in every.answered}
    assert sorted(silent - set(ANSWER_NOBODY)) == [], "fill the page in (tests/web/whole_school.py), or say why in ANSWER_NOBODY"
    empty_cache(app)
    few = {page: queries(school, page) for page in every.answered}
    make_course(lessons=MANY)
    with app.app_context(), transaction():
        multiply()
    empty_cache(app)
    doubtful = [page for page, before in few.items() if page.rule not in GROWING and queries(school, page) > before]
    grown = []
    for page in doubtful:  # the first time a process sees a course it reads it; only what is asked each time counts
        empty_cache(app)
        if (after := queries(school, page)) > few[page]:
            grown.append(f"{page.address} ({page.caller}): {few[page]} -> {after}")
    assert grown == []


def empty_cache(app: Flask) -> None:
    """Have fragments of pages made anew, with whatever they ask."""
    with app.app_context():
        cache().clear()


def queries(school: WholeSchool, page: Page) -> int:
    """How many queries the page costs."""
    with counted(school.app) as found:
        assert school.open_page(page).status_code in ANSWERED, page
    return len(found)


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """The statements on this thread's connection, whoever asks."""
    found: list[str] = []
    with app.app_context(), transaction():
        connection = db.get_connection()
    connection.set_trace_callback(lambda sql: found.append(sql) if sql.lstrip().upper().startswith(COUNTED) else None)
    try:
        yield found
    finally:
        connection.set_trace_callback(None)


@pytest.fixture
def pseudo(school: WholeSchool, monkeypatch: pytest.MonkeyPatch) -> Pseudo:
    """The site speaks the pseudo-language; `pseudo(page, answer)` are the texts that do not."""
    speak_pseudo(monkeypatch)
    with school.app.app_context():
        words = SCHOOL_WORDS | set(queues().kinds)
    for client in school.clients.values():
        client.set_cookie("studium_language", "ru")

    def do(page: Page, answer: TestResponse) -> set[str]:
        if answer.mimetype != "text/html" or answer.status_code in (302, 303):
            return set()
        of_plugins = OF_TEST_PLUGINS.get(page.rule, set()) | OF_TEST_PLUGINS["/account"]
        return {f"{text}   on {page.rule}" for text in untranslated(answer.text, words) if text not in of_plugins}

    return do


def test_each_text_of_each_page_is_translated(school: WholeSchool, pseudo: Pseudo) -> None:
    assert sorted({text for page in EveryPage(school).all for text in pseudo(page, school.open_page(page))}) == []


def test_each_text_that_answers_an_empty_form_is_translated(school: WholeSchool, pseudo: Pseudo) -> None:
    left = set()
    for page in EveryPage(school).forms:
        answer = school.send(page)
        left |= pseudo(page, answer)
        if answer.status_code in (302, 303) and answer.headers["Location"].startswith("/"):
            left |= pseudo(page, school.open_page(Page(page.caller, page.rule, answer.headers["Location"])))  # with what was flashed
    assert sorted(left) == []
