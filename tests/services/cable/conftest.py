"""A cable process for each module, on the database of the test process, and people who are signed in there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest
from flask import Flask

from tests.cable_process import Browser, CableProcess, Person, running_cable, sign_in_person

NewPerson = Callable[..., Person]


@pytest.fixture(scope="module")
def cable_process(environ: Mapping[str, str]) -> Iterator[CableProcess]:
    with running_cable(environ) as cable:
        yield cable


@pytest.fixture
def cable(cable_process: CableProcess, app: Flask) -> Iterator[CableProcess]:
    """The cable; sockets that a test leaves open are closed after it."""
    yield cable_process
    cable_process.close_browsers()


@pytest.fixture
def new_person(app: Flask) -> NewPerson:
    """`new_person(8)` signs somebody in with that Telegram id."""
    return lambda telegram_id: sign_in_person(app, telegram_id)


@pytest.fixture
def anna(new_person: NewPerson) -> Person:
    return new_person(7)


@pytest.fixture
def boris(new_person: NewPerson) -> Person:
    return new_person(8)


@pytest.fixture
def browser(cable: CableProcess, anna: Person) -> Browser:
    """Anna's open page."""
    return cable.open(anna.token)
