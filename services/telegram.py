"""Telegram's settings, and a client of its Bot API (core.telegram.org/bots/api). It must never let the bot's token out: the token is
part of each request's address, so no error of the network library and no address is passed on or logged.

StudiumError
└── TelegramError
    ├── TelegramDown      no usable answer: network, time-out, 5xx, not JSON; the same call may work later
    ├── TelegramRefused   the call is wrong, and will be wrong again; `status` is Telegram's error_code
    │   └── BotBlocked    this person has blocked the bot, or is gone
    └── TooManyRequests   ask again after `retry_after` seconds
"""

from __future__ import annotations

import hashlib
import hmac
import importlib.util
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator

from studium.core.errors import SettingsError, StudiumError
from studium.core.runtime import runtime
from studium.core.settings import Section

ALLOWED_UPDATES = ("message", "callback_query", "my_chat_member")  # the last: the person blocked the bot, or unblocked it
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  the name of a header
CONNECT_SECONDS, READ_SECONDS = 5.0, 10.0
LONGEST_WAIT = 24 * 3600
SECRETS = {
    "bot_token": (r"\d{3,}:[A-Za-z0-9_-]{20,}", "digits, a colon and at least 20 letters, digits, _ or -"),
    "webhook_secret": (r"[A-Za-z0-9_-]{16,256}", "16 to 256 letters, digits, _ or -"),
}


class TelegramError(StudiumError):
    """The root of what can go wrong with the Bot API; its text never holds the token."""


class TelegramDown(TelegramError):
    """Telegram could not be asked, or gave no usable answer; the same call may work later."""


class TelegramRefused(TelegramError):
    """Telegram says that the call is wrong; `status` is its error_code, such as 400, 401 or 409."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


class BotBlocked(TelegramRefused):
    """The person blocked the bot, deleted their account or never wrote to the bot."""


class TooManyRequests(TelegramError):
    """Telegram wants to be left alone for `retry_after` seconds."""

    def __init__(self, text: str, retry_after: int) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class TelegramSettings(Section):
    """STUDIUM_TELEGRAM_..."""

    prefix: ClassVar[str] = "TELEGRAM"

    bot_token: SecretStr | None = Field(None, description="the bot's token, from @BotFather")
    bot_username: str = Field("", pattern=r"^(@?[A-Za-z0-9_]{5,32})?$", description="the bot's name, such as my_school_bot")
    api_base: str = Field(
        "https://api.telegram.org", pattern=r"^https?://[^\s?#@]+$", description="address of the Bot API; for a server of one's own")
    proxy: SecretStr | None = Field(
        None, description="proxy to Telegram, such as http://user:password@10.0.0.1:3128; HTTPS_PROXY counts when this is unset")
    webhook_secret: SecretStr | None = Field(
        None, description="proves that a webhook call is Telegram's: 16 to 256 of A-Z a-z 0-9 _ -; made of STUDIUM_SECRET_KEY when unset. "
        "After a change of either run: studium telegram set-webhook")
    client_id: str = Field("", description="client id of the sign-in with Telegram (OpenID Connect), from @BotFather")
    client_secret: SecretStr | None = Field(None, description="client secret of the sign-in with Telegram (OpenID Connect)")
    oidc_issuer: str = Field(
        "https://oauth.telegram.org", pattern=r"^https?://[^\s?#@]+$", description="address of Telegram's OpenID provider")
    polling: bool = Field(
        False, description="the program telegram-bot fetches the bot's messages; for a site that Telegram cannot reach by a webhook")
    widget: bool = Field(False, description="offer the legacy Login Widget as well")

    @field_validator("bot_token", "webhook_secret")
    @classmethod
    def _well_formed(cls, value: SecretStr | None, field: ValidationInfo) -> SecretStr | None:
        pattern, words = SECRETS[field.field_name or ""]
        if value is not None and not re.fullmatch(pattern, value.get_secret_value()):
            raise ValueError(f"it does not look like one; it is {words}")
        return value

    @field_validator("bot_username")
    @classmethod
    def _without_at(cls, value: str) -> str:
        return value.removeprefix("@")

    @field_validator("api_base", "oidc_issuer")
    @classmethod
    def _without_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @field_validator("proxy")
    @classmethod
    def _usable(cls, value: SecretStr | None) -> SecretStr | None:
        scheme = value.get_secret_value().partition("://")[0] if value else "http"
        if scheme in ("socks5", "socks5h") and importlib.util.find_spec("socks") is None:
            raise ValueError("a SOCKS proxy needs the package PySocks: pip install PySocks")
        if scheme not in ("http", "https", "socks5", "socks5h"):
            raise ValueError("it begins with http://, https:// or socks5h://")
        return value

    @model_validator(mode="after")
    def _named(self) -> TelegramSettings:
        if self.bot_token and not self.bot_username:
            raise ValueError("STUDIUM_TELEGRAM_BOT_TOKEN is set, so set STUDIUM_TELEGRAM_BOT_USERNAME too, such as my_school_bot")
        return self


@dataclass(frozen=True)
class BotAccount:
    """A bot: its name, its secret token, where its Bot API is, and where people's links to it begin."""

    username: str
    token: SecretStr
    api_base: str
    proxy: SecretStr | None = None
    link_base: str = "https://t.me"

    @property
    def id(self) -> int:
        """The bot's own Telegram id, with which its token begins; a new token of the same bot has the same."""
        return int(self.token.get_secret_value().partition(":")[0])

    def link(self, start: str) -> str:
        """The address that opens the bot in a person's Telegram, which then sends it `/start <start>` (core.telegram.org/bots/features)."""
        return f"{self.link_base}/{self.username}?start={start}"


