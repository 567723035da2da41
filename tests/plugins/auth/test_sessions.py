"""Sessions live on the server, by hash, for a limited time, and change with every sign-in."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from urllib.parse import quote, unquote

import pytest
from pony.orm import select

from studium.core.database import DATABASE_FILE, reading, transaction
from studium.core.entities import Fact
from studium.plugins.auth.entities import Session, User

DAY = 86_400


def user_of(client):
    return client.get("/api/v1/session").get_json()["data"]["user"]


def token_of(client):
    cookie = client.get_cookie("studium_session")
    return cookie.value if cookie else None


def rows(app):
    with app.app_context(), reading():
        return [(row.id, row.closed_at is not None) for row in select(row for row in Session).order_by(Session.id)]


def test_a_visitor_has_no_user_but_a_token_against_forgery(client):
    answer = client.get("/api/v1/session")
    data = answer.get_json()["data"]
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert (data["user"], data["stream"]) == (None, None)
    assert set(data) == {"user", "csrf_token", "stream", "cable_url", "last"}
    assert len(data["csrf_token"]) > 20
    assert isinstance(data["last"], int)


def test_a_signed_in_person_gets_their_own_stream(client, sign_in):
    user = sign_in(client)
    data = client.get("/api/v1/session").get_json()["data"]
    assert data["user"] == {"id": user["id"], "display_name": "Anna", "language": "en", "roles": ["student"]}
    assert data["stream"].startswith(f"user:{user['id']}.")


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("localhost:8000", "ws://localhost:8001/cable"),
        ("192.168.1.5:8000", "ws://192.168.1.5:8001/cable"),
        ("[::1]:8000", "ws://[::1]:8001/cable"),
        ("school.example", "ws://school.example:8001/cable"),
    ],
)
def test_the_cable_is_told_by_the_host_that_the_browser_used(client, host, url):
    assert client.get("/api/v1/session", headers={"Host": host}).get_json()["data"]["cable_url"] == url


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client):
    answer = client.post("/auth/dev", json={"telegram_id": 7})
    (cookie,) = [header for header in answer.headers.getlist("Set-Cookie") if header.startswith("studium_session=")]
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/"} <= parts
    assert "secure" not in parts  # over plain HTTP in development; production is tested with the sign-in
    assert not any(part.startswith("domain") for part in parts)
    assert any(part.startswith("max-age=") and int(part.split("=")[1]) == 90 * DAY for part in parts)


def test_only_the_hash_of_the_token_is_in_the_database(app, client, sign_in, settings):
    sign_in(client)
    token = token_of(client)
    assert len(token) >= 43
    with app.app_context(), reading():
        assert Session.select().first().token_hash == hashlib.sha256(token.encode()).hexdigest()
    with closing(sqlite3.connect(settings.core.data_dir / DATABASE_FILE)) as connection:
        assert token not in "\n".join(connection.iterdump())


def test_signing_in_again_gives_a_new_token_and_ends_the_old_session(app, client, sign_in):
    sign_in(client)
    first = token_of(client)
    sign_in(client)
    assert token_of(client) != first
    assert [closed for _id, closed in rows(app)] == [True, False]
    thief = app.test_client()
    thief.set_cookie("studium_session", first)
    assert user_of(thief) is None


def test_a_token_from_before_the_sign_in_is_never_taken_over(client, sign_in):
    client.set_cookie("studium_session", "planted-by-somebody")
    sign_in(client)
    assert token_of(client) != "planted-by-somebody"


def test_another_person_on_the_same_browser_ends_the_first_ones_session(app, client, sign_in):
    sign_in(client, 7, "Anna")
    sign_in(client, 8, "Boris")
    assert user_of(client)["display_name"] == "Boris"
    assert [closed for _id, closed in rows(app)] == [True, False]


def test_the_forgery_token_changes_with_the_sign_in(client, sign_in, csrf):
    before = csrf(client)
    sign_in(client)
    assert client.post("/logout", headers=before).status_code == 400
    assert user_of(client) is not None


def test_two_browsers_of_a_person_are_two_sessions(app, sign_in, csrf):
    computer, phone = app.test_client(), app.test_client()
    sign_in(computer)
    sign_in(phone)
    assert computer.post("/logout", headers=csrf(computer)).status_code == 302
    assert user_of(computer) is None
    assert user_of(phone)["display_name"] == "Anna"


def test_signing_out_ends_the_session_and_removes_the_cookie(app, client, sign_in, csrf):
    sign_in(client)
    token = token_of(client)
    answer = client.post("/logout", headers=csrf(client))
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert token_of(client) is None
    client.set_cookie("studium_session", token)
    assert user_of(client) is None
    assert [closed for _id, closed in rows(app)] == [True]


def test_signing_out_needs_the_forgery_token_and_a_post(client, sign_in):
    sign_in(client)
    assert client.post("/logout").status_code == 400
    assert client.get("/logout").status_code == 405
    assert user_of(client) is not None


def test_signing_out_twice_is_harmless(client, sign_in, csrf):
    sign_in(client)
    client.post("/logout", headers=csrf(client))
    assert client.post("/logout", headers=csrf(client)).status_code == 302


def test_an_unsafe_call_needs_the_forgery_token(app, client, sign_in, csrf):
    sign_in(client)
    path = "/api/v1/lessons/none/none/sessions"
    refused = client.post(path, json={})
    assert (refused.status_code, refused.mimetype) == (400, "application/problem+json")
    assert client.post(path, json={}, headers={"X-CSRF-Token": "wrong"}).status_code == 400
    other = app.test_client()
    sign_in(other, 8)
    assert client.post(path, json={}, headers=csrf(other)).status_code == 400
    assert client.post(path, json={}, headers=csrf(client)).status_code == 404


def test_a_session_ends_after_thirty_days_without_a_visit(client, sign_in, frozen_clock):
    sign_in(client)
    frozen_clock.advance(29 * DAY)
    assert user_of(client) is not None
    frozen_clock.advance(29 * DAY)
    assert user_of(client) is not None
    frozen_clock.advance(30 * DAY)
    assert user_of(client) is None


def test_a_session_ends_after_ninety_days_in_any_case(client, sign_in, frozen_clock):
    sign_in(client)
    for _ in range(8):
        frozen_clock.advance(11 * DAY)
        assert user_of(client) is not None
    frozen_clock.advance(2 * DAY + 1)
    assert user_of(client) is None


def test_visits_are_noted_at_most_every_five_minutes(app, client, sign_in, frozen_clock):
    def seen():
        with app.app_context(), reading():
            return Session.select().first().seen_at

    sign_in(client)
    begin = seen()
    frozen_clock.advance(299)
    user_of(client)
    assert seen() == begin
    frozen_clock.advance(2)
    user_of(client)
    assert (seen() - begin).total_seconds() == 301


def test_a_new_generation_signs_a_person_out_everywhere(app, sign_in):
    computer, phone, other = app.test_client(), app.test_client(), app.test_client()
    sign_in(computer)
    sign_in(phone)
    sign_in(other, 8, "Boris")
    with app.app_context(), transaction():
        User.get(telegram_id=7).session_token = "next generation"
    assert (user_of(computer), user_of(phone)) == (None, None)
    assert user_of(other) is not None


@pytest.mark.parametrize("token", ["", "x", "x" * 5_000, "\"';--", "null", "Ё"])
def test_a_made_up_token_is_a_visitor(client, token):
    answer = client.get("/api/v1/session", headers={"Cookie": f"studium_session={quote(token)}"})
    assert answer.get_json()["data"]["user"] is None


def test_long_and_odd_headers_of_a_browser_do_not_hinder_the_sign_in(app, client):
    answer = client.post("/auth/dev", json={"telegram_id": 7}, headers={"User-Agent": "Ё" * 50 + "x" * 5_000, "X-Forwarded-For": "evil"})
    assert answer.status_code == 200
    with app.app_context(), reading():
        row = Session.select().first()
        assert len(row.user_agent) <= 300
        assert row.address == "127.0.0.1"


def test_a_sign_in_is_a_fact(app, client, sign_in):
    user = sign_in(client)
    with app.app_context(), reading():
        (fact,) = Fact.select(lambda fact: fact.name == "user_signed_in")[:]
        assert f'"user_id":{user["id"]}' in fact.payload
        assert '"method":"development"' in fact.payload
        assert token_of(client) not in fact.payload


def test_a_page_for_signed_in_people_shows_visitors_the_way_back(client):
    answer = client.get("/dashboard?tab=2", headers={"Accept": "text/html"})
    assert (answer.status_code, unquote(answer.headers["Location"])) == (302, "/login?next=/dashboard?tab=2")
    assert client.get("/api/v1/progress/none").status_code == 401


def test_the_sign_in_page_keeps_the_way_back_and_escapes_it(client):
    page = client.get("/login", query_string={"next": '/courses/"><script>'}).text
    assert "<script>" not in page
    assert "/courses/&#34;&gt;&lt;script&gt;" in page or "/dashboard" in page
