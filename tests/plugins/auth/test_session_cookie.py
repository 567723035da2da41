"""The cookie of the session: in production by a name that only the site itself can set, and taken back as it was given."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from studium.core.runtime import runtime
from studium.web.api import OPENAPI
from tests.conftest import SignIn

SITE = "https://school.example"
NAME = "__Host-studium_session"
Post = Callable[..., TestResponse]


@pytest.fixture
def production(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The site as it is in production, but for the routes that tests sign in by."""
    with app.app_context():
        settings = runtime().settings
    monkeypatch.setattr(settings, "core", settings.core.model_copy(update={"env": "production", "public_url": SITE}))
    monkeypatch.setitem(app.extensions, OPENAPI, None)


@pytest.fixture
def post(client: FlaskClient, production: None) -> Post:
    """`post("/logout")` sends a form over https, as Anna, who is signed in."""
    client.post("/auth/dev", json={"telegram_id": 7, "first_name": "Anna"}, base_url=SITE)

    def do(path: str, **form: str) -> TestResponse:
        token = client.get("/api/v1/session", base_url=SITE).get_json()["data"]["csrf_token"]
        return client.post(path, data=form, base_url=SITE, headers={"X-CSRF-Token": token, "Referer": f"{SITE}/account"})

    return do


def session_cookies(answer: TestResponse) -> list[set[str]]:
    """The parts of each Set-Cookie for a session, without its value."""
    lines = [line for line in answer.headers.getlist("Set-Cookie") if "studium_session=" in line]
    return [{line.partition("=")[0], *line.split("; ")[1:]} for line in lines]


def name_of_user(client: FlaskClient, cookie: str) -> str | None:
    user = client.get("/api/v1/session", headers={"Cookie": cookie}, base_url=SITE).get_json()["data"]["user"]
    return user and str(user["display_name"])


def test_in_production_only_this_site_over_https_can_set_it(client: FlaskClient, production: None) -> None:
    answer = client.post("/auth/dev", json={"telegram_id": 7}, base_url=SITE)
    (parts,) = session_cookies(answer)
    assert {NAME, "Secure", "HttpOnly", "Path=/", "SameSite=Lax"} < parts
    assert not [part for part in parts if part.lower().startswith("domain")]


@pytest.mark.parametrize(("path", "form"), [("/logout", {}), ("/account/delete", {"word": "DELETE"})])
def test_it_is_taken_back_with_the_attributes_it_was_given_with(post: Post, path: str, form: dict[str, str]) -> None:
    (parts,) = session_cookies(post(path, **form))
    assert {NAME, "Secure", "HttpOnly", "Path=/", "SameSite=Lax", "Max-Age=0"} < parts


def test_in_development_it_is_taken_back_over_plain_http(client: FlaskClient, sign_in: SignIn, csrf: Callable[..., dict[str, str]]) -> None:
    sign_in(client)
    (parts,) = session_cookies(client.post("/logout", headers=csrf(client)))
    assert {"studium_session", "HttpOnly", "Path=/", "SameSite=Lax", "Max-Age=0"} < parts
    assert "Secure" not in parts


def test_in_production_the_name_of_development_opens_nothing(app: Flask, client: FlaskClient, post: Post) -> None:
    cookie = client.get_cookie(NAME, domain="school.example")
    assert cookie is not None
    browser = app.test_client(use_cookies=False)
    assert name_of_user(browser, f"{NAME}={cookie.value}") == "Anna"
    for other in ("studium_session", NAME.lower(), f"\u2000{NAME}".encode().decode("latin-1"), f"x{NAME}", f'"{NAME}"'):
        assert name_of_user(browser, f"{other}={cookie.value}") is None, other


def test_the_description_of_the_api_names_it(client: FlaskClient, production: None) -> None:
    document = client.get("/api/openapi.json", base_url=SITE).get_json()
    assert document["components"]["securitySchemes"]["session"] == {"type": "apiKey", "in": "cookie", "name": NAME}


def test_two_sessions_in_one_browser_are_nobodys_in_whatever_order(app: Flask, sign_in: SignIn) -> None:
    """A neighbour under the school's domain can add a cookie of his own account (RFC 6265, 8.6), never take one away."""
    tokens = []
    for telegram_id, name in ((7, "Anna"), (66, "Mallory")):
        browser = app.test_client()
        sign_in(browser, telegram_id, name)
        tokens.append(f"studium_session={browser.get_cookie('studium_session').value}")  # type: ignore[union-attr]
    reader = app.test_client(use_cookies=False)
    assert name_of_user(reader, tokens[0]) == "Anna"
    assert [name_of_user(reader, "; ".join(order)) for order in (tokens, tokens[::-1])] == [None, None]


@pytest.mark.parametrize("value", [b"\xff", b"\xed\xa0\x80", b'"\\377"', b"a" * 7_000])
def test_bytes_that_are_no_text_are_a_visitor(app: Flask, value: bytes) -> None:
    assert name_of_user(app.test_client(use_cookies=False), f"studium_session={value.decode('latin-1')}") is None
