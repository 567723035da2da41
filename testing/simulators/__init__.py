"""Plays Telegram inside the site's own process, so that a newcomer can try the real flows without a bot; production has none of it."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint

from studium.core.plugins import hookimpl
from studium.core.runtime import runtime
from studium.services.telegram import BotAccount, LoginClient


@hookimpl
def register_blueprints() -> Sequence[Blueprint]:
    """`/simulators/...`, outside of production only; imported here, so that production and workers do not carry it."""
    if runtime().settings.core.env == "production":
        return []
    from studium.testing.simulators import openid, telegram_phone

    return [openid.blueprint, telegram_phone.blueprint]


@hookimpl
def find_simulated_login() -> LoginClient | None:
    """The OpenID provider that is this very site."""
    if runtime().settings.core.env == "production":
        return None
    from studium.testing.simulators import openid

    return openid.login_client()


@hookimpl
def find_simulated_bot() -> BotAccount | None:
    """The bot whose Telegram is this very site."""
    if runtime().settings.core.env == "production":
        return None
    from studium.testing.simulators import telegram_bot

    return telegram_bot.bot_account()
