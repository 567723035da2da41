"""Making and updating people from what a sign-in method says of them, and telling others who they are."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from studium.core.clock import now
from studium.core.database import reading
from studium.plugins.auth.entities import User
from studium.services.people import Person


@dataclass(frozen=True)
class Identity:
    """What a sign-in method knows of a person; texts may be empty."""

    telegram_id: int
    first_name: str = ""
    last_name: str = ""
    username: str = ""


def take_over(identity: Identity, *, authenticated: bool = True) -> User:
    """The user of this identity, made if new, with the names as they are today. Needs an open transaction.

    The transaction holds the write lock, so two sign-ins of one person at the same moment make one user.
    """
    user = User.get(telegram_id=identity.telegram_id)
    if user is None:
        return User(telegram_id=identity.telegram_id, first_name=identity.first_name, last_name=identity.last_name,
                    username=identity.username, session_token=secrets.token_urlsafe(32), authenticated=authenticated,
                    created_at=now(), updated_at=now())
    told = {"first_name": identity.first_name, "last_name": identity.last_name, "username": identity.username}
    changed = {name: value for name, value in told.items() if value and getattr(user, name) != value}
    if authenticated and not user.authenticated:
        changed["authenticated"] = True  # type: ignore[assignment]
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


def keep_language(user_id: int, language: str) -> None:
    """Remember the language that the person chose. Needs an open transaction; somebody deleted meanwhile is no error."""
    user = User.get(id=user_id)
    if user is not None:
        user.set(language=language, updated_at=now())
