"""A person by id, for jobs: what the hook answers, and what documents call people."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.core.database import execute, transaction
from studium.services.people import Person, find_people, find_people_called, find_person
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


def test_hook_find_people_answers_those_that_there_are(app: Flask, client: FlaskClient, sign_in: SignIn) -> None:
    anna, boris = sign_in(client, 7, "Анна")["id"], sign_in(client, 8, "Boris")["id"]
    with app.app_context():
        found = find_people([anna, boris, 10**6])
        assert {key: person.display_name for key, person in found.items()} == {anna: "Анна", boris: "Boris"}
        assert find_people([]) == {}


@pytest.mark.parametrize(("words", "names"), [
    ("анна", ["Анна"]), ("АНН", ["Анна"]), ("петр", ["Анна"]), ("петрова анна", ["Анна"]), ("an", ["Anton"]), ("анна boris", []), (" ", []),
    ("%", []), ("_", []), ("n", ["Anton", "N"]),
])
def test_hook_find_people_called_finds_parts_of_names_in_any_case(
    app: Flask, client: FlaskClient, sign_in: SignIn, words: str, names: list[str]
) -> None:
    for telegram_id, name in ((7, "Анна"), (8, "Anton"), (9, "N")):
        sign_in(client, telegram_id, name)
    with app.app_context():
        with transaction():
            execute("UPDATE user SET last_name = 'Петрова' WHERE telegram_id = 7")
        assert sorted(person.display_name for person in find_people_called(words)) == names
        assert len(find_people_called("n", limit=1)) <= 1
