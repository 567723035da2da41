"""Who people are and which browsers they are signed in on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from flask import Blueprint, Flask

from studium.core.errors import Unauthorized
from studium.core.migrations import Migrations
from studium.core.plugins import hookimpl
from studium.core.runtime import runtime
from studium.core.settings import Section
from studium.plugins.auth import commands, development, export, people, routes, sessions
from studium.plugins.auth.entities import Session, User, UserRole
from studium.plugins.auth.settings import AuthSettings
from studium.services.people import Person
from studium.services.users import SignedInUser


@hookimpl
def register_settings() -> Sequence[type[Section]]:
    """`STUDIUM_AUTH_*`."""
    return [AuthSettings]


@hookimpl
def register_entities() -> Sequence[type]:
    """People, their sessions and their roles."""
    return [User, Session, UserRole]


@hookimpl
def register_migrations() -> Migrations:
    """The branch `auth`."""
    return Migrations("auth", Path(__file__).parent / "migrations")


@hookimpl
def register_blueprints() -> Sequence[Blueprint]:
    """The pages; the development sign-in exists outside production only."""
    if runtime().settings.core.env == "production":
        return [routes.blueprint]
    return [routes.blueprint, development.blueprint]


@hookimpl
def register_commands() -> Sequence[click.Command]:
    """`studium users`."""
    return [commands.users]


@hookimpl
def find_signed_in_user(token: str) -> SignedInUser | None:
    """Look the token up among the open sessions."""
    return sessions.find(token)


@hookimpl
def find_person(user_id: int) -> Person | None:
    """From the account."""
    return people.find_person(user_id)


@hookimpl
def language_chosen(user_id: int, language: str) -> None:
    """The account remembers it."""
    people.keep_language(user_id, language)


@hookimpl
def export_user_data(user_id: int) -> Mapping[str, Any]:
    """The account, its roles and its sign-ins."""
    return {"auth": export.export_user_data(user_id)}


@hookimpl
def app_created(app: Flask) -> None:
    """Show "please sign in" as the way to the sign-in page, to people; programs get problem+json."""
    if runtime().program == "web":
        app.register_error_handler(Unauthorized, routes.show_sign_in)
