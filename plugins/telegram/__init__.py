"""Signing in with Telegram (OpenID Connect, the legacy Login Widget, a link to the bot), and notices by the bot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from flask import Blueprint

from studium.core.clock import now
from studium.core.health import HealthCheck, heartbeat_check
from studium.core.migrations import Migrations
from studium.core.plugins import hookimpl
from studium.core.runtime import runtime
from studium.plugins.telegram import bot_commands, export
from studium.plugins.telegram.bot_messages import telegram_message
from studium.plugins.telegram.bot_trimming import HOURLY, trim_telegram
from studium.plugins.telegram.bot_updates import telegram_update
from studium.plugins.telegram.deep_link import deep_link_methods
from studium.plugins.telegram.entities import ENTITIES
from studium.plugins.telegram.forgetting import forget_strangers
from studium.plugins.telegram.methods import telegram_methods
from studium.queue.kinds import JobKind
from studium.queue.periodic import PeriodicTask
from studium.services.account_sections import AccountSection
from studium.services.facts import UserDeleted
from studium.services.sign_in import SignInMethod
from studium.services.telegram import TelegramSettings
from studium.services.users import SignedInUser

if TYPE_CHECKING:
    from studium.services.notifications.channels import NotificationChannel


@hookimpl
def register_entities() -> Sequence[type]:
    """Challenges, received updates, chats, and used confirmations."""
    return ENTITIES


@hookimpl
def register_migrations() -> Migrations:
    """The branch `telegram`."""
    return Migrations("telegram", Path(__file__).parent / "migrations")


@hookimpl
def register_blueprints() -> Sequence[Blueprint]:
    """`/auth/telegram/...` and `/webhooks/telegram`; with Flask-Babel, which programs without pages need not carry."""
    from studium.plugins.telegram import bot_webhook, deep_link_pages, routes

    return [routes.blueprint, deep_link_pages.blueprint, bot_webhook.blueprint]


@hookimpl
def register_sign_in_methods() -> Sequence[SignInMethod]:
    """Those that are set up."""
    return [*telegram_methods(), *deep_link_methods()]


@hookimpl
def register_jobs() -> Sequence[JobKind[Any]]:
    """What the bot hears and says."""
    return [telegram_update, telegram_message, trim_telegram]


@hookimpl
def register_periodic_tasks() -> Sequence[PeriodicTask]:
    """The removal of what is over, once an hour."""
    return [HOURLY]


@hookimpl
def user_deleted(fact: UserDeleted) -> None:
    """What was said with the bot goes; it is not known by the account's id, so with everybody's who has no account."""
    forget_strangers(now())


@hookimpl
def register_notification_channels() -> Sequence[type[NotificationChannel]]:
    """Through the bot."""
    from studium.plugins.telegram.notices import TelegramChannel  # programs that tell nobody anything need not carry it

    return [TelegramChannel]


@hookimpl
def account_sections(user: SignedInUser, language: str) -> Sequence[AccountSection]:
    """How the bot gets to write to this person."""
    from studium.plugins.telegram.account_section import telegram_section  # for pages alone

    return telegram_section(user)


@hookimpl
def export_user_data(user_id: int) -> Mapping[str, Any]:
    """The chats with the school's bots."""
    return {"telegram": {"chats": export.chats_of(user_id)}}


@hookimpl
def register_commands() -> Sequence[click.Command]:
    """`studium telegram`, and the program `studium telegram-bot`."""
    return [bot_commands.telegram, bot_commands.telegram_bot]


@hookimpl
def register_doctor_checks() -> Sequence[Any]:
    """The bot, its webhook, and the sign-in, as Telegram knows them."""
    from studium.plugins.telegram.doctor import look_at_bot, look_at_login  # for one command

    return [look_at_bot, look_at_login]


@hookimpl
def register_health_checks() -> Sequence[HealthCheck]:
    """The program that polls, where one is wanted."""
    return [heartbeat_check("telegram-bot")] if runtime().settings[TelegramSettings].polling else []