@dataclass(frozen=True)
class LoginClient:
    """The site as a client of Telegram's OpenID provider: `issuer` is the provider's address."""

    issuer: str
    client_id: str
    client_secret: SecretStr
    proxy: SecretStr | None = None


def bot_account() -> BotAccount | None:
    """The bot of the settings; without one, that of a plugin (a simulator in development); None when there is no bot."""
    found = runtime().settings[TelegramSettings]
    if found.bot_token is not None:
        return BotAccount(found.bot_username, found.bot_token, found.api_base, found.proxy)
    other: BotAccount | None = runtime().hooks.find_simulated_bot()
    return other


def bot_api() -> BotApi:
    """The Bot API of the site's bot; raises SettingsError when there is none."""
    account = bot_account()
    if account is None:
        raise SettingsError("There is no Telegram bot. Make one with @BotFather, then set STUDIUM_TELEGRAM_BOT_TOKEN and "
                            "STUDIUM_TELEGRAM_BOT_USERNAME.")
    return BotApi(account)


def webhook_secret() -> str:
    """What Telegram sends in SECRET_HEADER: the setting, or a value that only the owner of STUDIUM_SECRET_KEY can make."""
    settings = runtime().settings
    own = settings[TelegramSettings].webhook_secret
    return own.get_secret_value() if own else hmac.new(settings.secret.encode(), b"studium.telegram.webhook", hashlib.sha256).hexdigest()


