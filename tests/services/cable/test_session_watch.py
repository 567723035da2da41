"""Open sockets end with the sign-in that opened them, in whatever way it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

import pytest
from flask import Flask

from studium.core.clock import now
from studium.core.database import db, transaction
from studium.plugins.auth.deletion import delete_account
from studium.plugins.auth.entities import Session, User
from tests.cable_process import CableProcess, Person, running_cable, sign_in_person

pytestmark = pytest.mark.slow

SIGNED_OUT = (4001, "signed out")
Csrf = Callable[..., dict[str, str]]


@pytest.fixture(scope="module")
def cable_process(environ: Mapping[str, str]) -> Iterator[CableProcess]:
    with running_cable(environ, STUDIUM_CABLE_SESSION_CHECK_SECONDS="1") as cable:
        yield cable


def expire(person: Person) -> None:
    session_of(person).expires_at = now()


def leave_idle(person: Person) -> None:
    session_of(person).seen_at = now() - timedelta(days=30)


def change_generation(person: Person) -> None:
    User[person.id].session_token = "another"


def lose_the_message(person: Person) -> None:
    session_of(person).closed_at = now()


def remove_the_row(person: Person) -> None:
    session_of(person).delete()


def session_of(person: Person) -> Session:
    return db.entities["Session"].get(lambda row: row.user.id == person.id)


ENDS = (expire, leave_idle, change_generation, lose_the_message, remove_the_row)


def test_hook_find_open_sessions_closes_the_sockets_of_sign_ins_that_ended_without_a_word(
    app: Flask, cable: CableProcess, boris: Person
) -> None:
    people = [sign_in_person(app, 100 + number) for number in range(len(ENDS))]
    theirs, his = [cable.open(person.token) for person in people], cable.open(boris.token)
    with app.app_context(), transaction():
        for end, person in zip(ENDS, people, strict=True):
            end(person)
    closed = {end.__name__: socket.closing() for end, socket in zip(ENDS, theirs, strict=True)}
    assert closed == {end.__name__: SIGNED_OUT for end in ENDS}
    assert his.ask({"subscribe": boris.stream})["subscribed"] == boris.stream


def test_signing_in_again_closes_the_sockets_of_the_browsers_earlier_sign_in(cable: CableProcess, anna: Person) -> None:
    before = cable.open(anna.token)
    anna.client.post("/auth/dev", json={"telegram_id": 8, "first_name": "Boris"})
    assert before.closing() == SIGNED_OUT


def test_signing_out_the_other_devices_closes_their_sockets_and_not_the_own(
    app: Flask, cable: CableProcess, anna: Person, csrf: Csrf
) -> None:
    phone = sign_in_person(app, 7)
    here, there = cable.open(anna.token), cable.open(phone.token)
    assert anna.client.post("/account/devices/sign-out-others", headers=csrf(anna.client)).status_code == 303
    assert there.closing() == SIGNED_OUT
    assert here.ask({"subscribe": anna.stream})["subscribed"] == anna.stream


def test_deleting_the_account_closes_all_its_sockets(app: Flask, cable: CableProcess, anna: Person) -> None:
    sockets = [cable.open(anna.token), cable.open(sign_in_person(app, 7).token)]
    with app.app_context():
        delete_account(anna.id)
    assert [socket.closing() for socket in sockets] == [SIGNED_OUT, SIGNED_OUT]
