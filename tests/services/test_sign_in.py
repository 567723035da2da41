"""Ways to sign in come from plugins and end at one door; a school's own plugin signs in people who have no Telegram."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from school_email import MAILED

from studium.core.database import reading
from studium.core.runtime import runtime
from studium.plugins.auth.entities import Session, User
from studium.services.sign_in import ExternalIdentity, open_session, sign_in, sign_in_methods
from studium.services.users import current_user

PAGE = {"Accept": "text/html"}


def press(client: FlaskClient, page: str, **fields: str) -> str:
    """Fill in the form of the page; where it leads."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page).text)
    assert token is not None
    answer = client.post(page.partition("?")[0], data={"csrf_token": token[1]} | fields, headers=PAGE)
    return str(answer.headers.get("Location", answer.status_code))


def with_mail(client: FlaskClient, address: str, next: str = "", code: str | None = None) -> str:
    """Sign in with the code that is in the mail, or with another."""
    assert press(client, f"/auth/school?next={next}", address=address) == "/auth/school/code"
    return press(client, "/auth/school/code", code=code or MAILED.get(address, ""))


def signed_in(client: FlaskClient) -> str | None:
    user = client.get("/api/v1/session").get_json()["data"]["user"]
    return user and str(user["display_name"])


def test_hook_register_sign_in_methods(app: Flask, client: FlaskClient) -> None:
    """The login page has the methods of all plugins, lowest order first, each a link that keeps the way back."""
    page = client.get("/login?next=/courses/tea%26x", headers=PAGE).text
    assert 'href="/auth/school?next=/courses/tea%26x"' in page
    assert "A code comes by mail." in page
    assert page.index("Log in with Telegram") < page.index("School e-mail") < page.index("be any demo person")
    with app.app_context():
        assert [method.order for method in sign_in_methods()] == sorted(method.order for method in sign_in_methods())


def test_a_method_of_a_school_signs_in_and_goes_on(app: Flask, client: FlaskClient) -> None:
    assert with_mail(client, "anna@school.example", "/courses/tea") == "/courses/tea"
    assert signed_in(client) == "Anna"
    with app.app_context(), reading():
        (row,) = Session.select()[:]
        assert (row.method, row.user.telegram_id, row.user.last_name, row.user.authenticated) == ("school_email", -1, "Petrova", True)


def test_its_people_come_back_to_their_own_accounts(app: Flask, client: FlaskClient) -> None:
    for name in ("anna", "otto", "anna"):
        with_mail(client, f"{name}@school.example")
    with app.app_context(), reading():
        assert sorted(user.telegram_id for user in User.select()) == [-2, -1]


@pytest.mark.parametrize(("address", "code"), [("anna@school.example", "x"), ("eve@evil.example", "000000"), ("eve@evil.example", None)])
def test_its_wrong_code_signs_nobody_in(client: FlaskClient, address: str, code: str | None) -> None:
    MAILED.clear()
    assert with_mail(client, address, code=code or "") == "403"
    assert signed_in(client) is None


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "", None])
def test_the_door_leads_to_this_site_only(app: Flask, target: str | None) -> None:
    with app.test_request_context():
        answer = sign_in(ExternalIdentity(7), "test", target)
        assert (answer.status_code, answer.headers["Location"], answer.headers["Cache-Control"]) == (303, "/dashboard", "no-store")


def test_hook_complete_sign_in_opens_a_session_and_the_request_forgets_who_it_was_before(app: Flask) -> None:
    with app.test_request_context():
        first = runtime().hooks.complete_sign_in(identity=ExternalIdentity(7, "Anna"), method="test")
    with app.test_request_context(headers={"Cookie": f"studium_session={first.token}"}):
        assert current_user() is not None
        second = open_session(ExternalIdentity(8, "Otto"), "test")
        assert current_user() is None, "the session that the browser came with has ended"
        assert second.token != first.token
        assert second.seconds == 90 * 86_400


def test_what_a_method_does_not_know_stays_as_it_was(app: Flask) -> None:
    with app.test_request_context():
        open_session(ExternalIdentity(7, "Anna", "Petrova", "anna", "https://t.me/a.jpg"), "test")
        open_session(ExternalIdentity(7, "Anya", photo_url="https://t.me/b.jpg"), "test")
        with reading():
            user = User.get(telegram_id=7)
            assert (user.first_name, user.last_name, user.username, user.photo_url) == ("Anya", "Petrova", "anna", "https://t.me/b.jpg")
