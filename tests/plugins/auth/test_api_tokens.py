"""API tokens: shown once, kept as a hash, good for their scopes and nothing else, and of no use when they have ended."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.core.clock import now
from studium.core.database import DATABASE_FILE, reading, transaction
from studium.core.errors import Conflict
from studium.core.settings import Settings
from studium.plugins.auth import tokens
from studium.plugins.auth.entities import ApiToken
from studium.services.token_scopes import scope_of, token_scope
from tests.conftest import Clock, SignIn

DAY = 86_400
Csrf = Callable[[FlaskClient], dict[str, str]]
Make = Callable[..., str]


@pytest.fixture
def make(client: FlaskClient, anna: int, csrf: Csrf) -> Make:
    """`make("read", "jobs", days=30)` makes a token of Anna's on the account page, and reads it there."""

    def do(*scopes: str, name: str = "My script", days: int = 90) -> str:
        answer = client.post("/account/tokens", data={"name": name, "scope": list(scopes or ["read"]), "days": days}, headers=csrf(client))
        assert answer.status_code == 201, answer.text
        shown = re.search(r'<code [^>]*>(st_[^<]+)</code>', answer.text)
        assert shown is not None
        return shown[1]

    return do


@pytest.fixture
def program(app: Flask) -> FlaskClient:
    """Something without cookies."""
    return app.test_client(use_cookies=False)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_hook_find_token_user_lets_a_program_in(program: FlaskClient, anna: int, make: Make) -> None:
    answer = program.get("/api/v1/session", headers=bearer(make("read")))
    assert answer.get_json()["data"]["user"]["id"] == anna


def test_a_token_is_shown_once_and_only_its_hash_is_kept(app: Flask, client: FlaskClient, make: Make, settings: Settings) -> None:
    token = make()
    assert len(token) >= 43
    page = client.get("/account")
    assert "My script" in page.text
    assert token not in page.text
    with app.app_context(), reading():
        assert ApiToken.select().first().token_hash == hashlib.sha256(token.encode()).hexdigest()
    with closing(sqlite3.connect(settings.core.data_dir / DATABASE_FILE)) as connection:
        assert token not in "\n".join(connection.iterdump())


def test_the_same_form_sent_again_makes_no_second_token(app: Flask, client: FlaskClient, anna: int, csrf: Csrf) -> None:
    form_id = re.findall(r'name="form_id" value="([^"]+)"', client.get("/account").text)[0]
    form = {"name": "x", "scope": "read", "days": "0", "form_id": form_id}
    first, second = (client.post("/account/tokens", data=form, headers=csrf(client)) for _time in range(2))
    assert (first.status_code, second.status_code, second.headers["Location"]) == (201, 303, "/account?done=made#tokens")
    assert "The token was made already." in client.get(second.headers["Location"]).text
    with app.app_context(), reading():
        assert ApiToken.select().count() == 1
    next_id = re.findall(r'name="form_id" value="([^"]+)"', first.text)[0]
    assert client.post("/account/tokens", data=form | {"form_id": next_id}, headers=csrf(client)).status_code == 201


def test_a_refused_form_may_be_sent_again(client: FlaskClient, anna: int, csrf: Csrf) -> None:
    form = {"name": "", "scope": "read", "days": "0", "form_id": "abc"}
    assert client.post("/account/tokens", data=form, headers=csrf(client)).status_code == 422
    assert client.post("/account/tokens", data=form | {"name": "x"}, headers=csrf(client)).status_code == 201


