"""Making and updating people from what a sign-in method says of them, and telling others who they are."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.plugins.auth.entities import User
from studium.plugins.auth.time_zones import UTC
from studium.services.people import Person
from studium.services.sign_in import ExternalIdentity


@dataclass(frozen=True)
class AccountView:
    """A person as they see themselves; names are those of the last sign-in, and may be empty."""

    display_name: str
    first_name: str
    last_name: str
    username: str
    language: str | None
    time_zone: str
    created_at: datetime


def take_over(identity: ExternalIdentity, *, authenticated: bool = True, time_zone: str = "") -> User:
    """The user of this identity, made if new, with the names as they are today. Needs an open transaction.

    The transaction holds the write lock, so two sign-ins of one person at the same moment make one user. `time_zone` is the browser's,
    or ""; it is taken over at the first sign-in, later the person's own choice counts.
    """
    user = User.get(telegram_id=identity.telegram_id)
    if user is None:
        return User(telegram_id=identity.telegram_id, first_name=identity.first_name, last_name=identity.last_name,
                    username=identity.username, photo_url=identity.photo_url, session_token=secrets.token_urlsafe(32),
                    authenticated=authenticated, time_zone=time_zone or UTC, created_at=now(), updated_at=now())
    told = {"first_name": identity.first_name, "last_name": identity.last_name, "username": identity.username,
            "photo_url": identity.photo_url}
    changed: dict[str, object] = {name: value for name, value in told.items() if value and getattr(user, name) != value}
    if authenticated and not user.authenticated:
        changed |= {"authenticated": True, "time_zone": time_zone or user.time_zone}
    if changed:
        user.set(updated_at=now(), **changed)
    return user


def find_person(user_id: int) -> Person | None:
    """The person of this id, or None."""
    with reading():
        user = User.get(id=user_id)
        if user is None:
            return None
        full_name = " ".join(name for name in (user.first_name, user.last_name) if name) or user.display_name
        return Person(id=user.id, display_name=user.display_name, full_name=full_name, language=user.language or None,
                      time_zone=user.time_zone)


def find_user_id(telegram_id: int) -> int | None:
    """The id of the person with this Telegram account, or None."""
    with reading():
        user = User.get(telegram_id=telegram_id)
        return user.id if user else None


def find_account(user_id: int) -> AccountView | None:
    """What the account page shows of the person, or None."""
    with reading():
        user = User.get(id=user_id)
        return AccountView(user.display_name, user.first_name, user.last_name, user.username, user.language or None, user.time_zone,
                           user.created_at) if user else None


def keep_time_zone(user_id: int, time_zone: str) -> None:
    """Remember the time zone that the person chose, a name that `is_zone`; somebody deleted meanwhile is no error."""
    with transaction():
        user = User.get(id=user_id)
        if user is not None:
            user.set(time_zone=time_zone, updated_at=now())


def keep_language(user_id: int, language: str) -> None:
    """Remember the language that the person chose. Needs an open transaction; somebody deleted meanwhile is no error."""
    user = User.get(id=user_id)
    if user is not None:
        user.set(language=language, updated_at=now())
