"""The Bot API as Telegram has it, as far as Studium calls it (core.telegram.org/bots/api), with faults that one can switch on."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify, request

from studium.core.csrf import csrf
from studium.core.runtime import runtime
from studium.services.limits import not_counted
from studium.services.site import absolute_url
from studium.services.telegram import BotAccount, TelegramSettings, webhook_secret
from studium.testing.simulators import telegram_store as store

PATH = "/simulators/telegram"
USERNAME = "studium_demo_bot"
LONGEST_TEXT = 4096
LONGEST_POLL, LOOK_SECONDS = 3, 0.1  # the real one waits up to 50 s; here it holds a thread of the site
FAULTS = ("", "down", "garbage", "lost_answer", "too_many", "duplicate", "blocked")
blueprint = Blueprint("simulated_bot", __name__, url_prefix=PATH, template_folder="templates")
csrf.exempt(blueprint)  # who calls the Bot API is a server


class Refused(Exception):
    """The answer of the Bot API to a call that cannot be done."""

    def __init__(self, code: int, description: str, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.code, self.description, self.retry_after = code, description, retry_after


def bot_account() -> BotAccount:
    """The bot that lives here; its token is of no use elsewhere."""
    from pydantic import SecretStr

    return BotAccount(USERNAME, SecretStr(_token()), absolute_url(PATH), link_base=absolute_url(f"{PATH}/t.me"))


@blueprint.post("/bot<token>/<method>")
@not_counted
def call(token: str, method: str) -> Response:
    """Any method of the Bot API."""
    fault = store.kept("fault") or ""
    try:
        _refuse_by_fault(fault)
        if not hmac.compare_digest(token.encode(), _token().encode()):
            raise Refused(401, "Unauthorized")
        if method not in METHODS:
            raise Refused(404, "Not Found")
        result = METHODS[method](request.get_json(silent=True) or request.form.to_dict())
    except Refused as refused:
        if refused.code == 0:
            return Response("<html>Bad gateway</html>", 502, mimetype="text/html")
        extra = {"parameters": {"retry_after": refused.retry_after}} if refused.retry_after else {}
        answer = jsonify({"ok": False, "error_code": refused.code, "description": refused.description} | extra)
        answer.status_code = refused.code
        return answer
    if fault == "lost_answer":  # done, but nobody hears of it
        store.keep("fault", None)
        return Response(status=504)
    return jsonify({"ok": True, "result": result})


def _refuse_by_fault(fault: str) -> None:
    if fault == "down":
        raise Refused(500, "Internal Server Error")
    if fault == "garbage":
        raise Refused(0, "")
    if fault == "too_many":  # once
        store.keep("fault", None)
        raise Refused(429, "Too Many Requests: retry after 2", retry_after=2)


def _get_me(_given: dict[str, Any]) -> dict[str, Any]:
    return {"id": 1, "is_bot": True, "first_name": "Studium", "username": USERNAME}


def _set_webhook(given: dict[str, Any]) -> bool:
    store.keep("webhook", {"url": given.get("url", ""), "secret": given.get("secret_token", "")})
    return True


def _delete_webhook(_given: dict[str, Any]) -> bool:
    store.keep("webhook", {"url": "", "secret": ""})
    return True


def _get_webhook_info(_given: dict[str, Any]) -> dict[str, Any]:
    told = {"url": webhook()["url"], "has_custom_certificate": False, "pending_update_count": len(store.new_updates())}
    error = store.kept("webhook_error")
    return told | ({"last_error_date": int(time.time()), "last_error_message": error} if error else {})


def _get_updates(given: dict[str, Any]) -> list[dict[str, Any]]:
    if webhook()["url"]:
        raise Refused(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first")
    end = time.monotonic() + min(LONGEST_POLL, int(given.get("timeout") or 0))
    offset = int(given["offset"]) if given.get("offset") is not None else None
    while not (found := store.new_updates(offset)) and time.monotonic() < end:
        time.sleep(LOOK_SECONDS)
    return found


def _send_message(given: dict[str, Any]) -> dict[str, Any]:
    person, text = _person(given), _text(given)
    line = store.add_line(person, True, text, _buttons(given), _entities(given, text))
    return {"message_id": line, "date": int(time.time()), "chat": {"id": person, "type": "private"}, "text": text}


def _edit_message_text(given: dict[str, Any]) -> bool:
    reason = store.change_line(_person(given), int(given.get("message_id") or 0), _text(given), _buttons(given))
    if reason:
        raise Refused(400, f"Bad Request: {reason}")
    return True


def _answer_callback_query(given: dict[str, Any]) -> bool:
    if not str(given.get("callback_query_id", "")).startswith("press-"):
        raise Refused(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
    return True


METHODS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "getMe": _get_me, "setWebhook": _set_webhook, "deleteWebhook": _delete_webhook, "getWebhookInfo": _get_webhook_info,
    "getUpdates": _get_updates, "sendMessage": _send_message, "editMessageText": _edit_message_text,
    "answerCallbackQuery": _answer_callback_query,
}


def webhook() -> dict[str, str]:
    """Where updates go, and with which secret; until somebody says otherwise to this very site, unless that fetches them."""
    told: dict[str, str] | None = store.kept("webhook")
    polling = runtime().settings[TelegramSettings].polling
    return told or {"url": "" if polling else absolute_url("/webhooks/telegram"), "secret": webhook_secret()}


def _person(given: dict[str, Any]) -> int:
    person = int(given.get("chat_id") or 0)
    if not store.chat(person):
        raise Refused(400, "Bad Request: chat not found")  # a bot cannot write first
    if store.kept("fault") == "blocked" or store.kept(f"blocked:{person}"):
        raise Refused(403, "Forbidden: bot was blocked by the user")
    return person


def _text(given: dict[str, Any]) -> str:
    text = str(given.get("text", ""))
    if not text or len(text) > LONGEST_TEXT:
        raise Refused(400, "Bad Request: message is too long" if text else "Bad Request: message text is empty")
    return text


def _buttons(given: dict[str, Any]) -> list[Any]:
    markup = given.get("reply_markup") or {}
    markup = json.loads(markup) if isinstance(markup, str) else markup
    rows = markup.get("inline_keyboard", [])
    buttons = [button for row in rows for button in row]
    if any(len(button.get("callback_data", "").encode()) > 64 for button in buttons):
        raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")
    if any("callback_data" not in button and not is_address(button.get("url")) for button in buttons):
        raise Refused(400, "Bad Request: inline keyboard button URL is invalid: Wrong HTTP URL")
    return list(rows)


def is_address(url: object) -> bool:
    """Whether a button may lead there."""
    return str(url).startswith(("http://", "https://", "tg://"))


def _entities(given: dict[str, Any], text: str) -> list[Any]:
    """Marks of the text, as they are shown; one beyond the end is refused."""
    found = [one for one in given.get("entities", []) if isinstance(one, dict)]
    if any(one["offset"] + one["length"] > len(text.encode("utf-16-le")) // 2 for one in found):
        raise Refused(400, "Bad Request: entity is beyond the end of the text")
    return found


def _token() -> str:
    return f"1:{hmac.new(runtime().settings.secret.encode(), b'studium.simulated.bot', 'sha256').hexdigest()}"
