"""`studium telegram`: the webhook and what Telegram says about it; `studium telegram-bot`: the program that polls instead."""

from __future__ import annotations

import datetime
import sys
import time
from typing import Any
from urllib.parse import urlsplit

import click
from flask import current_app

from studium.core.cli import runs_as
from studium.core.runtime import runtime
from studium.services.site import absolute_url
from studium.services.telegram import TelegramSettings, bot_account, bot_api, webhook_secret

WEBHOOK = "/webhooks/telegram"
NOT_CONFIGURED = 78  # sysexits.h; supervisord.conf takes it for an end and not for a failure
SECONDS_OF_A_START = 1.5  # whatever ends sooner is a failed start for supervisord


@click.group()
def telegram() -> None:
    """Look after the site's Telegram bot."""


@telegram.command("set-webhook")
@click.option("--url", help=f"another address than STUDIUM_PUBLIC_URL + {WEBHOOK}, such as a tunnel's")
def set_webhook(url: str | None) -> None:
    """Have Telegram bring the bot's messages to this site; safe to repeat, and needed after a change of the secret."""
    address = url or absolute_url(WEBHOOK)
    simulated = runtime().settings[TelegramSettings].bot_token is None
    if urlsplit(address).scheme != "https" and not simulated:
        raise click.UsageError(f"Telegram brings messages to https addresses only, and not to {address}. Set STUDIUM_PUBLIC_URL to the "
                               "site's https address; without one set STUDIUM_TELEGRAM_POLLING=true, so that the site fetches them.")
    bot_api().set_webhook(address, webhook_secret())
    click.echo(f"Telegram brings the bot's messages to {address}.")


@telegram.command("delete-webhook")
def delete_webhook() -> None:
    """Have Telegram keep the bot's messages until they are fetched (STUDIUM_TELEGRAM_POLLING)."""
    bot_api().delete_webhook()
    click.echo("Telegram keeps the bot's messages until they are fetched, for a day.")


@telegram.command()
def info() -> None:
    """Show the bot and its webhook as Telegram knows them; exit code 1 when something is wrong, with what to do."""
    api, account, settings = bot_api(), bot_account(), runtime().settings[TelegramSettings]
    me, hook = api.get_me(), api.get_webhook_info()
    click.echo(f"bot       @{me.get('username', '?')}")
    click.echo(f"webhook   {hook.get('url') or 'none'}")
    click.echo(f"polling   {'on' if settings.polling else 'off'}")
    click.echo(f"waiting   {hook.get('pending_update_count', 0)} messages to the bot")
    if hook.get("last_error_message"):
        click.echo(f"last error {_moment(hook.get('last_error_date'))}  {hook['last_error_message']}")
    wrong = _wrong(str(me.get("username", "")), account.username if account else "", str(hook.get("url") or ""), settings.polling)
    for line in wrong:
        click.echo(f"WRONG     {line}")
    if wrong:
        raise SystemExit(1)


@runs_as("telegram-bot")
@click.command("telegram-bot")
def telegram_bot() -> None:
    """Fetch the bot's messages until SIGTERM or SIGINT; for sites that Telegram cannot reach. Needs STUDIUM_TELEGRAM_POLLING=true."""
    from studium.plugins.telegram.bot_polling import run  # the program alone pays for it

    if not runtime().settings[TelegramSettings].polling:
        click.echo("STUDIUM_TELEGRAM_POLLING is not true, so the bot's messages come by the webhook. Set it to fetch them.", err=True)
        time.sleep(SECONDS_OF_A_START)
        sys.exit(NOT_CONFIGURED)
    app: Any = current_app
    run(app._get_current_object())


def _wrong(username: str, wanted: str, url: str, polling: bool) -> list[str]:
    found = []
    if username.lower() != wanted.lower():
        found.append(f"STUDIUM_TELEGRAM_BOT_USERNAME is {wanted}, but the token is of @{username}; links lead to the wrong bot.")
    if url and polling:
        found.append("A webhook is set and STUDIUM_TELEGRAM_POLLING is true; one of them must go: studium telegram delete-webhook")
    if not url and not polling:
        found.append("The bot hears nothing. Run studium telegram set-webhook, or set STUDIUM_TELEGRAM_POLLING=true.")
    return found


def _moment(seconds: object) -> str:
    return f"{datetime.datetime.fromtimestamp(seconds, datetime.UTC):%Y-%m-%d %H:%M} UTC" if isinstance(seconds, int) else ""
