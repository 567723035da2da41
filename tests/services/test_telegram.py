"""The Bot API client: each way Telegram can fail is an error of its own, and the token is in none of them, nor in the log."""

from __future__ import annotations

import json
import logging
import traceback

import pytest
import requests
import responses
from flask import Flask
from pydantic import SecretStr

from studium.core.app import load
from studium.core.errors import SettingsError
from studium.core.runtime import runtime
from studium.services.telegram import (
    ALLOWED_UPDATES,
    BotAccount,
    BotApi,
    BotBlocked,
    TelegramDown,
    TelegramError,
    TelegramRefused,
    TooManyRequests,
    bot_account,
    keyboard,
    webhook_secret,
)

TOKEN = "123456:" + "AAsecretAA" * 4
BASE = "https://api.telegram.org"
API = BotApi(BotAccount("school_bot", SecretStr(TOKEN), BASE))


def answers(method: str, status: int = 200, **body: object) -> None:
    responses.post(f"{BASE}/bot{TOKEN}/{method}", status=status, json=body)


def sent(number: int = -1) -> dict[str, object]:
    found: dict[str, object] = json.loads(responses.calls[number].request.body)
    return found


@responses.activate
def test_a_message_is_sent_with_its_buttons_and_without_a_preview_of_links():
    answers("sendMessage", ok=True, result={"message_id": 7})
    assert API.send_message(5, "Hello", keyboard([[("Yes", "1:yes")]])) == {"message_id": 7}
    assert sent() == {"chat_id": 5, "text": "Hello", "link_preview_options": {"is_disabled": True},
                      "reply_markup": {"inline_keyboard": [[{"text": "Yes", "callback_data": "1:yes"}]]}}


@responses.activate
def test_updates_are_asked_for_from_an_offset_with_time_to_wait():
    answers("getUpdates", ok=True, result=[{"update_id": 3}])
    assert API.get_updates(3, timeout=20) == [{"update_id": 3}]
    assert sent() == {"offset": 3, "timeout": 20, "allowed_updates": list(ALLOWED_UPDATES)}
    assert responses.calls[0].request.req_kwargs["timeout"][1] > 20


@responses.activate
def test_the_webhook_is_set_with_its_secret_and_deleted_and_described():
    for method, result in (("setWebhook", True), ("deleteWebhook", True), ("getWebhookInfo", {"url": "https://a.example/w"}),
                           ("getMe", {"username": "school_bot"})):
        answers(method, ok=True, result=result)
    API.set_webhook("https://a.example/w", "s3cret")
    assert sent() == {"url": "https://a.example/w", "secret_token": "s3cret", "allowed_updates": list(ALLOWED_UPDATES)}
    API.delete_webhook()
    assert API.get_webhook_info()["url"] == "https://a.example/w"
    assert API.get_me() == {"username": "school_bot"}


@responses.activate
def test_a_press_is_answered_and_a_message_edited():
    answers("answerCallbackQuery", ok=True, result=True)
    answers("editMessageText", ok=True, result={"message_id": 8})
    API.answer_callback_query("77")
    assert sent() == {"callback_query_id": "77"}
    API.edit_message_text(5, 8, "Done")
    assert sent() == {"chat_id": 5, "message_id": 8, "text": "Done", "link_preview_options": {"is_disabled": True}}


@responses.activate
@pytest.mark.parametrize("fault", [requests.ConnectionError(f"/bot{TOKEN}/getMe"), requests.ConnectTimeout(), requests.ReadTimeout(),
                                   requests.exceptions.ProxyError(), requests.exceptions.ChunkedEncodingError()])
def test_a_network_that_fails_is_telegram_down(fault):
    responses.post(f"{BASE}/bot{TOKEN}/getMe", body=fault)
    with pytest.raises(TelegramDown, match=r"cannot be reached for getMe .*STUDIUM_TELEGRAM_PROXY"):
        API.get_me()


@responses.activate
@pytest.mark.parametrize(("status", "body"), [
    (200, "<html>"), (502, "<html>"), (200, ""), (200, "[]"), (200, '"ok"'), (200, "{}"), (200, '{"ok": "yes", "result": {}}'),
    (200, '{"ok": true}'), (200, '{"ok": true, "result": []}'), (302, ""), (500, '{"ok": false, "error_code": 500}'), (200, "{" * 9),
])
def test_an_answer_that_is_not_one_is_telegram_down(status, body):
    responses.post(f"{BASE}/bot{TOKEN}/getMe", status=status, body=body, headers={"Location": "https://evil.example/"})
    with pytest.raises(TelegramDown):
        API.get_me()
    assert len(responses.calls) == 1, "a redirection would carry the token elsewhere"


@responses.activate
def test_too_many_requests_say_how_long_to_wait():
    answers("sendMessage", 429, ok=False, error_code=429, description="Too Many Requests", parameters={"retry_after": 17})
    with pytest.raises(TooManyRequests) as raised:
        API.send_message(5, "Hello")
    assert raised.value.retry_after == 17


