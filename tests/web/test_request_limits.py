"""Requests that come too often or are too large are refused before anything is done; beats, media and pages pay nothing for it."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.core.errors import TooManyRequests
from studium.core.settings import Settings
from studium.services.limits import LimitSettings
from studium.services.sign_in import ExternalIdentity, open_session
from studium.web.request_limits import largest_body
from tests.conftest import SignIn
from tests.web.conftest import Csrf

RATES = {"sign_in_address": "3/minute", "sign_in_person": "2/minute", "writes": "3/minute", "watch_sessions": "2/minute",
         "webhooks": "3/minute"}


@pytest.fixture
def strict(settings: Settings) -> Iterator[None]:
    """Rates that a test can reach."""
    before = settings._sections[LimitSettings]
    settings._sections[LimitSettings] = LimitSettings(**RATES)
    yield
    settings._sections[LimitSettings] = before


def statuses(client: FlaskClient, path: str, calls: int, method: str = "GET", **options: object) -> list[int]:
    return [client.open(path, method=method, buffered=True, **options).status_code for _ in range(calls)]


def test_sign_in_is_limited_by_address(client: FlaskClient, strict: None) -> None:
    found = [client.get("/auth/telegram/none-such", environ_base={"REMOTE_ADDR": address}).status_code
             for address in ["203.0.113.1"] * 4 + ["203.0.113.2"]]
    assert found == [404, 404, 404, 429, 404]


def test_an_address_made_up_by_the_browser_does_not_count(client: FlaskClient, strict: None) -> None:
    found = [client.get("/auth/none", headers={"X-Forwarded-For": f"198.51.100.{n}"}).status_code for n in range(4)]
    assert found[-1] == 429


def test_the_refusal_says_when_to_come_back(client: FlaskClient, strict: None) -> None:
    statuses(client, "/auth/none", 3)
    answer = client.get("/auth/none", headers={"Accept": "application/json"})
    assert answer.status_code == 429
    assert answer.get_json()["code"] == "too-many-requests"
    assert 1 <= int(answer.headers["Retry-After"]) <= 60


def test_one_person_signs_in_a_few_times_from_wherever_and_others_do_not_pay(app: Flask, strict: None) -> None:
    found = []
    for person in (7, 7, 7, 8):
        with app.test_request_context("/auth/telegram/callback", environ_base={"REMOTE_ADDR": f"203.0.113.{len(found)}"}):
            try:
                open_session(ExternalIdentity(person, "Anna"), "openid")
                found.append("in")
            except TooManyRequests:
                found.append("too often")
    assert found == ["in", "in", "too often", "in"]


def test_unsafe_calls_of_the_api_are_limited_by_person(client: FlaskClient, app: Flask, sign_in: SignIn, csrf: Csrf, strict: None) -> None:
    sign_in(client)
    token = csrf(client)
    assert statuses(client, "/api/v1/jobs/none/cancel", 4, "POST", headers=token) == [404, 404, 404, 429]
    other = app.test_client()
    sign_in(other, telegram_id=8)
    assert statuses(other, "/api/v1/jobs/none/cancel", 1, "POST", headers=csrf(other)) == [404]
    assert statuses(client, "/api/v1/jobs", 9) == [200] * 9


def test_watch_sessions_are_limited_so_that_their_credit_completes_nothing(
    client: FlaskClient, course: str, sign_in: SignIn, csrf: Csrf, strict: None,
) -> None:
    sign_in(client)
    assert statuses(client, f"/api/v1/lessons/{course}/part-2/sessions", 3, "POST", headers=csrf(client)) == [200, 200, 429]


def test_the_shipped_rate_of_watch_sessions_gives_less_than_watching_does() -> None:
    rates = dict(reversed(one.split("/")) for one in LimitSettings().watch_sessions.split(";"))
    assert int(rates["hour"]) * 10 < 3600
    assert int(rates["minute"]) >= 30


def test_webhooks_are_limited_by_address(client: FlaskClient, strict: None) -> None:
    assert statuses(client, "/webhooks/none", 4, "POST") == [404, 404, 404, 429]


@pytest.mark.parametrize(("path", "method"), [
    ("/api/v1/beats", "POST"), ("/media/rivers/part-1/video", "GET"), ("/", "GET"), ("/login", "GET"), ("/up", "GET"),
    ("/auth/dev", "POST"), ("/api/v1/session", "GET"),
])
def test_what_is_not_limited(client: FlaskClient, course: str, strict: None, path: str, method: str) -> None:
    assert 429 not in statuses(client, path, 8, method)


@pytest.mark.parametrize(("path", "size"), [
    ("/api/v1/jobs", 64_000), ("/auth/dev", 16_000), ("/webhooks/none", 262_144), ("/language", 128_000), ("/api/v1/beats", 1_000_000),
    ("/ops/jobs/bulk", 1_000_000),
])
def test_each_kind_of_request_has_its_largest_size(app: Flask, path: str, size: int) -> None:
    with app.app_context():
        assert largest_body(path) == size


@pytest.mark.parametrize("path", ["/auth/dev", "/language", "/api/v1/jobs", "/api/v1/beats"])
def test_a_larger_body_is_refused_unread(client: FlaskClient, sign_in: SignIn, csrf: Csrf, path: str) -> None:
    sign_in(client)
    headers = csrf(client)
    answer = client.post(path, data=b"x" * 1_000_001, headers={**headers, "Content-Type": "application/json"})
    assert answer.status_code == 413
    assert answer.get_json()["status"] == 413


def test_a_form_that_is_too_large_is_no_expired_form(client: FlaskClient) -> None:
    assert client.post("/language", data={"language": "x" * 130_000}).status_code == 413


@pytest.mark.parametrize(("path", "size"), [("/auth/dev", 16_000), ("/api/v1/jobs", 64_000), ("/language", 128_000)])
def test_a_chunked_body_is_taken_whole_or_refused_but_never_cut(
    client: FlaskClient, sign_in: SignIn, csrf: Csrf, path: str, size: int,
) -> None:
    sign_in(client)
    head, kind = b"telegram_id=7&next=/", "application/x-www-form-urlencoded"
    chunked = {**csrf(client), "Transfer-Encoding": "chunked", "Content-Type": kind}
    found = []
    for length in (size, size + 1, size + 50_000):
        body = BytesIO(head + b"a" * (length - len(head)))
        answer = client.post(path, input_stream=body, headers=chunked, environ_base={"wsgi.input_terminated": True})
        found.append(answer.status_code)
    assert found[1:] == [413, 413]
    assert found[0] != 413 or path == "/api/v1/jobs"  # which has a smaller limit of its own


def test_forms_and_calls_of_the_api_of_one_person_count_together(
    client: FlaskClient, app: Flask, sign_in: SignIn, csrf: Csrf, strict: None,
) -> None:
    sign_in(client)
    token = csrf(client)
    assert statuses(client, "/api/v1/jobs/none/cancel", 1, "POST", headers=token) == [404]
    assert statuses(client, "/language", 3, "POST", headers=token, data={"language": "ru"}) == [303, 303, 429]
    assert statuses(client, "/logout", 1, "POST", headers=token) == [429]
    other = app.test_client()
    sign_in(other, telegram_id=8)
    assert statuses(other, "/language", 1, "POST", headers=csrf(other), data={"language": "ru"}) == [303]


def test_the_form_of_a_browser_that_never_had_a_token_is_not_read(client: FlaskClient) -> None:
    body, headers = BytesIO(b"word=delete"), {"Content-Length": "11", "Content-Type": "application/x-www-form-urlencoded"}
    assert client.post("/account/delete", input_stream=body, headers=headers).status_code == 400
    assert body.tell() == 0