class BotApi:
    """One bot's Bot API; each method is the call of that name and raises TelegramError."""

    def __init__(self, account: BotAccount) -> None:
        self._account = account
        self.bot_id = account.id
        logging.getLogger("urllib3").setLevel(logging.INFO)  # its debug lines show the path, which holds the token

    def get_me(self) -> dict[str, Any]:
        """The bot itself: `id`, `username`, ..."""
        return self._object("getMe")

    def set_webhook(self, url: str, secret: str) -> None:
        """Have updates sent to `url`, with `secret` in SECRET_HEADER."""
        self._call("setWebhook", {"url": url, "secret_token": secret, "allowed_updates": ALLOWED_UPDATES})

    def delete_webhook(self) -> None:
        """Have updates kept for get_updates."""
        self._call("deleteWebhook")

    def get_webhook_info(self) -> dict[str, Any]:
        """`url` ("" for none), `pending_update_count`, `last_error_message`, ..."""
        return self._object("getWebhookInfo")

    def get_updates(self, offset: int | None = None, timeout: int = 25) -> list[dict[str, Any]]:
        """Updates from the id `offset` on, which confirms those before it; waits `timeout` seconds for one.

        Raises TelegramRefused with status 409 while a webhook is set or somebody else asks.
        """
        asked = {"timeout": timeout, "allowed_updates": ALLOWED_UPDATES} | ({} if offset is None else {"offset": offset})
        found = self._call("getUpdates", asked, READ_SECONDS + timeout)
        if not isinstance(found, list) or not all(isinstance(update, dict) for update in found):
            raise TelegramDown("Telegram's answer to getUpdates is no list of updates.")
        return found

    def send_message(self, chat_id: int, text: str, reply_markup: Mapping[str, Any] | None = None,
                     entities: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
        """Write to a person: plain text, with `entities` for what is bold or a link; the message as Telegram keeps it (`message_id`)."""
        marked = {"entities": list(entities)} if entities else {}
        return self._object("sendMessage", _written(text, reply_markup) | marked | {"chat_id": chat_id})

    def answer_callback_query(self, callback_query_id: str, text: str = "") -> None:
        """Tell the person's Telegram that the pressed button was heard; `text` is shown for a moment."""
        self._call("answerCallbackQuery", {"callback_query_id": callback_query_id} | ({"text": text} if text else {}))

    def edit_message_text(self, chat_id: int, message_id: int, text: str, reply_markup: Mapping[str, Any] | None = None) -> None:
        """Put another text in the place of a message of the bot; its buttons go unless others are given."""
        self._call("editMessageText", _written(text, reply_markup) | {"chat_id": chat_id, "message_id": message_id})

    def _object(self, method: str, values: Mapping[str, Any] | None = None) -> dict[str, Any]:
        found = self._call(method, values)
        if not isinstance(found, dict):
            raise TelegramDown(f"Telegram's answer to {method} is no object.")
        return found

    def _call(self, method: str, values: Mapping[str, Any] | None = None, read_seconds: float = READ_SECONDS) -> Any:
        import requests  # heavy, so only programs that do call Telegram carry it

        account, trouble = self._account, ""
        proxy = account.proxy.get_secret_value() if account.proxy else ""
        url = f"{account.api_base}/bot{account.token.get_secret_value()}/{method}"
        try:
            answer = requests.post(url, json=dict(values or {}), timeout=(CONNECT_SECONDS, read_seconds), allow_redirects=False,
                                   proxies={"http": proxy, "https": proxy} if proxy else None)
        except requests.RequestException as error:
            trouble = type(error).__name__
        if trouble:  # raised out here, so that the library's error, which shows the address, is not even its context
            raise TelegramDown(f"Telegram cannot be reached for {method} ({trouble}). Look at the network, STUDIUM_TELEGRAM_API_BASE and "
                               "STUDIUM_TELEGRAM_PROXY.")
        try:
            body = answer.json()
        except ValueError:
            body = None
        return _result(method, answer.status_code, body)


def _result(method: str, status: int, body: Any) -> Any:
    """What the call answers (core.telegram.org/bots/api#making-requests), or the error that it tells of."""
    if not isinstance(body, dict) or not isinstance(body.get("ok"), bool) or (body["ok"] and "result" not in body):
        raise TelegramDown(f"Telegram gave no usable answer to {method} (HTTP {status}).")
    if body["ok"]:
        return body["result"]
    code = body.get("error_code")
    code = code if isinstance(code, int) else status
    told = f"Telegram refused {method}: {str(body.get('description', ''))[:300]} ({code})"
    if code == 429:
        raise TooManyRequests(told, _retry_after(body))
    if code >= 500:
        raise TelegramDown(told)
    if code == 403 or (code == 400 and "chat not found" in told):
        raise BotBlocked(told, code)
    raise TelegramRefused(told, code)


def _retry_after(body: Mapping[str, Any]) -> int:
    parameters = body.get("parameters")
    seconds = parameters.get("retry_after") if isinstance(parameters, dict) else None
    return min(LONGEST_WAIT, max(1, seconds)) if isinstance(seconds, int) else 1


def _written(text: str, reply_markup: Mapping[str, Any] | None) -> dict[str, Any]:
    shown: Mapping[str, Any] = {"text": text, "link_preview_options": {"is_disabled": True}}
    return {**shown, "reply_markup": reply_markup} if reply_markup else dict(shown)


def keyboard(rows: Sequence[Sequence[tuple[str, str]]]) -> dict[str, Any]:
    """An inline keyboard: rows of (shown, callback data of at most 64 bytes)."""
    return {"inline_keyboard": [[{"text": shown, "callback_data": data} for shown, data in row] for row in rows]}


def url_button(shown: str, url: str) -> dict[str, Any]:
    """An inline keyboard of one button that opens an address in the person's browser."""
    return {"inline_keyboard": [[{"text": shown, "url": url}]]}
