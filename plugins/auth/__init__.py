"""Who people are and which browsers they are signed in on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from flask import Blueprint, Flask

from studium.core.errors import Unauthorized
from studium.core.migrations import Migrations
from studium.core.plugins import hookimpl
from studium.core.runtime import runtime
from studium.core.settings import Section
from studium.plugins.auth import commands, deletion, export, people, sessions, tokens
from studium.plugins.auth.entities import ApiToken, Session, User, UserRole
from studium.plugins.auth.settings import AuthSettings
from studium.plugins.auth.trimming import DAILY, trim_sessions
from studium.queue.kinds import JobKind
from studium.queue.periodic import PeriodicTask
from studium.services.facts import UserDeleted
from studium.services.people import Person
from studium.services.sign_in import ExternalIdentity, OpenedSession
from studium.services.users import SignedInUser


@hookimpl
def register_settings() -> Sequence[type[Section]]:
    """`STUDIUM_AUTH_*`."""
    return [AuthSettings]


@hookimpl
def register_entities() -> Sequence[type]:
    """People, their sessions, roles and API tokens."""
    return [User, Session, UserRole, ApiToken]


@hookimpl
def register_migrations() -> Migrations:
    """The branch `auth`."""
    return Migrations("auth", Path(__file__).parent / "migrations")


@hookimpl
def register_blueprints() -> Sequence[Blueprint]:
    """The pages; the development sign-in exists outside production only."""
    from studium.plugins.auth import development, routes  # with Flask-Babel and WTForms, which programs without pages need not carry
    from studium.plugins.auth.account_pages import blueprint as account

    if runtime().settings.core.env == "production":
        return [routes.blueprint, account]
    return [routes.blueprint, account, development.blueprint]


@hookimpl
def register_commands() -> Sequence[click.Command]:
    """`studium users`."""
    return [commands.users]


@hookimpl
def register_jobs() -> Sequence[JobKind[Any]]:
    """The removal of ended sign-ins."""
    return [trim_sessions]


@hookimpl
def register_periodic_tasks() -> Sequence[PeriodicTask]:
    """The removal of ended sign-ins, once a day."""
    return [DAILY]


@hookimpl
def find_token_user(token: str) -> SignedInUser | None:
    """Look the token up among those that count."""
    return tokens.find(token)


@hookimpl
def find_open_sessions(session_ids: Sequence[int]) -> Collection[int]:
    """By the rules of `find_signed_in_user`."""
    return sessions.find_open(session_ids)


@hookimpl
def find_signed_in_user(token: str) -> SignedInUser | None:
    """Look the token up among the open sessions."""
    return sessions.find(token)


@hookimpl
def find_sign_in_address(session_id: int) -> str | None:
    """From the session."""
    return sessions.address_of(session_id)


@hookimpl
def complete_sign_in(identity: ExternalIdentity, method: str) -> OpenedSession:
    """One user for each Telegram id, and a new session."""
    from studium.plugins.auth import routes

    return routes.open_browser(identity, method)


@hookimpl
def find_person(user_id: int) -> Person | None:
    """From the account."""
    return people.find_person(user_id)


@hookimpl
def find_people(user_ids: Collection[int]) -> Mapping[int, Person]:
    """From the accounts."""
    return people.find_people(user_ids)


@hookimpl
def find_people_called(words: str, limit: int) -> Sequence[Person]:
    """By the names of the accounts."""
    return people.find_people_called(words, limit)


@hookimpl
def find_user_ids(after: int, limit: int) -> Sequence[int]:
    """From the accounts."""
    return people.find_user_ids(after, limit)


@hookimpl
def find_user_id(telegram_id: int) -> int | None:
    """From the account."""
    return people.find_user_id(telegram_id)


@hookimpl
def find_telegram_ids(user_ids: Collection[int]) -> Mapping[int, int]:
    """From the accounts."""
    return people.find_telegram_ids(user_ids)


@hookimpl
def user_deleted(fact: UserDeleted) -> None:
    """The account itself is gone already; its jobs go when they have stopped."""
    deletion.remove_jobs(fact.user_id)


@hookimpl
def language_chosen(user_id: int, language: str) -> None:
    """The account remembers it."""
    people.keep_language(user_id, language)


@hookimpl
def export_user_data(user_id: int) -> Mapping[str, Any]:
    """The account, its roles, sign-ins and tokens."""
    return {"auth": export.export_user_data(user_id)}


@hookimpl
def app_created(app: Flask) -> None:
    """Show "please sign in" as the way to the sign-in page, to people; programs get problem+json."""
    if runtime().program == "web":
        from studium.plugins.auth import routes

        app.register_error_handler(Unauthorized, routes.show_sign_in)
