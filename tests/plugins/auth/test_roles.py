"""Roles: given by a row or by a setting, taken away at once, and invisible to those without them."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from flask import Flask

from studium.core.database import db, reading, transaction
from studium.core.errors import NotFound, SettingsError, StudiumError, Unauthorized
from studium.core.settings import load_core, load_settings
from studium.plugins.auth import roles
from studium.plugins.auth.commands import users
from studium.plugins.auth.entities import User, UserRole
from studium.plugins.auth.settings import AuthSettings
from studium.services.users import OPS, OWNER, current_user, require_role

OLGA = 1004


@pytest.fixture
def command(app: Flask):
    """`command("grant", 7, "ops")` runs `studium users grant 7 ops`: (exit code, what it said)."""

    def do(*words: object) -> tuple[int, str]:
        with app.app_context():
            done = CliRunner().invoke(users, [str(word) for word in words])
        return (1, str(done.exception)) if isinstance(done.exception, StudiumError) else (done.exit_code, done.output)

    return do


@pytest.fixture
def grant(app: Flask):
    def do(telegram_id: int, role: str = OPS, by: str = "test") -> None:
        with app.app_context():
            roles.grant(telegram_id, role, by)

    return do


@pytest.fixture
def by_setting(app, monkeypatch):
    """`by_setting(ops_ids=(7,))`: this app as if it had been started with the setting."""

    def do(**ids: tuple[int, ...]) -> None:
        sections = app.extensions["studium"].settings._sections
        monkeypatch.setitem(sections, AuthSettings, AuthSettings(**ids))

    return do


def roles_seen(client):
    return client.get("/api/v1/session").get_json()["data"]["user"]["roles"]


def test_a_granted_role_counts_from_the_next_request_and_a_revoked_one_no_longer(command, client, sign_in):
    sign_in(client)
    assert roles_seen(client) == ["student"]
    assert command("grant", 7, "ops") == (0, "7 now has the role ops.\n")
    assert roles_seen(client) == ["ops", "student"]
    assert command("grant", 7, "owner")[0] == 0
    assert roles_seen(client) == ["ops", "owner", "student"]
    assert command("revoke", 7, "ops") == (0, "7 no longer has the role ops.\n")
    assert roles_seen(client) == ["owner", "student"]


def test_granting_and_revoking_twice_says_so_and_keeps_who_was_first(app, command, grant, client, sign_in):
    sign_in(client)
    grant(7, OPS, "somebody")
    assert command("grant", 7, "ops") == (0, "7 has the role ops already.\n")
    with app.app_context(), reading():
        assert [row.granted_by for row in UserRole.select()] == ["somebody"]
    command("revoke", 7, "ops")
    assert command("revoke", 7, "ops") == (0, "7 does not have the role ops.\n")


def test_somebody_elses_role_is_not_ones_own(app, grant, client, sign_in):
    sign_in(app_client := app.test_client(), 8, "Boris")
    sign_in(client)
    grant(8)
    assert (roles_seen(client), roles_seen(app_client)) == (["student"], ["ops", "student"])


@pytest.mark.parametrize("verb", ["grant", "revoke"])
def test_an_unknown_person_or_role_is_refused_in_words(command, client, sign_in, verb):
    code, said = command(verb, 404, "ops")
    assert (code, "Telegram id 404 has signed in yet" in said) == (1, True)
    sign_in(client)
    for role in ("student", "king", "OPS"):
        code, said = command(verb, 7, role)
        assert (code, f"no role '{role}'" in said, "owner, ops" in said) == (1, True, True)
    for wrong in ("0", "x", str(2**63)):
        assert command(verb, wrong, "ops")[0] == 2


def test_a_setting_gives_a_role_before_the_first_sign_in_and_only_the_setting_takes_it(command, client, sign_in, by_setting):
    by_setting(ops_ids=(7,), owner_ids=(7, 9))
    sign_in(client)
    assert roles_seen(client) == ["ops", "owner", "student"]
    code, said = command("revoke", 7, "ops")
    assert (code, "STUDIUM_AUTH_OPS_IDS" in said) == (1, True)
    assert roles_seen(client) == ["ops", "owner", "student"]
    by_setting()
    assert roles_seen(client) == ["student"]


@pytest.mark.parametrize("text", ["anna", "1004;1005", "1004,x", "0", "-5", str(2**63), "1.5"])
@pytest.mark.parametrize("name", ["STUDIUM_AUTH_OPS_IDS", "STUDIUM_AUTH_OWNER_IDS"])
def test_a_wrong_list_of_ids_stops_the_start_with_a_hint(tmp_path, name, text):
    environ = {"STUDIUM_DATA_DIR": str(tmp_path), "STUDIUM_SECRET_KEY": "k" * 40, name: text}
    with pytest.raises(SettingsError) as refused:
        load_settings(load_core(environ), [AuthSettings], environ)
    assert f"{name}=" in str(refused.value)
    assert "Telegram ids of the people with the role" in str(refused.value)


def test_a_list_of_ids_is_read_with_spaces_and_a_last_comma(tmp_path):
    environ = {"STUDIUM_DATA_DIR": str(tmp_path), "STUDIUM_SECRET_KEY": "k" * 40, "STUDIUM_AUTH_OPS_IDS": " 1004, 1005,"}
    assert load_settings(load_core(environ), [AuthSettings], environ)[AuthSettings].ops_ids == (1004, 1005)


def test_the_list_tells_who_has_what_by_whom(command, grant, client, sign_in, by_setting):
    assert "Nobody has a role" in command("list")[1]
    sign_in(client)
    grant(7, OPS, "studium users (root)")
    by_setting(owner_ids=(9,))
    lines = command("list")[1].splitlines()
    assert [line.split()[:2] for line in lines] == [["7", "ops"], ["9", "owner"]]
    assert "Anna" in lines[0]
    assert "by studium users (root)" in lines[0]
    assert "(has not signed in yet)" in lines[1]
    assert "by STUDIUM_AUTH_OWNER_IDS" in lines[1]


def test_a_page_for_a_role_is_there_only_for_those_who_have_it(app, command, grant, client, sign_in):
    def enter(role: str = OPS) -> int:
        token = client.get_cookie("studium_session")
        with app.test_request_context(headers={"Cookie": f"studium_session={token.value}"} if token else {}):
            return require_role(role).id

    with pytest.raises(Unauthorized):
        enter()
    user = sign_in(client)
    with pytest.raises(NotFound) as hidden:
        enter()
    assert hidden.value.detail == client.get("/api/v1/no/such/address").get_json()["detail"], "one can tell that something is hidden"
    grant(7)
    assert enter() == user["id"]
    with pytest.raises(NotFound):
        enter(OWNER)
    command("revoke", 7, "ops")
    with pytest.raises(NotFound):
        enter()


def test_roles_go_with_their_person(app, grant, client, sign_in):
    sign_in(client)
    grant(7)
    with app.app_context(), transaction():
        User.get(telegram_id=7).delete()
    with app.app_context(), reading():
        assert UserRole.select().count() == 0


def test_finding_the_user_of_a_request_takes_three_queries(app, grant, client, sign_in, monkeypatch):
    """Session, person, roles: it is done on every request and at every handshake of the cable."""
    sign_in(client)
    grant(7)
    asked: list[str] = []
    real = db._exec_sql

    def count(sql: str, *arguments: object, **options: object) -> object:
        asked.append(sql)
        return real(sql, *arguments, **options)

    monkeypatch.setattr(db, "_exec_sql", count)
    token = client.get_cookie("studium_session").value
    with app.test_request_context(headers={"Cookie": f"studium_session={token}"}):
        user = current_user()
        assert user is not None
        assert user.roles == {"student", "ops"}
    assert len(asked) == 3, asked


def test_the_demo_person_olga_has_the_role_ops_and_is_offered_at_the_sign_in(command, client, sign_in):
    assert command("demo") == (0, "Demo people: Anna, Борис, Mia, Olga (ops), Vera (owner).\n")
    assert command("demo")[0] == 0
    assert "Sign in as Olga (ops)" in client.get("/login").text
    sign_in(client, OLGA, "Olga")
    assert roles_seen(client) == ["ops", "student"]


def test_in_production_the_demo_people_have_no_role(app, command, monkeypatch):
    settings = app.extensions["studium"].settings
    monkeypatch.setattr(settings, "core", settings.core.model_copy(update={"env": "production"}))
    assert command("demo")[0] == 0
    assert "Nobody has a role" in command("list")[1]
