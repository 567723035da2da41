"""The choice of language."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conftest import SignIn


def test_page_follows_the_browser_until_somebody_chooses(client: FlaskClient) -> None:
    assert '<html lang="ru">' in client.get("/", headers={"Accept-Language": "ru-RU,ru;q=0.9"}).text
    assert '<html lang="en">' in client.get("/", headers={"Accept-Language": "de"}).text


def test_chosen_language_is_kept_and_leads_back(client: FlaskClient) -> None:
    answer = choose(client, "ru", "/dashboard?tab=1")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/dashboard?tab=1")
    page = client.get("/", headers={"Accept-Language": "en"}).text
    assert '<html lang="ru">' in page
    assert "Курсов пока нет" in page


def test_unknown_language_is_refused_by_name(client: FlaskClient) -> None:
    assert choose(client, "xx", "/").status_code == 422


def test_choice_without_token_is_refused(client: FlaskClient) -> None:
    assert client.post("/language", data={"language": "ru"}).status_code == 400


@pytest.mark.parametrize("target", ["//evil.example", "/x\\..\\y", "https://evil.example", ""])
def test_no_way_leads_off_the_site(client: FlaskClient, target: str) -> None:
    assert choose(client, "ru", target).headers["Location"] == "/"


def test_hook_language_chosen_is_kept_with_the_account_and_follows_to_another_browser(
    client: FlaskClient, app: Flask, sign_in: SignIn
) -> None:
    sign_in(client)
    choose(client, "ru", "/")
    other = app.test_client()
    sign_in(other)
    assert '<html lang="ru">' in other.get("/", headers={"Accept-Language": "en"}).text


def test_the_account_comes_before_what_somebody_else_chose_in_this_browser(client: FlaskClient, app: Flask, sign_in: SignIn) -> None:
    sign_in(client)
    choose(client, "ru", "/")
    shared = app.test_client()
    choose(shared, "en", "/")
    sign_in(shared)
    assert '<html lang="ru">' in shared.get("/").text
    shared.post("/logout", headers={"X-CSRF-Token": shared.get("/api/v1/session").get_json()["data"]["csrf_token"]})
    assert '<html lang="en">' in shared.get("/").text


@pytest.mark.parametrize("path", ["/", "/login", "/nowhere"])
def test_caches_are_told_that_an_answer_depends_on_person_and_browser(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert {"cookie", "accept-language"} <= {name.lower() for name in answer.vary}


def choose(client: FlaskClient, language: str, target: str) -> TestResponse:
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/").text)
    assert token is not None
    return client.post("/language", data={"language": language, "next": target, "csrf_token": token[1]})