@pytest.mark.parametrize(("change", "first"), [
    ({"name": ""}, 'id="token-name"'), ({"scope": []}, 'name="scope" value="read"'), ({"days": "7"}, 'id="token-days"'),
    ({"name": "", "scope": []}, 'id="token-name"'),
])
def test_what_is_wrong_is_in_the_title_and_the_first_wrong_field_has_the_focus(
    client: FlaskClient, anna: int, csrf: Csrf, change: dict[str, Any], first: str
) -> None:
    page = client.post("/account/tokens", data={"name": "x", "scope": "read", "days": "0"} | change, headers=csrf(client)).text
    assert "<title>Error:" in page
    (focused,) = re.findall(r"<[^>]* autofocus[^>]*>", page)
    assert first in focused
    assert 'aria-invalid="true"' in focused
    assert page.count('role="alert"') == len(change)
    assert '<input type="hidden" name="next" value="/account">' in page, "a press of the language leads back"


def test_the_page_with_the_token_is_kept_by_no_cache(client: FlaskClient, anna: int, csrf: Csrf) -> None:
    answer = client.post("/account/tokens", data={"name": "x", "scope": "read", "days": "0"}, headers=csrf(client))
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("header", ["Bearer st_unknown", "Bearer ", "Bearer", "bearer x", "Bearer Ё", "Bearer st_" + "x" * 5_000])
@pytest.mark.parametrize("path", ["/api/v1/session", "/dashboard", "/account", "/"])
def test_an_unknown_token_is_401_for_programs_whatever_the_address(program: FlaskClient, header: str, path: str) -> None:
    answer = program.get(path, headers={"Authorization": header.encode().decode("latin-1"), "Accept": "text/html"})
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.get_json()["code"] == "invalid-token"
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_the_cookie_beside_an_unknown_token_does_not_count(client: FlaskClient, anna: int) -> None:
    assert client.get("/api/v1/session", headers=bearer("st_unknown")).status_code == 401
    assert client.post("/logout", headers=bearer("st_unknown")).status_code == 401
    assert client.get("/api/v1/session").get_json()["data"]["user"]["id"] == anna


def test_a_session_token_is_no_bearer_and_a_bearer_no_session(client: FlaskClient, program: FlaskClient, anna: int, make: Make) -> None:
    cookie = client.get_cookie("studium_session")
    assert cookie is not None
    assert program.get("/api/v1/session", headers=bearer(cookie.value)).status_code == 401
    answer = program.get("/api/v1/session", headers={"Cookie": f"studium_session={make()}"})
    assert answer.get_json()["data"]["user"] is None


SCOPED = [
    ("GET", "/api/v1/courses", "read"), ("GET", "/api/v1/jobs", "read"), ("GET", "/api/v1/session", "read"),
    ("GET", "/api/v1/progress/none", "read"), ("GET", "/documents/" + "0" * 32, "read"),
    ("POST", "/api/v1/jobs", "jobs"), ("POST", "/api/v1/jobs/none/cancel", "jobs"), ("POST", "/api/v1/jobs/none/retry", "jobs"),
    ("POST", "/api/v1/beats", "progress"), ("POST", "/api/v1/lessons/none/none/sessions", "progress"),
    ("POST", "/api/v1/lessons/none/none/completion", "progress"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "scope"), SCOPED)
def test_a_token_opens_what_its_scope_is_for_and_nothing_else(
    program: FlaskClient, make: Make, method: str, path: str, scope: str
) -> None:
    others = {"read", "jobs", "progress"} - {scope}
    refused = program.open(path, method=method, json={}, headers=bearer(make(*others)))
    assert (refused.status_code, refused.mimetype, refused.get_json()["code"]) == (403, "application/problem+json", "insufficient-scope")
    assert refused.headers["WWW-Authenticate"] == f'Bearer error="insufficient_scope", scope="{scope}"'
    let_in = program.open(path, method=method, json={}, headers=bearer(make(scope)))
    assert let_in.status_code not in (401, 403), let_in.text


