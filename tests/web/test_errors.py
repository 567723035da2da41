"""Error pages for people, problem documents for programs."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.core.errors import Conflict, render
from studium.web.pages import catalogue


def test_person_gets_a_page_in_their_language(client: FlaskClient) -> None:
    page = client.get("/nothing", headers={"Accept": "text/html", "Accept-Language": "ru"})
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "Здесь ничего нет" in page.text


def test_program_gets_a_problem_document(client: FlaskClient) -> None:
    answer = client.get("/courses/none", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert answer.get_json()["status"] == 404


def test_wrong_method_is_told_apart(client: FlaskClient) -> None:
    page = client.get("/language")
    assert page.status_code == 405
    assert "This cannot be done here" in page.text


def test_broken_site_still_shows_a_page(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError("the disk is gone")

    monkeypatch.setitem(app.config, "TESTING", False)
    monkeypatch.setattr(catalogue, "find_courses", broken)
    page = client.get("/")
    assert page.status_code == 500
    assert "Something went wrong on our side" in page.text
    assert "У нас что-то сломалось" in page.text
    assert "disk is gone" not in page.text


@pytest.mark.parametrize(("language", "words"), [("ru", "У вас уже есть этот тариф."), ("en", "You have this tier already.")])
def test_what_a_service_says_in_english_is_translated_on_the_page(app: Flask, language: str, words: str) -> None:
    with app.test_request_context(headers={"Accept-Language": language, "Accept": "text/html"}):
        assert words in render(Conflict("You have this tier already.")).get_data(as_text=True)