@responses.activate
@pytest.mark.parametrize("parameters", [None, [], {"retry_after": "soon"}, {"retry_after": -5}, {}])
def test_too_many_requests_without_a_usable_time_wait_a_second(parameters):
    answers("sendMessage", 429, ok=False, error_code=429, description="Too Many Requests", parameters=parameters)
    with pytest.raises(TooManyRequests) as raised:
        API.send_message(5, "Hello")
    assert raised.value.retry_after == 1


@responses.activate
@pytest.mark.parametrize(("code", "description"), [(403, "Forbidden: bot was blocked by the user"), (403, "Forbidden: user is deactivated"),
                                                   (400, "Bad Request: chat not found")])
def test_a_person_who_blocked_the_bot_is_told_apart(code, description):
    answers("sendMessage", code, ok=False, error_code=code, description=description)
    with pytest.raises(BotBlocked, match=description):
        API.send_message(5, "Hello")


@responses.activate
def test_any_other_refusal_carries_its_code():
    answers("getUpdates", 409, ok=False, error_code=409, description="Conflict: terminated by other getUpdates request")
    with pytest.raises(TelegramRefused, match=r"getUpdates.*Conflict.*409") as raised:
        API.get_updates()
    assert raised.value.status == 409
    assert not isinstance(raised.value, BotBlocked)


@responses.activate
@pytest.mark.parametrize("fault", [requests.ConnectionError(f"HTTPSConnectionPool: /bot{TOKEN}/sendMessage"), None])
def test_the_token_is_in_no_error_and_in_no_log(fault, caplog, log_lines):
    if fault:
        responses.post(f"{BASE}/bot{TOKEN}/sendMessage", body=fault)
    else:
        answers("sendMessage", 401, ok=False, error_code=401, description="Unauthorized")
    with caplog.at_level(logging.DEBUG), pytest.raises(TelegramError) as raised:
        API.send_message(5, "Hello")
    shown = "".join(traceback.format_exception(raised.value)) + repr(raised.value) + repr(API) + repr(API._account)
    told = shown + caplog.text + str(log_lines)
    assert TOKEN not in told
    assert raised.value.__context__ is None
    assert raised.value.__cause__ is None


def test_the_network_library_does_not_log_the_address_of_a_call(caplog):
    """No `responses` here: urllib3 itself must come to speak, to a port where nobody listens."""
    with caplog.at_level(logging.DEBUG), pytest.raises(TelegramDown):
        BotApi(BotAccount("school_bot", SecretStr(TOKEN), "http://127.0.0.1:9")).get_me()
    assert TOKEN not in caplog.text
    assert logging.getLogger("urllib3").getEffectiveLevel() >= logging.INFO


@responses.activate
def test_calls_go_through_the_proxy():
    answers("getMe", ok=True, result={})
    BotApi(BotAccount("school_bot", SecretStr(TOKEN), BASE, SecretStr("http://user:pw@10.0.0.1:3128"))).get_me()
    assert responses.calls[0].request.req_kwargs["proxies"]["https"] == "http://user:pw@10.0.0.1:3128"


def test_the_webhook_s_secret_is_made_of_the_site_s_key(app: Flask):
    with app.app_context():
        assert len(webhook_secret()) == 64
        assert webhook_secret() == webhook_secret()
        assert app.extensions["studium"].settings.secret not in webhook_secret()


def test_hook_find_simulated_bot_is_asked_while_no_bot_is_set_up(app: Flask):
    with app.app_context():
        account = bot_account()
    assert account is not None
    assert account.link("abc") == "http://127.0.0.1:8000/simulators/telegram/t.me/studium_demo_bot?start=abc"
    assert account.token.get_secret_value() not in repr(account)


def test_hook_find_user_id_knows_people_by_their_telegram_account(app: Flask, client, sign_in):
    user = sign_in(client, telegram_id=4711)
    with app.app_context():
        assert runtime().hooks.find_user_id(telegram_id=4711) == user["id"]
        assert runtime().hooks.find_user_id(telegram_id=4712) is None


@pytest.mark.parametrize(("name", "value", "words"), [
    ("BOT_TOKEN", "my-token", "digits, a colon"), ("BOT_TOKEN", TOKEN, "STUDIUM_TELEGRAM_BOT_USERNAME"),
    ("PROXY", "ftp://proxy", "socks5h"), ("WEBHOOK_SECRET", "short", "16 to 256"), ("API_BASE", "api.telegram.org", "API_BASE"),
    ("BOT_USERNAME", "t.me/school", "BOT_USERNAME"),
])
def test_a_wrong_setting_stops_the_start_and_a_secret_is_not_shown(environ, name, value, words):
    with pytest.raises(SettingsError) as raised:
        load({**environ, f"STUDIUM_TELEGRAM_{name}": value})
    assert words in str(raised.value)
    if name in ("BOT_TOKEN", "WEBHOOK_SECRET", "PROXY"):
        assert value not in str(raised.value)
