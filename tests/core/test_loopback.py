"""In development only this machine is answered: no name that a foreign page turned to it, no visitors of a proxy."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from flask import Flask

from studium.core.errors import init_errors
from studium.core.loopback import init_loopback
from studium.core.settings import CoreSettings
from tests.cable_process import running_cable
from tests.site_process import exchange, get, running_site


def site(env: str) -> Any:
    """The client of a page."""
    app = Flask("small")
    init_errors(app)
    init_loopback(app, CoreSettings(env=env))  # type: ignore[arg-type]
    app.add_url_rule("/api/page", "page", lambda: "here")
    return app.test_client()


@pytest.mark.parametrize("host", [
    "127.0.0.1", "127.0.0.1:8000", "localhost:8000", "LOCALHOST", "localhost.:8000", "[::1]:8000", "[::1]", "127.9.9.9",
    "school.localhost:8000",
])
def test_this_machine_is_answered_by_its_names(host: str) -> None:
    assert site("development").get("/api/page", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", [
    "evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.evil.example", "evillocalhost", "192.168.1.5:8000",
    "[2001:db8::1]", "0.0.0.0:8000", "127.0.0.1@evil.example", "[",
])
def test_another_name_is_refused_in_clear_words(host: str) -> None:
    answer = site("development").get("/api/page", headers={"Host": host})
    assert (answer.status_code, answer.get_json()["code"]) == (403, "development-only")
    assert "STUDIUM_ENV=production" in answer.get_json()["detail"]


@pytest.mark.parametrize("name", ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "x-forwarded-anything"])
def test_a_proxy_is_refused_in_clear_words(name: str) -> None:
    answer = site("development").get("/api/page", headers={name: "for=192.0.2.1"})
    assert answer.status_code == 403
    assert "STUDIUM_ENV=production" in answer.get_json()["detail"]


@pytest.mark.parametrize("env", ["production", "test"])
def test_elsewhere_neither_matters(env: str) -> None:
    assert site(env).get("/api/page", headers={"Host": "learn.example", "X-Forwarded-For": "192.0.2.1"}).status_code == 200


@pytest.fixture(scope="module")
def development(environ: Mapping[str, str]) -> Iterator[int]:
    with running_site(environ, "--threads", "2", STUDIUM_ENV="development") as port:
        yield port


@pytest.mark.slow
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize(("kind", "body", "status"), [
    ("application/json", json.dumps({"telegram_id": 7, "first_name": "Anna"}), 200),
    ("application/x-www-form-urlencoded", "telegram_id=7&first_name=Anna", 303),
])
def test_programs_of_this_machine_sign_in_without_a_token(
    app: Flask, development: int, host: str, kind: str, body: str, status: int,
) -> None:
    head = f"POST /auth/dev HTTP/1.1\r\nHost: {host}:{development}\r\nConnection: close\r\nContent-Type: {kind}\r\n"
    answer = exchange(development, f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"Set-Cookie: studium_session=" in answer


@pytest.mark.slow
def test_the_whole_site_and_the_cable_refuse_others(app: Flask, development: int, environ: Mapping[str, str]) -> None:
    request = b"GET %b HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    for path in (b"/", b"/up", b"/login", b"/ops/jobs", b"/nowhere"):
        assert exchange(development, request % path).startswith(b"HTTP/1.1 403 "), path
    assert get(development, "/login").startswith(b"HTTP/1.1 200 ")
    with running_cable(environ, STUDIUM_ENV="development") as cable:
        assert cable.get()[0] != 403
        for path in (b"/up", b"/cable"):
            assert exchange(cable.port, request % path).startswith(b"HTTP/1.1 403 "), path
