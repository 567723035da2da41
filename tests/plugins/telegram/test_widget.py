"""The legacy Login Widget, by vectors that were not made by this code but by openssl, for a token of no bot:

    token=123456:no-bot-has-this-token_0123456789abc
    key=$(printf %s "$token" | openssl dgst -sha256 -binary | xxd -p -c 100)   # c2c0cdd2...b298
    printf 'auth_date=1700000000\nid=1002' | openssl dgst -sha256 -mac HMAC -macopt hexkey:$key   # a3bc327a...907b

and the same of Python's hashlib by hand:

    hmac.new(hashlib.sha256(token.encode()).digest(), b"auth_date=1700000000\nid=1002", "sha256").hexdigest()
"""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from studium.core.database import db, reading
from studium.core.runtime import runtime
from studium.plugins.auth.entities import Session, User
from studium.plugins.telegram.entities import WidgetUse
from studium.plugins.telegram.widget_rule import data_check_string, is_fresh, is_signed
from studium.plugins.telegram.widget_uses import use_once
from studium.services.telegram import TelegramSettings

PAGE = {"Accept": "text/html"}
TOKEN = "123456:no-bot-has-this-token_0123456789abc"
SAID_AT = 1_700_000_000
ANNA = {"id": "1001", "first_name": "Anna", "last_name": "Petrova", "username": "anna",
        "photo_url": "https://t.me/i/userpic/320/anna.jpg", "auth_date": "1700000000"}
ANNA_HASH = "352fe6fb82bc3a6bb1356d05165fca96d65f52fb6a590b8516942f52540b983e"
BARE, BARE_HASH = {"id": "1002", "auth_date": "1700000000"}, "a3bc327ad4fdf0d2270b4f1396c966b46ff65be88943deeda95fa0fd6511907b"
BORIS, BORIS_HASH = BARE | {"first_name": "Борис & Co"}, "442938a9dddd10ca2a1e3267419384839a77da13b9bd917ac7d3eea50da6a8ba"
OF_A_MINI_APP = "8e0cdfb4674f729718becb55c1cb3302e13f449873467b037b3e9ee1a8f77682"  # Anna's, keyed by HMAC("WebAppData", token)
OF_THE_BARE_TOKEN = "34610ecb8fcb70b037db063dc5774e36a5da133193de7d7f0087f212da9e345f"  # Anna's, keyed by the token without SHA-256
WITH_STATE = "c3115a11c04c1bf4420c2b8e1ca650faf0c26bb5a50df94a4a8abbd7eac032b4"  # Anna's with a line state=x, which is not signed
OF_EVE = "515b08f970c8dc87b88d681c171da4aa6b6f5e4b9d17d6822370e04185b3a9cd"  # auth_date=1700000000, first_name=Eve\nid=1, id=666
ODD_IDS = {
    "0": "e396580cd217ffa7e24a9b766c1b74aa087a57a59c6c3306bd73115eeb1e7bca",
    "01": "454587ace32c55b76a9e0fe9625304acfefdf502c3b94d89ebcea1e7bd0158ec",
    "-5": "33743d3fa96b4e6ffe77859d4688f4cf3fbe1a8c623c48c61bdcf13a556ed143",
    "9223372036854775808": "dc3abd9579c183bc0b12485ff137cb10ba4099e6bef5f77c60bd147c9484e380",
    "1e3": "3e0883b946f86317ffa71d5ed358796b8ce4941767b2db57493ab56af6a9ffe5",
    "": "3dddbddacf5acf9c8b73f662204203b6b093e1619e8aaa2282e0624516b46e9d",
}
ODD_DATES = {
    "": "0e36ef483d68036367fe31d4365bc95d1624b879337240bc148291c63221a1ba",
    "abc": "021ca15505e79b36e8aafdc2b9cda732779233b728ed3f7eb3920c45d4e6241b",
    "1e9": "863574c6c2439f81789ecec54d10bcd88828e6d5d226c9122ea74be9c04e451c",
    "-1": "f5001725795fc2436438bfcbdeffe4570e030bc1d469464a92325023fa848a8f",
    "99999999999999999": "2fdcd981651e95144749ffd1b86e0ed125e9f50f59e5802aed837a8a35abc38e",
}
WITHOUT_DATE = "2844d5adb6aaf407897d543e0584d241be367ba96cccf6fc0e4df0e8d4b3d1f3"
WITHOUT_ID = "f70ced0174a44aed3e23bf530f561300a883184a192102d6eb6ae2a17619eef4"  # auth_date, first_name=Anna


