"""A post office for notices, people, and short words for what tests of notices do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from postcards import PostOffice
from postcards import post as office

from studium.core.clock import now
from studium.core.database import execute, reading, transaction
from studium.plugins.auth.entities import User
from studium.plugins.notifications.entities import Bundle, Delivery, Notification
from studium.queue.dispatcher import expire_leases
from studium.services.notifications import NewNotice, give_notice
from tests.conftest import Clock


@pytest.fixture
def post() -> Iterator[PostOffice]:
    """An open post office that knows nobody."""
    office.reset()
    office.open = True
    yield office
    office.reset()


@pytest.fixture
def noon(frozen_clock: Clock) -> Clock:
    """Monday, 2 June 2025, 12:00 UTC."""
    frozen_clock.seconds = datetime(2025, 6, 2, 12, tzinfo=UTC).timestamp()
    return frozen_clock


@pytest.fixture
def in_app(app: Flask) -> Iterator[None]:
    """The test runs as code of the site does."""
    with app.app_context():
        yield


@pytest.fixture
def mia(in_app: None, post: PostOffice) -> int:
    """Mia's id; she gets postcards at Elm Street 7."""
    user_id = person("Mia")
    post.streets[user_id] = "Elm Street 7"
    return user_id


def person(name: str, language: str = "en", time_zone: str = "UTC") -> int:
    """A new account; its id."""
    with transaction():
        number = 1000 + User.select().count()
        row = User(telegram_id=number, first_name=name, session_token=f"token {number}", language=language, time_zone=time_zone,
                   created_at=now(), updated_at=now())
        row.flush()
        return int(row.id)


def give(user_id: int, event: str = "postcards.album_full", key: str = "1", **values: Any) -> bool:
    """Give a notice; whether it is new."""
    with transaction():
        return give_notice(NewNotice(user_id, event, key, values, "/courses"))


def states() -> list[tuple[str, str]]:
    """State and error of each delivery, oldest first."""
    with reading():
        return [(row.state, row.error) for row in Delivery.select().order_by(Delivery.id)]


def count(entity: Any = Notification) -> int:
    """How many rows there are."""
    with reading():
        return int(entity.select().count())


def bundles() -> list[tuple[str, str]]:
    """Kind and state of each bundle."""
    with reading():
        return [(row.kind, row.state) for row in Bundle.select().order_by(Bundle.id)]


class Killed(KeyboardInterrupt):
    """The worker died: the one thing that leaves the runner, and stores nothing of the run."""


@pytest.fixture
def recover(frozen_clock: Clock) -> Callable[[], None]:
    """The leases of a killed worker run out, and the dispatcher notices."""

    def do() -> None:
        frozen_clock.advance(11)
        expire_leases()

    return do


def all_again(kind: str) -> None:
    """Every ended job of the kind is to run once more, as if its worker had been killed just before it stored the end."""
    with transaction():
        execute("UPDATE job SET state = 'queued', run_at = created_at, finished_at = NULL WHERE kind = ? AND state = 'succeeded'", (kind,))


def keys(post: PostOffice) -> list[str]:
    """The keys of what was sent."""
    return [message.key for message in post.written]