@pytest.mark.parametrize(("method", "path"), [
    ("GET", "/account"), ("GET", "/account/delete"), ("POST", "/account/delete"), ("POST", "/account/tokens"),
    ("POST", "/account/tokens/1/revoke"), ("POST", "/account/devices/1/sign-out"), ("POST", "/account/devices/sign-out-others"),
    ("POST", "/account/preferences"), ("POST", "/logout"), ("POST", "/language"), ("POST", "/jobs"), ("GET", "/dashboard"),
    ("GET", "/login"), ("POST", "/auth/dev"),
])  # fmt: skip
def test_no_token_manages_the_account_or_opens_a_page(program: FlaskClient, make: Make, method: str, path: str) -> None:
    answer = program.open(path, method=method, headers=bearer(make("read", "jobs", "progress")), data={"word": "DELETE"})
    assert (answer.status_code, answer.get_json()["code"]) == (403, "insufficient-scope")


def test_every_route_is_closed_to_tokens_unless_it_says_otherwise(app: Flask) -> None:
    opened = set()
    with app.app_context():
        for rule in app.url_map.iter_rules():
            opened |= {(method, rule.rule) for method in (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}
                       if scope_of(rule.endpoint, rule.rule, method)}
    assert {path for _method, path in opened} == {
        "/api/v1/jobs", "/api/v1/jobs/<job_id>/cancel", "/api/v1/jobs/<job_id>/retry", "/api/v1/beats",
        "/api/v1/lessons/<course>/<lesson>/sessions", "/api/v1/lessons/<course>/<lesson>/completion",
    }  # fmt: skip


def test_a_token_never_has_the_roles_of_its_person(app: Flask, program: FlaskClient, operator_id: int, client: FlaskClient) -> None:
    with app.app_context():
        token = tokens.create(operator_id, "x", ["read"], None)
    assert client.get("/api/v1/session").get_json()["data"]["user"]["roles"] == ["ops", "student"]
    assert program.get("/api/v1/session", headers=bearer(token)).get_json()["data"]["user"]["roles"] == ["student"]
    for path in ("/ops/jobs", "/ops/nowhere"):
        assert program.get(path, headers=bearer(token)).status_code == 404


@pytest.fixture
def operator_id(app: Flask, client: FlaskClient, sign_in: SignIn) -> int:
    from studium.plugins.auth.roles import grant

    user_id = int(sign_in(client, 1004, "Olga")["id"])
    with app.app_context():
        grant(1004, "ops", "the tests")
    return user_id


def test_a_token_needs_no_forgery_token_and_a_cookie_alone_does(client: FlaskClient, program: FlaskClient, make: Make) -> None:
    token, asked = make("jobs"), {"kind": "nothing", "params": {}}
    assert client.post("/api/v1/jobs", json=asked).status_code == 400
    assert client.post("/api/v1/jobs", json=asked, headers={"Authorization": "Basic eDp5"}).status_code == 400
    assert program.post("/api/v1/jobs", json=asked, headers=bearer(token)).get_json()["errors"][0]["field"] == "kind"
    assert client.post("/api/v1/jobs", json=asked, headers=bearer(token)).status_code == 422


def test_a_revoked_token_is_refused_at_once_and_revoking_twice_is_harmless(
    client: FlaskClient, program: FlaskClient, make: Make, csrf: Csrf
) -> None:
    token = make()
    path = re.findall(r"/account/tokens/\d+/revoke", client.get("/account").text)[0]
    for _time in range(2):
        assert client.post(path, headers=csrf(client)).status_code == 303
        assert program.get("/api/v1/session", headers=bearer(token)).status_code == 401
    assert "My script" not in client.get("/account").text


def test_somebody_elses_token_cannot_be_revoked(
    app: Flask, client: FlaskClient, program: FlaskClient, make: Make, csrf: Csrf, sign_in: SignIn
) -> None:
    token = make()
    path = re.findall(r"/account/tokens/\d+/revoke", client.get("/account").text)[0]
    boris = app.test_client()
    sign_in(boris, 8, "Boris")
    for other in (path, "/account/tokens/999/revoke", f"/account/tokens/{2**63 - 1}/revoke", f"/account/tokens/{2**70}/revoke"):
        assert boris.post(other, headers=csrf(boris)).status_code == 404
    assert program.get("/api/v1/session", headers=bearer(token)).status_code == 200


