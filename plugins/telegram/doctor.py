"""What `studium doctor` looks at: the bot, its webhook, and the sign-in by OpenID Connect, as Telegram knows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from studium.core.findings import Finding, ok, red, warning
from studium.core.settings import Settings
from studium.plugins.telegram.bot_commands import WEBHOOK
from studium.plugins.telegram.client import login_client
from studium.plugins.telegram.provider import Provider, ProviderDown
from studium.services.telegram import (
    ALLOWED_UPDATES,
    BotApi,
    TelegramDown,
    TelegramError,
    TelegramRefused,
    TelegramSettings,
    bot_account,
)

BOT, HOOK, LOGIN = "Telegram bot", "Telegram webhook", "Telegram sign-in"
MANY_WAITING = 100


def look_at_bot(settings: Settings) -> Iterator[Finding]:
    """Whether the token is good, whose it is, and whether the bot hears anything."""
    found = settings[TelegramSettings]
    account = bot_account()
    if found.bot_token is None and (found.bot_username or found.widget):
        yield red(BOT, "STUDIUM_TELEGRAM_BOT_TOKEN is missing, so neither the bot nor the widget is offered.",
                  "Copy the token from @BotFather (/mybots, API Token) to STUDIUM_TELEGRAM_BOT_TOKEN.")
        return
    if account is None or found.bot_token is None:
        yield _without(settings, BOT, "the bot", "Make one with @BotFather; set STUDIUM_TELEGRAM_BOT_TOKEN and _BOT_USERNAME.",
                       simulated=account is not None)
        return
    api = BotApi(account)
    try:
        me, hook = api.get_me(), api.get_webhook_info()
    except TelegramRefused as error:
        if error.status == 404 and "api_base" in found.model_fields_set:
            yield red(BOT, str(error), _way(found, "api_base"))
            return
        yield red(BOT, f"Telegram refuses the token: {error}",
                  "Copy the token from @BotFather (/mybots, API Token) to STUDIUM_TELEGRAM_BOT_TOKEN.")
        return
    except TelegramError as error:
        down = isinstance(error, TelegramDown)
        yield red(BOT, str(error), _way(found, "api_base") if down else "Ask again later.")
        return
    username = str(me.get("username", ""))
    if username.lower() != found.bot_username.lower():
        yield red(BOT, f"The token is @{username}'s, and STUDIUM_TELEGRAM_BOT_USERNAME is {found.bot_username}; links go wrong.",
                  f"Set STUDIUM_TELEGRAM_BOT_USERNAME={username}, or the token of @{found.bot_username}.")
    else:
        yield ok(BOT, f"@{username} answers")
    yield from _look_at_webhook(settings, hook)


def _look_at_webhook(settings: Settings, hook: dict[str, Any]) -> Iterator[Finding]:
    url, polling = str(hook.get("url") or ""), settings[TelegramSettings].polling
    wanted = f"{(settings.core.public_url or '').rstrip('/')}{WEBHOOK}"
    if polling and url:
        yield red(HOOK, "A webhook is set and STUDIUM_TELEGRAM_POLLING is true; Telegram allows one of them.",
                  "studium telegram delete-webhook")
    elif polling:
        yield ok(HOOK, "none, since messages are fetched")
    elif not url:
        yield red(HOOK, "None is set and nothing polls, so the bot hears nothing.",
                  "studium telegram set-webhook; or STUDIUM_TELEGRAM_POLLING=true where Telegram cannot reach the site")
    elif settings.core.public_url and url != wanted:
        yield red(HOOK, f"Telegram brings messages to {url}, and the site is at {wanted}.", "studium telegram set-webhook")
    elif hook.get("last_error_message"):
        waiting = hook.get("pending_update_count", 0)
        yield warning(HOOK, f"Telegram could not deliver: {hook['last_error_message']}. {waiting} messages wait.",
                      "On a wrong secret (403) run: studium telegram set-webhook. Otherwise look at the certificate and the proxy.")
    elif not set(hook.get("allowed_updates") or ALLOWED_UPDATES) >= set(ALLOWED_UPDATES):
        yield warning(HOOK, "Telegram does not tell the site who blocks the bot: an older version did not ask for that.",
                      "studium telegram set-webhook")
    elif int(hook.get("pending_update_count") or 0) > MANY_WAITING:
        yield warning(HOOK, f"{hook['pending_update_count']} messages wait.", "Look at the workers: studium jobs")
    else:
        yield ok(HOOK, f"Telegram brings messages to {url}")


def look_at_login(settings: Settings) -> Iterator[Finding]:
    """Whether the sign-in is set up whole, and the provider answers."""
    found = settings[TelegramSettings]
    if bool(found.client_id) != bool(found.client_secret):
        missing = "STUDIUM_TELEGRAM_CLIENT_SECRET" if found.client_id else "STUDIUM_TELEGRAM_CLIENT_ID"
        yield red(LOGIN, f"{missing} is missing, so the sign-in is not offered.", f"Copy it from @BotFather (Web Login) to {missing}.")
        return
    client = login_client()
    if client is None or not found.client_id:
        yield _without(settings, LOGIN, "the sign-in",
                       "Turn on Web Login at @BotFather; set STUDIUM_TELEGRAM_CLIENT_ID and _CLIENT_SECRET.", simulated=client is not None)
        return
    try:
        Provider(client).metadata()
    except ProviderDown as error:
        yield red(LOGIN, f"{client.issuer}: {error}", _way(found, "oidc_issuer"))
        return
    if settings.core.public_url is None:
        yield red(LOGIN, "STUDIUM_PUBLIC_URL is not set, so Telegram cannot send people back.", "Set it, and allow the same at @BotFather.")
        return
    yield ok(LOGIN, f"{client.issuer} answers; at @BotFather allow {settings.core.public_url.rstrip('/')}/auth/telegram/callback")


def _way(found: TelegramSettings, field: str) -> str:
    """What to do about an address that does not answer as Telegram does; one that was set by hand is the first suspect."""
    check = f"Check STUDIUM_TELEGRAM_{field.upper()}. " if field in found.model_fields_set else ""
    return f"{check}Open the way to {getattr(found, field)}, or set STUDIUM_TELEGRAM_PROXY to a proxy that has one."


def _without(settings: Settings, name: str, what: str, fix: str, *, simulated: bool) -> Finding:
    """Nothing is set: a pity in production; elsewhere the simulator may stand in."""
    if settings.core.env == "production":
        return warning(name, f"{what.capitalize()} is not set up.", fix)
    return ok(name, f"{what} is not set up; " + ("a simulator stands in outside production" if simulated else "no simulator stands in"))