@pytest.fixture(autouse=True)
def widget(app: Flask, frozen_clock: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The school's bot has the token of the vectors, and it is half a minute after they were said."""
    own = TelegramSettings(bot_token=TOKEN, bot_username="school_bot", widget=True)
    with app.app_context():
        monkeypatch.setitem(runtime().settings._sections, TelegramSettings, own)
    frozen_clock.seconds = SAID_AT + 30
    yield


def begin(client: FlaskClient, next: str = "") -> str:
    """Open the page with the button, signed out; the state in its address."""
    client.delete_cookie("studium_session")
    answer = client.get("/auth/telegram/widget/button", query_string={"next": next}, headers=PAGE)
    found = re.search(r'data-auth-url="([^"]+)"', answer.text)
    assert found is not None, answer.text
    return parse_qs(urlsplit(found[1]).query)["state"][0]


def come_back(client: FlaskClient, fields: dict[str, Any], given_hash: str, state: str | None = None) -> TestResponse:
    """What the button does after the person said yes."""
    state = begin(client) if state is None else state
    return client.get("/auth/telegram/widget", query_string=fields | {"hash": given_hash, "state": state}, headers=PAGE)


def signed_in(client: FlaskClient) -> str | None:
    user = client.get("/api/v1/session").get_json()["data"]["user"]
    return user and str(user["display_name"])


@pytest.mark.parametrize(("fields", "given_hash"), [(ANNA, ANNA_HASH), (BARE, BARE_HASH), (BORIS, BORIS_HASH)])
def test_the_rule_agrees_with_openssl(fields: dict[str, str], given_hash: str) -> None:
    assert is_signed(fields, given_hash, TOKEN)
    assert not is_signed(fields, given_hash, TOKEN + "x")
    for name in fields:
        assert not is_signed(fields | {name: fields[name] + "1"}, given_hash, TOKEN)
        assert not is_signed({key: value for key, value in fields.items() if key != name}, given_hash, TOKEN)


def test_the_string_has_the_known_fields_that_are_there_in_the_order_of_the_alphabet() -> None:
    given = {"id": "7", "state": "x", "first_name": "A", "auth_date": "5", "hash": "z"}
    assert data_check_string(given) == "auth_date=5\nfirst_name=A\nid=7"
    assert data_check_string({"last_name": "", "id": "7"}) == "id=7\nlast_name="


@pytest.mark.parametrize(("late", "fresh"), [(-61, False), (-60, True), (0, True), (600, True), (601, False), (10**9, False)])
def test_it_is_fresh_for_ten_minutes_and_for_a_clock_that_is_a_minute_slow(late: int, fresh: bool) -> None:
    assert is_fresh(str(SAID_AT), SAID_AT + late) is fresh


def test_it_signs_in_with_names_and_photo_and_goes_on(app: Flask, client: FlaskClient) -> None:
    answer = come_back(client, ANNA, ANNA_HASH, begin(client, "/courses/tea"))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/courses/tea")
    assert signed_in(client) == "Anna"
    with app.app_context(), reading():
        (row,) = Session.select()[:]
        user = row.user
        assert (row.method, user.telegram_id, user.last_name, user.username) == ("telegram_widget", 1001, "Petrova", "anna")
        assert user.photo_url == "https://t.me/i/userpic/320/anna.jpg"


@pytest.mark.parametrize(("fields", "given_hash", "name"), [(BARE, BARE_HASH, "User 1002"), (BORIS, BORIS_HASH, "Борис & Co")])
def test_names_may_be_missing_or_of_any_alphabet(client: FlaskClient, fields: dict[str, str], given_hash: str, name: str) -> None:
    assert come_back(client, fields, given_hash).status_code == 303
    assert signed_in(client) == name


DATED = {"auth_date": "1700000000"}
WRONG = {
    "another hash": (ANNA, "0" * 64),
    "no hash": (ANNA, ""),
    "upper case": (ANNA, ANNA_HASH.upper()),
    "not hex": (ANNA, "Ё" * 64),
    "cut": (ANNA, ANNA_HASH[:-1]),
    "of a mini app": (ANNA, OF_A_MINI_APP),
    "token without SHA-256": (ANNA, OF_THE_BARE_TOKEN),
    "state signed": (ANNA, WITH_STATE),
    "another id": (ANNA | {"id": "1002"}, ANNA_HASH),
    "another name": (ANNA | {"first_name": "Eve"}, ANNA_HASH),
    "renewed date": (ANNA | {"auth_date": "1700000020"}, ANNA_HASH),
    "a field more": (BARE | {"username": "anna"}, BARE_HASH),
    "a field twice": (BARE | {"id": ["1002", "1001"]}, BARE_HASH),
    "a field of lines": (DATED | {"first_name": "Eve\nid=1", "id": "666"}, OF_EVE),
    "fields in a line": (DATED | {"first_name": "Eve", "id": "1\nid=666"}, OF_EVE),
    "no id": (DATED | {"first_name": "Anna"}, WITHOUT_ID),
    "nothing": ({}, ""),
    **{f"id {odd!r}": (BARE | {"id": odd}, given_hash) for odd, given_hash in ODD_IDS.items()},
}


@pytest.mark.parametrize(("fields", "given_hash"), WRONG.values(), ids=WRONG)
def test_what_telegram_did_not_say_signs_nobody_in(app: Flask, client: FlaskClient, fields: dict[str, Any], given_hash: str) -> None:
    answer = come_back(client, fields, given_hash)
    assert answer.status_code == 400
    assert "could not be verified" in answer.text
    assert "could not be verified" in answer.text
    assert 'href="/login' in answer.text
    assert signed_in(client) is None
    with app.app_context(), reading():
        assert (User.select().count(), WidgetUse.select().count()) == (0, 0)


@pytest.mark.parametrize(("fields", "given_hash"), [
    *((BARE | {"auth_date": odd}, given_hash) for odd, given_hash in ODD_DATES.items()), ({"id": "1002"}, WITHOUT_DATE)])
def test_a_signed_date_that_is_none_is_too_old(client: FlaskClient, fields: dict[str, str], given_hash: str) -> None:
    assert come_back(client, fields, given_hash).status_code == 400
    assert signed_in(client) is None


@pytest.mark.parametrize(("at", "status"), [(-61, 400), (-59, 303), (599, 303), (601, 400), (86_400, 400)])
def test_an_old_confirmation_is_refused_in_words(client: FlaskClient, frozen_clock: Any, at: int, status: int) -> None:
    frozen_clock.seconds = SAID_AT + at
    answer = come_back(client, ANNA, ANNA_HASH)
    assert answer.status_code == status
    assert ("too old" in answer.text) is (status == 400)


def test_a_confirmation_works_once_on_any_browser(app: Flask, client: FlaskClient) -> None:
    assert come_back(client, ANNA, ANNA_HASH).status_code == 303
    for browser in (client, app.test_client()):
        assert come_back(browser, ANNA, ANNA_HASH).status_code == 400
    assert come_back(app.test_client(), BARE, BARE_HASH).status_code == 303


def test_used_confirmations_are_kept_only_while_they_would_be_fresh(app: Flask, client: FlaskClient, frozen_clock: Any) -> None:
    come_back(client, ANNA, ANNA_HASH)
    frozen_clock.advance(570)
    assert come_back(client, ANNA, ANNA_HASH).status_code == 400
    frozen_clock.seconds = SAID_AT - 50
    come_back(client, BORIS, BORIS_HASH)
    frozen_clock.seconds = SAID_AT + 599
    assert come_back(client, BORIS, BORIS_HASH).status_code == 400
    with app.app_context(), reading():
        assert {row.hash for row in WidgetUse.select()} == {ANNA_HASH, BORIS_HASH}
    frozen_clock.seconds = SAID_AT + 30 + 661
    with app.app_context():
        assert use_once("another")
        with reading():
            assert [row.hash for row in WidgetUse.select()] == ["another"]


def test_of_many_at_the_same_moment_one_is_the_first(app: Flask) -> None:
    browsers = [app.test_client() for _ in range(6)]
    states = [begin(browser) for browser in browsers]
    found: list[int] = []
    start = threading.Barrier(6)

    def send(browser: FlaskClient, state: str) -> None:
        try:
            start.wait(30)
            found.append(come_back(browser, ANNA, ANNA_HASH, state).status_code)
        finally:
            db.disconnect()

    threads = [threading.Thread(target=send, args=both) for both in zip(browsers, states, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(found) == [303, 400, 400, 400, 400, 400]


@pytest.mark.parametrize("state", ["", "x", "Ё"])
def test_a_confirmation_for_another_browser_is_refused(app: Flask, client: FlaskClient, state: str) -> None:
    """Login CSRF: the address with somebody's own fresh data, sent to another person."""
    foreign = begin(app.test_client())
    client.get("/login")
    for sent in (state, foreign):
        answer = come_back(client, ANNA, ANNA_HASH, sent)
        assert answer.status_code == 400
        assert "another browser" in answer.text
    assert signed_in(client) is None
    assert come_back(client, ANNA, ANNA_HASH).status_code == 303, "and it is not used up"


def test_the_page_of_the_button_allows_telegrams_script_and_no_other_page_does(client: FlaskClient) -> None:
    page = client.get("/auth/telegram/widget/button", headers=PAGE)
    assert 'data-telegram-login="school_bot"' in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self' https://telegram.org;" in policy
    assert "frame-src https://oauth.telegram.org;" in policy
    assert "unsafe" not in policy
    assert page.headers["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"
    assert "telegram" not in client.get("/login", headers=PAGE).headers["Content-Security-Policy"]


def test_the_button_is_offered_when_the_setting_says_so(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert 'href="/auth/telegram/widget/button' in client.get("/login").text
    with app.app_context():
        off = TelegramSettings(bot_token=TOKEN, bot_username="school_bot")
        monkeypatch.setitem(runtime().settings._sections, TelegramSettings, off)
    assert "widget" not in client.get("/login").text
    for path in ("/auth/telegram/widget/button", "/auth/telegram/widget"):
        assert client.get(path, headers=PAGE).status_code == 404


def test_the_person_is_the_one_that_other_ways_know(client: FlaskClient, sign_in: Callable[..., dict[str, Any]]) -> None:
    before = sign_in(client, telegram_id=1001, first_name="Anya")["id"]
    come_back(client, ANNA, ANNA_HASH)
    assert client.get("/api/v1/session").get_json()["data"]["user"]["id"] == before


def test_the_script_of_others_is_not_loaded_for_somebody_who_is_signed_in(client: FlaskClient) -> None:
    come_back(client, ANNA, ANNA_HASH)
    answer = client.get("/auth/telegram/widget/button", query_string={"next": "/account"}, headers=PAGE)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")


def test_a_name_with_a_joined_emoji_is_a_name_and_a_second_line_is_not() -> None:
    fields = ANNA | {"first_name": "Anna \U0001f469\u200d\U0001f4bb"}
    key = hashlib.sha256(TOKEN.encode()).digest()

    def said(values: dict[str, str]) -> str:
        lines = "\n".join(f"{name}={values[name]}" for name in sorted(values))
        return hmac.new(key, lines.encode(), hashlib.sha256).hexdigest()

    assert is_signed(fields, said(fields), TOKEN)
    forged = fields | {"first_name": "Anna\nid=7"}
    assert not is_signed(forged, said(forged), TOKEN)