def test_a_token_ends_with_its_time(program: FlaskClient, frozen_clock: Clock, make: Make) -> None:
    thirty, forever = make(days=30), make(days=0)
    frozen_clock.advance(30 * DAY - 1)
    assert program.get("/api/v1/session", headers=bearer(thirty)).status_code == 200
    frozen_clock.advance(1)
    assert program.get("/api/v1/session", headers=bearer(thirty)).status_code == 401
    frozen_clock.advance(1000 * DAY)
    assert program.get("/api/v1/session", headers=bearer(forever)).status_code == 200


def test_its_use_is_noted_the_first_time_and_then_every_five_minutes(
    app: Flask, program: FlaskClient, frozen_clock: Clock, make: Make
) -> None:
    def used() -> Any:
        with app.app_context(), reading():
            return ApiToken.select().first().last_used_at

    token = make()
    assert used() is None
    program.get("/api/v1/session", headers=bearer(token))
    begin = used()
    for seconds, expected in ((299, 0), (1, 300)):
        frozen_clock.advance(seconds)
        program.get("/api/v1/session", headers=bearer(token))
        assert (used() - begin).total_seconds() == expected


@pytest.mark.parametrize(("values", "field"), [
    ({"name": "", "scope": "read", "days": "90"}, "token-name-problem"),
    ({"name": "x" * 61, "scope": "read", "days": "90"}, "token-name-problem"),
    ({"name": "a\x00b", "scope": "read", "days": "90"}, "token-name-problem"),
    ({"name": "x", "days": "90"}, "token-scope-problem"),
    ({"name": "x", "scope": ["read", "everything"], "days": "90"}, "token-scope-problem"),
    ({"name": "x", "scope": "read", "days": "-1"}, "token-days-problem"),
    ({"name": "x", "scope": "read"}, "token-days-problem"),
])  # fmt: skip
def test_a_wrong_form_makes_no_token_and_says_what_is_wrong(
    app: Flask, client: FlaskClient, anna: int, csrf: Csrf, values: dict[str, Any], field: str
) -> None:
    answer = client.post("/account/tokens", data=values, headers=csrf(client))
    assert answer.status_code == 422
    assert f'id="{field}"' in answer.text
    with app.app_context(), reading():
        assert ApiToken.select().count() == 0


def test_there_is_a_most_of_tokens(app: Flask, client: FlaskClient, anna: int, csrf: Csrf) -> None:
    with app.app_context():
        for number in range(tokens.MOST_TOKENS):
            tokens.create(anna, f"n{number}", ["read"], None)
        with pytest.raises(Conflict):
            tokens.create(anna, "one more", ["read"], None)
    answer = client.post("/account/tokens", data={"name": "x", "scope": "read", "days": "30"}, headers=csrf(client))
    assert (answer.status_code, 'id="token-name-problem"' in answer.text) == (409, True)


def test_a_name_with_markup_is_shown_as_it_is(client: FlaskClient, make: Make) -> None:
    make(name="<script>x</script>")
    assert "<script>x" not in client.get("/account").text
    assert "&lt;script&gt;x" in client.get("/account").text


def test_an_unknown_scope_stops_the_one_who_declares_it() -> None:
    with pytest.raises(ValueError, match="everything"):
        token_scope("everything")


def test_ended_tokens_are_removed_after_a_while(app: Flask, anna: int, make: Make) -> None:
    make()
    make()
    with app.app_context():
        from studium.plugins.auth.trimming import remove_tokens

        with transaction():
            first = ApiToken.select().order_by(ApiToken.id).first()
            first.closed_at = now() - timedelta(days=29)
        assert remove_tokens() == 0
        with transaction():
            first = ApiToken.select().order_by(ApiToken.id).first()
            first.closed_at = now() - timedelta(days=31)
        assert remove_tokens() == 1
        with reading():
            assert ApiToken.select().count() == 1
