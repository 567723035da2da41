"""Plays Telegram and payment services inside the site's own process, and shows the outbox of mail, so that a newcomer can try the real
flows without an account anywhere.

Production has none of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint

from studium.core.plugins import hookimpl
from studium.core.runtime import runtime
from studium.queue.kinds import JobKind
from studium.services.providers import ProviderSettings
from studium.services.telegram import BotAccount, LoginClient


@hookimpl
def register_blueprints() -> Sequence[Blueprint]:
    """`/simulators/...`, outside of production only; imported here, so that production and workers do not carry it."""
    if runtime().settings.core.env == "production":
        return []
    from studium.testing.simulators import mail_outbox, openid, stripe_pages, telegram_phone, yookassa_pages

    return [openid.blueprint, telegram_phone.blueprint, mail_outbox.blueprint, stripe_pages.blueprint, yookassa_pages.blueprint]


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


@hookimpl
def find_simulated_payments(code: str) -> ProviderSettings | None:
    """The payment services that are this very site."""
    if runtime().settings.core.env == "production":
        return None
    if code == "stripe":
        from studium.testing.simulators import stripe_account

        return stripe_account.settings()
    if code == "yookassa":
        from studium.testing.simulators import yookassa_account

        return yookassa_account.settings()
    return None


@hookimpl
def register_jobs() -> Sequence[JobKind[Any]]:
    """What brings webhooks of payment services to the site."""
    if runtime().settings.core.env == "production":
        return []
    from studium.testing.simulators.stripe_webhooks import simulated_stripe_webhook
    from studium.testing.simulators.yookassa_webhooks import simulated_yookassa_webhook

    return [simulated_stripe_webhook, simulated_yookassa_webhook]
