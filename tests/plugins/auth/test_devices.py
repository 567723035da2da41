"""The list of devices: what, where and when; one or all others are signed out from it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.plugins.auth.entities import Session, User
from studium.plugins.auth.trimming import BATCH, remove_sessions
from studium.queue import jobs
from tests.conftest import Clock

DAY = 86_400
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
IPHONE = ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 "
          "Safari/604.1")
Csrf = Callable[[FlaskClient], dict[str, str]]


def sign_in_with(app: Flask, agent: str, address: str = "127.0.0.1", telegram_id: int = 7) -> FlaskClient:
    """A browser that says so of itself, signed in as Anna."""
    client = app.test_client()
    client.environ_base["HTTP_USER_AGENT"] = agent
    client.environ_base["REMOTE_ADDR"] = address
    assert client.post("/auth/dev", json={"telegram_id": telegram_id, "first_name": "Anna"}).status_code == 200
    return client


@pytest.fixture
def computer(app: Flask) -> FlaskClient:
    return sign_in_with(app, CHROME, "192.0.2.1")


@pytest.fixture
def phone(app: Flask, computer: FlaskClient) -> FlaskClient:
    return sign_in_with(app, IPHONE, "192.0.2.2")


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/api/v1/session").get_json()["data"]["user"] is not None


def devices(client: FlaskClient, language: str = "en") -> list[str]:
    """The rows of the list as a reader hears them."""
    page = client.get("/account", headers={"Accept-Language": language}).text
    part = page[page.index('id="devices"'):page.index('id="tokens"')]
    rows = re.findall(r'<li class="account-row">(.*?)<form', part, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows]


def date_and_time_words(clock: Clock) -> str:
    """The clock's moment as the page writes it for somebody in UTC."""
    at = datetime.fromtimestamp(clock.seconds, UTC)
    return f"{at:%b} {at.day}, {at.year}, {at.hour % 12 or 12}:{at:%M} {at:%p}"


def sign_out_path(client: FlaskClient) -> str:
    return re.findall(r"/account/devices/\d+/sign-out", client.get("/account").text)[0]


def test_each_device_is_told_by_name_address_and_time_this_one_first(
    frozen_clock: Clock, computer: FlaskClient, phone: FlaskClient
) -> None:
    began = date_and_time_words(frozen_clock)
    frozen_clock.advance(3 * 3600)
    is_signed_in(phone)
    frozen_clock.advance(3600)
    assert devices(computer) == [
        f"Chrome on Windows This device 192.0.2.1 signed in {began} Development sign-in last active just now",
        f"Safari on iPhone 192.0.2.2 signed in {began} Development sign-in last active 1 hour ago",
    ]
    assert f'aria-label="Sign out: Safari on iPhone, 192.0.2.2, signed in {began}"' in computer.get("/account").text.replace("\u202f", " ")
    assert devices(phone)[0].startswith("Safari on iPhone This device")


def test_a_browser_without_a_name_and_one_with_markup_are_in_the_list(app: Flask, computer: FlaskClient) -> None:
    sign_in_with(app, "")
    sign_in_with(app, "<script>alert(1)</script>")
    assert [row.startswith("Unknown browser 127.0.0.1") for row in devices(computer)] == [False, True, True]
    assert "<script>alert" not in computer.get("/account").text


def test_one_device_is_signed_out_and_the_others_stay(computer: FlaskClient, phone: FlaskClient, csrf: Csrf) -> None:
    path = sign_out_path(computer)
    answer = computer.post(path, headers=csrf(computer))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account?done=signed-out#devices")
    assert "The device is signed out." in computer.get(answer.headers["Location"]).text
    assert (is_signed_in(computer), is_signed_in(phone)) == (True, False)
    assert len(devices(computer)) == 1
    assert computer.post(path, headers=csrf(computer)).status_code == 303


def test_all_others_are_signed_out_at_once(app: Flask, computer: FlaskClient, phone: FlaskClient, csrf: Csrf) -> None:
    boris, third = sign_in_with(app, CHROME, telegram_id=8), sign_in_with(app, CHROME)
    assert computer.post("/account/devices/sign-out-others", headers=csrf(computer)).status_code == 303
    assert [is_signed_in(client) for client in (computer, phone, third, boris)] == [True, False, False, True]


