"""Plugins add sections to the account page: their own words and forms, in the order of loading, escaped unless they are markup."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from newsletter import READERS

from studium.core.plugins import hookimpl
from studium.core.runtime import runtime
from studium.services.account_sections import section_path
from tests.conftest import SignIn

Csrf = Callable[[FlaskClient], dict[str, str]]


@pytest.fixture(autouse=True)
def no_readers() -> None:
    READERS.clear()


def section(page: str, name: str) -> str:
    """The section's element of the page."""
    found = re.search(rf'<section class="card account-part" id="{name}" aria-labelledby="{name}-title">.*?</section>', page, re.DOTALL)
    assert found is not None
    return found[0]


def test_hook_account_sections_adds_a_form_that_works_and_leads_back(client: FlaskClient, anna: int) -> None:
    part = section(client.get("/account").text, "newsletter")
    assert '<h2 id="newsletter-title">Newsletter</h2>' in part
    assert "For Anna" in part
    assert "checked" not in part
    token = re.search(r'name="csrf_token" value="([^"]+)"', part)
    assert token is not None
    answer = client.post("/newsletter", data={"csrf_token": token[1], "wanted": "on"})
    assert (answer.status_code, answer.headers["Location"]) == (303, section_path("newsletter"))
    assert list(READERS) == [anna]
    assert "checked" in section(client.get("/account").text, "newsletter")


def test_sections_speak_the_readers_language(client: FlaskClient, anna: int) -> None:
    client.set_cookie("studium_language", "ru")
    assert ">Рассылка</h2>" in client.get("/account").text


def test_titles_and_what_is_no_markup_are_escaped(client: FlaskClient, anna: int) -> None:
    part = section(client.get("/account").text, "newsletter-archive")
    assert "Old &lt;letters&gt;" in part
    assert "&lt;b&gt;none&lt;/b&gt;" in part


def test_who_is_shown_none_has_the_page_as_it_was(client: FlaskClient, sign_in: SignIn) -> None:
    sign_in(client, 9, "Otto")
    page = client.get("/account").text
    assert "newsletter" not in page
    assert 'id="devices"' in page


class Broken:
    """A plugin that fails."""

    @hookimpl
    def account_sections(self, user: object, language: str) -> list[object]:
        raise RuntimeError(language)


@pytest.fixture
def broken_plugin(app: Flask) -> Iterator[None]:
    with app.app_context():
        plugins, plugin = runtime().plugins, Broken()
    plugins.register(plugin, name="broken")
    yield
    plugins.unregister(plugin)


def test_a_plugin_that_fails_shows_the_error_page_and_hides_nothing(client: FlaskClient, anna: int, broken_plugin: None) -> None:
    assert client.get("/account").status_code == 500
