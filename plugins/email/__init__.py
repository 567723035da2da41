"""E-mail as a channel of notices: addresses that people confirmed, and what happens when one is dead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from flask import Blueprint

from studium.core.database import transaction
from studium.core.migrations import Migrations
from studium.core.plugins import hookimpl
from studium.plugins.email import export
from studium.plugins.email.channel import EmailChannel
from studium.plugins.email.confirmation_job import email_confirmation
from studium.plugins.email.entities import ENTITIES, EmailAddress
from studium.plugins.email.telling import EVENTS
from studium.plugins.email.trimming import DAILY, trim_email_addresses
from studium.queue.kinds import JobKind
from studium.queue.periodic import PeriodicTask
from studium.services.account_sections import AccountSection
from studium.services.facts import UserDeleted
from studium.services.notifications.channels import NotificationChannel
from studium.services.notifications.events import NotificationEvent
from studium.services.users import SignedInUser


@hookimpl
def register_entities() -> Sequence[type]:
    """Addresses."""
    return ENTITIES


@hookimpl
def register_migrations() -> Migrations:
    """The branch `email`."""
    return Migrations("email", Path(__file__).parent / "migrations")


@hookimpl
def register_notification_channels() -> Sequence[type[NotificationChannel]]:
    """E-mail."""
    return [EmailChannel]


@hookimpl
def register_notification_events() -> Sequence[NotificationEvent]:
    """A change of the address."""
    return EVENTS


@hookimpl
def register_jobs() -> Sequence[JobKind[Any]]:
    """The letter with the link, and the removal of addresses that nobody confirmed."""
    return [email_confirmation, trim_email_addresses]


@hookimpl
def register_periodic_tasks() -> Sequence[PeriodicTask]:
    """That removal, once a day."""
    return [DAILY]


@hookimpl
def register_blueprints() -> Sequence[Blueprint]:
    """The forms and the page of the link; with Flask-Babel, which programs without pages need not carry."""
    from studium.plugins.email.routes import blueprint

    return [blueprint]


@hookimpl
def register_commands() -> Sequence[click.Command]:
    """`studium mail`, imported here, since only the command line should pay for it."""
    from studium.plugins.email.commands import mail

    return [mail]


@hookimpl
def register_doctor_checks() -> Sequence[Any]:
    """The mail server, and links in mail."""
    from studium.plugins.email.doctor import look_at_mail  # for one command

    return [look_at_mail]


@hookimpl
def account_sections(user: SignedInUser, language: str) -> Sequence[AccountSection]:
    """The person's addresses."""
    from studium.plugins.email.section import email_section  # with Flask-Babel

    return email_section(user)


@hookimpl
def export_user_data(user_id: int) -> Mapping[str, Any]:
    """The person's addresses."""
    return {"email": export.export_user_data(user_id)}


@hookimpl
def user_deleted(fact: UserDeleted) -> None:
    """Their addresses go."""
    with transaction():
        EmailAddress.select(lambda row: row.user_id == fact.user_id).delete(bulk=True)