def test_somebody_elses_device_cannot_be_signed_out(app: Flask, computer: FlaskClient, phone: FlaskClient, csrf: Csrf) -> None:
    boris = sign_in_with(app, CHROME, telegram_id=8)
    path = sign_out_path(computer)
    for other in (path, "/account/devices/999/sign-out", "/account/devices/0/sign-out", f"/account/devices/{2**64}/sign-out"):
        assert boris.post(other, headers=csrf(boris)).status_code == 404
    assert is_signed_in(phone)


def test_a_page_of_another_site_signs_nobody_out(computer: FlaskClient, phone: FlaskClient) -> None:
    for path in (sign_out_path(computer), "/account/devices/sign-out-others"):
        assert computer.post(path).status_code == 400
    assert is_signed_in(phone)


def test_ended_sign_ins_are_not_in_the_list(app: Flask, computer: FlaskClient, phone: FlaskClient, csrf: Csrf) -> None:
    expired, idle = sign_in_with(app, IPHONE), sign_in_with(app, IPHONE)
    assert len(devices(computer)) == 4
    phone.post("/logout", headers=csrf(phone))
    with app.app_context(), transaction():
        rows = Session.select().order_by(Session.id)[:]
        rows[2].expires_at = now()
        rows[3].seen_at = now() - timedelta(days=30)
    assert len(devices(computer)) == 1
    assert not is_signed_in(expired)
    assert not is_signed_in(idle)


def test_a_sign_in_closes_the_browsers_earlier_one_in_the_same_commit(
    app: Flask, computer: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a crash in between would leave a session that nobody holds and nobody can see is old."""
    def fail(*_args: object) -> None:
        raise RuntimeError("dies here")

    monkeypatch.setattr("studium.plugins.auth.sessions.close", fail)
    assert computer.post("/auth/dev", json={"telegram_id": 7}).status_code == 500
    with app.app_context(), reading():
        assert [row.closed_at for row in Session.select()] == [None]


@pytest.mark.parametrize("token", ["planted", "x" * 43])
def test_a_session_id_that_was_planted_before_the_sign_in_opens_nothing_after_it(app: Flask, token: str) -> None:
    victim, thief = app.test_client(), app.test_client()
    for client in (victim, thief):
        client.set_cookie("studium_session", token)
    victim.post("/auth/dev", json={"telegram_id": 7})
    assert (is_signed_in(victim), is_signed_in(thief)) == (True, False)


def test_the_thiefs_own_session_planted_on_the_victim_is_ended_by_the_sign_in(app: Flask) -> None:
    thief, victim = sign_in_with(app, CHROME, telegram_id=666), app.test_client()
    cookie = thief.get_cookie("studium_session")
    assert cookie is not None
    victim.set_cookie("studium_session", cookie.value)
    victim.post("/auth/dev", json={"telegram_id": 7})
    assert (is_signed_in(victim), is_signed_in(thief)) == (True, False)


@pytest.mark.parametrize(("days_ago", "column", "stays"), [
    (29, "closed_at", True), (31, "closed_at", False), (29, "expires_at", True), (31, "expires_at", False),
    (59, "seen_at", True), (61, "seen_at", False),
])  # fmt: skip
def test_sign_ins_that_ended_a_month_ago_are_removed(
    app: Flask, computer: FlaskClient, phone: FlaskClient, days_ago: int, column: str, stays: bool
) -> None:
    with app.app_context():
        with transaction():
            Session.select().order_by(Session.id).first().set(**{column: now() - timedelta(days=days_ago)})
        assert remove_sessions() == (not stays)
        with reading():
            assert Session.select().count() == 1 + stays
    assert is_signed_in(phone)


def test_the_daily_job_removes_batch_after_batch(app: Flask, computer: FlaskClient, run_jobs: Callable[[], int]) -> None:
    old = now() - timedelta(days=100)
    with app.app_context():
        with transaction():
            user = User.get(telegram_id=7)
            for number in range(BATCH + 5):
                Session(user=user, token_hash=f"h{number}", generation="g", method="m", created_at=old, seen_at=old, expires_at=old)
            job_id = jobs.enqueue("trim_sessions").id
        run_jobs()
        assert jobs.find_job(job_id).result == {"sessions": BATCH + 5, "tokens": 0}
    assert is_signed_in(computer)
