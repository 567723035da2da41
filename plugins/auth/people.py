"""Making and updating people from what a sign-in method says of them, and telling others who they are."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pony.orm import desc, select

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.plugins.auth.entities import User
from studium.plugins.auth.time_zones import UTC
from studium.services.people import Person
from studium.services.sign_in import ExternalIdentity

MOST_WORDS = 5  # of a search


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


def take_over(identity: ExternalIdentity, *, authenticated: bool = True, time_zone: str = "", language: str = "") -> User:
    """The user of this identity, made if new, with the names as they are today. Needs an open transaction.

    The transaction holds the write lock, so two sign-ins of one person at the same moment make one user. `time_zone` and `language`
    are the browser's, or "". The zone is taken over at the first sign-in, the language when none is known yet; later the person's own
    choice counts. What is made for them while they are away speaks it.
    """
    user = User.get(telegram_id=identity.telegram_id)
    if user is None:
        return User(telegram_id=identity.telegram_id, first_name=identity.first_name, last_name=identity.last_name,
                    username=identity.username, photo_url=identity.photo_url, session_token=secrets.token_urlsafe(32),
                    authenticated=authenticated, time_zone=time_zone or UTC, language=language, created_at=now(), updated_at=now())
    told = {"first_name": identity.first_name, "last_name": identity.last_name, "username": identity.username,
            "photo_url": identity.photo_url}
    changed: dict[str, object] = {name: value for name, value in told.items() if value and getattr(user, name) != value}
    if authenticated and not user.authenticated:
        changed |= {"authenticated": True, "time_zone": time_zone or user.time_zone}
    if language and authenticated and not user.language:
        changed["language"] = language
    if changed:
        user.set(updated_at=now(), **changed)
    return user


def find_person(user_id: int) -> Person | None:
    """The person of this id, or None."""
    with reading():
        user = User.get(id=user_id)
        return _person(user) if user is not None else None


def find_people(user_ids: Collection[int]) -> dict[int, Person]:
    """Those of these people that there are, by id."""
    ids = sorted(set(user_ids))
    with reading():
        return {user.id: _person(user) for user in User.select(lambda user: user.id in ids)}


def find_people_called(words: str, limit: int) -> list[Person]:
    """People of whose names each word is a part; SQL compares capital letters of English alone, so each way of writing a word is asked."""
    with reading():
        found = User.select()
        for word in words.split()[:MOST_WORDS]:
            found = _called(found, word)
        return [_person(user) for user in found.order_by(lambda user: desc(user.id))[:limit]]


def _called(people: Any, word: str) -> Any:
    small, great, capital = word.lower(), word.upper(), word.capitalize()
    return people.filter(
        lambda user: word in user.first_name or word in user.last_name or word in user.username
        or small in user.first_name or small in user.last_name or small in user.username
        or great in user.first_name or great in user.last_name or great in user.username
        or capital in user.first_name or capital in user.last_name or capital in user.username)


def _person(user: User) -> Person:
    full_name = " ".join(name for name in (user.first_name, user.last_name) if name) or user.display_name
    return Person(id=user.id, display_name=user.display_name, full_name=full_name, language=user.language or None, time_zone=user.time_zone)


def find_user_ids(after: int, limit: int) -> list[int]:
    """Ids of people above `after`, ascending, at most `limit`."""
    with reading():
        return list(select(user.id for user in User if user.id > after).order_by(1)[:limit])  # type: ignore[attr-defined]


def find_user_id(telegram_id: int) -> int | None:
    """The id of the person with this Telegram account, or None."""
    with reading():
        user = User.get(telegram_id=telegram_id)
        return user.id if user else None


def find_telegram_ids(user_ids: Collection[int]) -> dict[int, int]:
    """The Telegram ids of those of these people that there are, by id."""
    ids = sorted(set(user_ids))
    with reading():
        return dict(select((user.id, user.telegram_id) for user in User if user.id in ids))  # type: ignore[attr-defined]


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
