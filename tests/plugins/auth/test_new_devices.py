"""Which sign-ins are told of as new devices."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.core.database import reading, transaction
from studium.core.entities import Fact
from studium.core.runtime import runtime
from studium.plugins.auth.entities import Session
from studium.queue.jobs import Job
from tests.plugins.auth.test_devices import CHROME, IPHONE, sign_in_with


def facts(name: str) -> list[dict[str, Any]]:
    """The facts of this name, in order."""
    with reading():
        return [json.loads(row.payload) for row in Fact.select(lambda row: row.name == name).order_by(Fact.id)]


def told() -> list[bool]:
    """Of each sign-in, whether it was told of as one on a new device."""
    new = {fact["session_id"] for fact in facts("signed_in_on_new_device")}
    return [fact["session_id"] in new for fact in facts("user_signed_in")]


@pytest.mark.parametrize(("agents", "expected"), [
    ([CHROME], [False]),
    ([CHROME, IPHONE], [False, True]),
    ([CHROME, CHROME.replace("126", "127")], [False, False]),
    ([CHROME, IPHONE, CHROME, IPHONE], [False, True, False, False]),
    ([CHROME, "some program", "another program"], [False, True, False]),
    ([CHROME, CHROME.replace("Windows NT 10.0; Win64; x64", "X11; Linux x86_64")], [False, True]),
], ids=["the first", "another", "a newer version", "each once", "unknown ones count as one", "another system"])
def test_a_browser_on_a_system_is_new_once_and_the_first_of_all_never(app: Flask, agents: list[str], expected: list[bool]) -> None:
    for agent in agents:
        sign_in_with(app, agent)
    with app.app_context():
        assert told() == expected


def test_the_devices_of_others_do_not_count(app: Flask) -> None:
    sign_in_with(app, IPHONE, telegram_id=8)
    sign_in_with(app, CHROME)
    sign_in_with(app, IPHONE)
    with app.app_context():
        assert told() == [False, False, True]


def test_a_device_that_was_signed_out_is_still_known(app: Flask) -> None:
    sign_in_with(app, CHROME)
    phone = sign_in_with(app, IPHONE)
    token = phone.get("/api/v1/session").get_json()["data"]["csrf_token"]
    phone.post("/logout", headers={"X-CSRF-Token": token})
    sign_in_with(app, IPHONE)
    with app.app_context():
        assert told() == [False, True, False]


def test_a_usual_sign_in_makes_no_work_for_the_queue(app: Flask) -> None:
    for _ in range(2):
        sign_in_with(app, CHROME)
    with app.app_context(), reading():
        assert Job.select().count() == 0


def test_hook_signed_in_on_new_device_names_the_device_in_words_and_holds_no_address(app: Flask) -> None:
    sign_in_with(app, CHROME)
    sign_in_with(app, IPHONE, "192.0.2.77")
    with app.app_context():
        (one,) = facts("signed_in_on_new_device")
        assert one["device"] == "Safari, iPhone"
        assert "192.0.2.77" not in json.dumps(one)


def test_hook_find_sign_in_address_answers_from_the_session(app: Flask) -> None:
    sign_in_with(app, CHROME, "192.0.2.1")
    with app.app_context():
        with transaction():
            known = Session.select().first().id
        hooks = runtime().hooks
        assert hooks.find_sign_in_address(session_id=known) == "192.0.2.1"
        assert hooks.find_sign_in_address(session_id=known + 1) is None


def test_hook_find_user_ids_goes_through_everybody_in_pieces(app: Flask, client: FlaskClient) -> None:
    made = [client.post("/auth/dev", json={"telegram_id": number, "first_name": "N"}).get_json()["data"]["id"] for number in (31, 32, 33)]
    with app.app_context():
        hooks = runtime().hooks
        assert list(hooks.find_user_ids(after=0, limit=2)) == made[:2]
        assert list(hooks.find_user_ids(after=made[1], limit=2)) == made[2:]
        assert list(hooks.find_user_ids(after=made[2], limit=2)) == []
