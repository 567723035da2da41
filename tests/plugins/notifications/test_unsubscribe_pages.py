"""The way out of every message: a page that asks, and RFC 8058's POST without cookies, which counts at once and again and again."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.core.database import reading
from studium.plugins.auth import deletion
from studium.plugins.notifications.entities import Preference
from studium.plugins.notifications.preferences import mode_of
from studium.plugins.notifications.unsubscribing import unsubscribe_path
from studium.services.notifications.registry import events

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def path(app: Flask, user_id: int, event: str | None = "postcards.rain") -> str:
    with app.app_context():
        return unsubscribe_path(user_id, "postcard", event)


def modes(app: Flask, user_id: int, *codes: str) -> list[str]:
    with app.app_context():
        return [mode_of(user_id, events()[code], "postcard") for code in codes]


def test_a_mail_program_ends_one_kind_of_message_without_cookies(app: Flask, anna: int) -> None:
    program = app.test_client()
    for _time in range(2):
        answer = program.post(path(app, anna), data=ONE_CLICK)
        assert answer.status_code == 200
    assert modes(app, anna, "postcards.rain", "postcards.album_full") == ["off", "now"]


def test_one_click_on_a_message_of_several_kinds_leaves_what_is_urgent(app: Flask, anna: int) -> None:
    said = app.test_client().post(path(app, anna, None), data=ONE_CLICK).text
    assert "Nothing more from us by Postcard but what is urgent." in said
    assert modes(app, anna, "postcards.rain", "postcards.album_full", "postcards.flood") == ["off", "off", "now"]


def test_everything_means_what_is_urgent_too(app: Flask, anna: int) -> None:
    asked = app.test_client().get(path(app, anna, None)).text
    assert "not even what is urgent" in asked
    assert 'name="everything"' in asked
    app.test_client().post(path(app, anna, None), data={"everything": "on"})
    assert modes(app, anna, "postcards.rain", "postcards.flood", "new_device") == ["off", "off", "off"]


def test_a_person_is_asked_first_and_may_end_all_of_the_channel(app: Flask, anna: int) -> None:
    browser = app.test_client()
    page = browser.get(path(app, anna))
    assert page.status_code == 200
    assert "Press the button, and no more messages of this kind come by Postcard: “Rain”." in page.text
    assert modes(app, anna, "postcards.rain") == ["daily"], "to look is not to press"
    assert "Nothing more from us by Postcard" in browser.post(path(app, anna), data={"everything": "on"}).text
    assert modes(app, anna, "postcards.flood") == ["off"]


def test_the_page_tells_nothing_of_the_person_and_its_address_to_nobody(app: Flask, anna: int) -> None:
    page = app.test_client().get(path(app, anna))
    assert "Anna" not in page.text
    assert 'href="/login' in page.text
    assert path(app, anna).rpartition("/")[2] not in page.text, "an address that would be told elsewhere"
    assert (page.headers["Referrer-Policy"], page.headers["Cache-Control"]) == ("no-referrer", "no-store")


@pytest.mark.parametrize("change", [lambda token: token[:-1], lambda token: token[1:], lambda token: "x", lambda token: token + "a"])
def test_an_address_that_the_site_did_not_make_is_not_there(app: Flask, anna: int, change: object) -> None:
    assert callable(change)
    head, _, token = path(app, anna).rpartition("/")
    for method in ("GET", "POST"):
        assert app.test_client().open(f"{head}/{change(token)}", method=method).status_code == 404
    assert modes(app, anna, "postcards.rain") == ["daily"]


def test_an_address_is_good_for_its_person_alone(client: FlaskClient, app: Flask, anna: int) -> None:
    other = app.test_client()
    boris = other.post("/auth/dev", json={"telegram_id": 8, "first_name": "Boris"}).get_json()["data"]["id"]
    client.post(path(app, boris), data=ONE_CLICK)
    assert modes(app, anna, "postcards.rain") + modes(app, boris, "postcards.rain") == ["daily", "off"]


def test_who_has_left_leaves_nothing_behind(app: Flask, anna: int) -> None:
    with app.app_context():
        deletion.delete_account(anna)
    assert app.test_client().post(path(app, anna), data=ONE_CLICK).status_code == 200
    with reading():
        assert Preference.select().count() == 0
