"""A person by id, for jobs: what the hook answers, and what documents call people."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.core.database import execute, transaction
from studium.services.people import Person, find_person
from tests.conftest import SignIn


def test_hook_find_person_answers_names_language_and_time_zone(app: Flask, client: FlaskClient, sign_in: SignIn) -> None:
    user_id = sign_in(client, 7, "Анна")["id"]
    with app.app_context():
        with transaction():
            execute("UPDATE user SET last_name = 'Петрова', language = 'ru', time_zone = 'Europe/Moscow' WHERE id = ?", (user_id,))
        assert find_person(user_id) == Person(user_id, "Анна", "Анна Петрова", "ru", "Europe/Moscow")


def test_somebody_without_a_name_is_called_by_their_number(app: Flask, client: FlaskClient, sign_in: SignIn) -> None:
    user_id = sign_in(client, 7, "")["id"]
    with app.app_context():
        found = find_person(user_id)
    assert found is not None
    assert (found.full_name, found.language) == ("User 7", None)


@pytest.mark.parametrize("user_id", [None, 0, 10**6])
def test_nobody_is_none(app: Flask, user_id: int | None) -> None:
    with app.app_context():
        assert find_person(user_id) is None
