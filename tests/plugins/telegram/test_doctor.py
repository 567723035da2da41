"""`studium doctor` says what is wrong with the Telegram settings, as Telegram sees them, and how to mend it; never the token."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
import responses
from flask import Flask

from studium.core.findings import Finding
from studium.core.settings import CoreSettings, Settings
from studium.plugins.telegram.doctor import look_at_bot, look_at_login
from studium.services.telegram import TelegramSettings

TOKEN = "123456:" + "A" * 30
API = f"https://api.telegram.org/bot{TOKEN}"
ISSUER = "https://oauth.telegram.org"
URL = "https://learn.example"
HOOK = f"{URL}/webhooks/telegram"
BOT = {"bot_token": TOKEN, "bot_username": "school_bot"}
LOGIN = {"client_id": "42", "client_secret": "hush-hush"}

Given = Callable[..., Settings]


@pytest.fixture
def given(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Given]:
    """`given(env="production", **telegram)` are the settings of the app from now on."""
    settings: Settings = app.extensions["studium"].settings

    def do(env: str = "production", public_url: str | None = URL, **telegram: Any) -> Settings:
        core = settings.core.model_copy(update={"env": env, "public_url": public_url})
        monkeypatch.setitem(settings._sections, TelegramSettings, TelegramSettings(**telegram))
        monkeypatch.setitem(settings._sections, CoreSettings, core)
        monkeypatch.setattr(settings, "core", core)
        return settings

    with app.app_context():
        yield do


def seen(findings: Any) -> dict[str, Finding]:
    found = list(findings)
    for finding in found:
        assert finding.level == "ok" or finding.fix, f"{finding} does not say how to mend it"
        assert TOKEN not in str(finding)
        assert "hush-hush" not in str(finding)
    return {finding.name: finding for finding in found}


def looked(given: Settings, hook: dict[str, Any], username: str = "school_bot") -> dict[str, Finding]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.post(f"{API}/getMe", json={"ok": True, "result": {"id": 1, "username": username}})
        mock.post(f"{API}/getWebhookInfo", json={"ok": True, "result": hook})
        return seen(look_at_bot(given))


def test_all_is_well(given: Given) -> None:
    found = looked(given(**BOT), {"url": HOOK, "pending_update_count": 0})
    assert {name: finding.level for name, finding in found.items()} == {"Telegram bot": "ok", "Telegram webhook": "ok"}


@pytest.mark.parametrize(("polling", "hook", "level", "fix"), [
    (False, {"url": ""}, "red", "studium telegram set-webhook"),
    (False, {"url": "https://old.example/webhooks/telegram"}, "red", "studium telegram set-webhook"),
    (True, {"url": HOOK}, "red", "studium telegram delete-webhook"),
    (True, {"url": ""}, "ok", ""),
    (False, {"url": HOOK, "last_error_message": "Wrong response: 403 Forbidden", "pending_update_count": 3}, "warning", "set-webhook"),
    (False, {"url": HOOK, "pending_update_count": 5000}, "warning", "studium jobs"),
    (False, {"url": HOOK, "allowed_updates": ["message", "callback_query"]}, "warning", "studium telegram set-webhook"),
    (False, {"url": HOOK, "allowed_updates": ["my_chat_member", "message", "callback_query"]}, "ok", ""),
])
def test_how_the_bots_messages_come(given: Given, polling: bool, hook: dict[str, Any], level: str, fix: str) -> None:
    found = looked(given(**BOT, polling=polling), hook)["Telegram webhook"]
    assert found.level == level
    assert fix in found.fix


def test_a_token_of_another_bot(given: Given) -> None:
    found = looked(given(**BOT), {"url": HOOK}, username="other_bot")["Telegram bot"]
    assert (found.level, "STUDIUM_TELEGRAM_BOT_USERNAME=other_bot" in found.fix) == ("red", True)


@pytest.mark.parametrize(("answer", "word"), [
    ({"status": 401, "json": {"ok": False, "error_code": 401, "description": "Unauthorized"}}, "@BotFather"),
    ({"status": 502, "body": "bad gateway"}, "STUDIUM_TELEGRAM_PROXY"),
    ({"body": requests.ConnectionError("no route")}, "STUDIUM_TELEGRAM_PROXY"),
    ({"status": 429, "json": {"ok": False, "error_code": 429, "description": "x", "parameters": {"retry_after": 9}}}, "later"),
])
def test_a_bot_that_cannot_be_asked(given: Given, answer: dict[str, Any], word: str) -> None:
    settings = given(**BOT)
    with responses.RequestsMock() as mock:
        mock.post(f"{API}/getMe", **answer)
        found = seen(look_at_bot(settings))["Telegram bot"]
    assert found.level == "red"
    assert word in found.fix


@pytest.mark.parametrize(("env", "level"), [("production", "warning"), ("development", "ok")])
def test_nothing_set_up(given: Given, env: str, level: str) -> None:
    settings = given(env)
    assert [seen(look(settings)).popitem()[1].level for look in (look_at_bot, look_at_login)] == [level, level]


@pytest.mark.parametrize("telegram", [{"bot_username": "school_bot"}, {"widget": True}])
@pytest.mark.parametrize("env", ["production", "development"])
def test_a_bot_without_its_token(given: Given, env: str, telegram: dict[str, Any]) -> None:
    found = seen(look_at_bot(given(env, **telegram)))["Telegram bot"]
    assert (found.level, "STUDIUM_TELEGRAM_BOT_TOKEN is missing" in found.what) == ("red", True)


def test_beside_a_bot_of_ones_own_no_simulator_is_spoken_of(given: Given) -> None:
    assert "no simulator stands in" in seen(look_at_login(given("development", **BOT)))["Telegram sign-in"].what
    assert "; a simulator stands in" in seen(look_at_login(given("development")))["Telegram sign-in"].what


@pytest.mark.parametrize("answer", [
    {"status": 404, "body": "<html>"}, {"status": 404, "json": {"ok": False, "error_code": 404, "description": "Not Found"}},
])
def test_a_wrong_address_of_the_bot_api(given: Given, answer: dict[str, Any]) -> None:
    settings = given(**BOT, api_base="https://wrong.example")
    with responses.RequestsMock() as mock:
        mock.post(f"https://wrong.example/bot{TOKEN}/getMe", **answer)
        assert "STUDIUM_TELEGRAM_API_BASE" in seen(look_at_bot(settings))["Telegram bot"].fix


def test_a_wrong_issuer(given: Given) -> None:
    settings = given(**LOGIN, oidc_issuer="https://wrong.example")
    with responses.RequestsMock() as mock:
        mock.get("https://wrong.example/.well-known/openid-configuration", status=404)
        assert "STUDIUM_TELEGRAM_OIDC_ISSUER" in seen(look_at_login(settings))["Telegram sign-in"].fix


DISCOVERY = {"issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/auth", "token_endpoint": f"{ISSUER}/token",
             "jwks_uri": f"{ISSUER}/jwks"}


@pytest.mark.parametrize(("answer", "level", "word"), [
    ({"json": DISCOVERY}, "ok", f"{URL}/auth/telegram/callback"),
    ({"json": DISCOVERY | {"issuer": "https://evil.example"}}, "red", "another issuer"),
    ({"status": 500}, "red", ISSUER),
    ({"body": requests.ConnectionError("no route")}, "red", ISSUER),
])
def test_the_sign_in(given: Given, answer: dict[str, Any], level: str, word: str) -> None:
    settings = given(**LOGIN)
    with responses.RequestsMock() as mock:
        mock.get(f"{ISSUER}/.well-known/openid-configuration", **answer)
        found = seen(look_at_login(settings))["Telegram sign-in"]
    assert found.level == level
    assert word in found.what


@pytest.mark.parametrize(("telegram", "missing"), [({"client_id": "42"}, "STUDIUM_TELEGRAM_CLIENT_SECRET"),
                                                   ({"client_secret": "hush-hush"}, "STUDIUM_TELEGRAM_CLIENT_ID")])
def test_a_sign_in_that_is_half_set_up(given: Given, telegram: dict[str, str], missing: str) -> None:
    found = seen(look_at_login(given(**telegram)))["Telegram sign-in"]
    assert (found.level, missing in found.what) == ("red", True)


def test_a_sign_in_without_an_address_to_come_back_to(given: Given) -> None:
    settings = given(public_url=None, **LOGIN)
    with responses.RequestsMock() as mock:
        mock.get(f"{ISSUER}/.well-known/openid-configuration", json=DISCOVERY)
        assert "STUDIUM_PUBLIC_URL" in seen(look_at_login(settings))["Telegram sign-in"].what
