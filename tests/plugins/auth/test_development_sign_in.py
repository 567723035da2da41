"""Signing in as a demo person: by form or JSON, back to a page of this site only, and never in production."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import urljoin

import pytest
from pony.orm import select

from studium.core.database import db, reading
from studium.plugins.auth.entities import Session, User

PAGE = {"Accept": "text/html"}


def users(app):
    with app.app_context(), reading():
        return [
            (user.telegram_id, user.first_name, user.last_name, user.username) for user in select(user for user in User).order_by(User.id)
        ]


def test_json_signs_in_and_answers_with_the_person(app, client):
    answer = client.post("/auth/dev", json={"telegram_id": 7, "first_name": "Анна", "last_name": "П", "username": "anna"})
    assert answer.status_code == 200
    user = answer.get_json()["data"]
    assert user == {"id": user["id"], "display_name": "Анна", "language": "en", "roles": ["student"]}
    assert client.get("/api/v1/session").get_json()["data"]["user"] == user
    assert users(app) == [(7, "Анна", "П", "anna")]


def test_a_form_signs_in_and_goes_on(client):
    answer = client.post("/auth/dev", data={"telegram_id": "7", "first_name": "Anna", "next": "/courses/tea?t=5#x"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/courses/tea?t=5#x")
    assert client.get("/api/v1/session").get_json()["data"]["user"]["display_name"] == "Anna"


def test_without_a_place_to_go_it_is_the_dashboard(client):
    assert client.post("/auth/dev", data={"telegram_id": "7"}).headers["Location"] == "/dashboard"


EVIL = [
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example",
    "http:evil.example",
    "HTTPS:/evil.example",
    "///evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/ok\r\nSet-Cookie: a=b",
    "/%0d%0aSet-Cookie: a=b\r\n",
    "evil.example",
    "@evil.example",
    "/\u0000",
    "/\u2028//evil",
    "?next=x",
    "",
    "/x\\..\\y",
    "/\ud800"[:1] + "\\",
]


@pytest.mark.parametrize("target", EVIL)
def test_a_place_elsewhere_becomes_the_dashboard(client, target):
    answer = client.post("/auth/dev", data={"telegram_id": "7", "next": target})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/dashboard")
    assert "a=b" not in str(answer.headers)
    signed_in = client.get("/login", query_string={"next": target})
    assert signed_in.headers["Location"] == "/dashboard"


@pytest.mark.parametrize("target", ["/%2f/evil.example", "/%2fevil.example", "/%5cevil.example", "/.//evil.example", "/..//evil.example"])
def test_an_encoded_trick_stays_on_this_site(client, target):
    """A browser decodes nothing before it resolves an address: what begins with one slash and not with two stays on the host."""
    location = client.post("/auth/dev", data={"telegram_id": "7", "next": target}).headers["Location"]
    assert urljoin("https://school.example/auth/dev", location).startswith("https://school.example/")
    assert location[:2] not in ("//", "/\\")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "telegram_id"),
        ({"telegram_id": 0}, "telegram_id"),
        ({"telegram_id": -5}, "telegram_id"),
        ({"telegram_id": 2**63}, "telegram_id"),
        ({"telegram_id": "abc"}, "telegram_id"),
        ({"telegram_id": 1.5}, "telegram_id"),
        ({"telegram_id": None}, "telegram_id"),
        ({"telegram_id": 1, "first_name": "x" * 65}, "first_name"),
        ({"telegram_id": 1, "first_name": 5}, "first_name"),
        ({"telegram_id": 1, "role": "owner"}, "role"),
        ({"telegram_id": 1, "id": 1}, "id"),
    ],
)
def test_a_wrong_field_is_named_and_nobody_is_signed_in(app, client, body, field):
    answer = client.post("/auth/dev", json=body)
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert field in [error["field"] for error in answer.get_json()["errors"]]
    assert "Set-Cookie" not in answer.headers
    assert users(app) == []


@pytest.mark.parametrize("body", [b"", b"x", b"\xff", b"[", b"[]", b"7"])
def test_another_body_is_a_4xx(client, body):
    assert client.post("/auth/dev", data=body, content_type="application/json").status_code in (400, 422)


def test_a_wrong_form_is_told_to_the_person_on_a_page(client):
    answer = client.post("/auth/dev", data={"telegram_id": "x"}, headers=PAGE)
    assert (answer.status_code, answer.mimetype) == (422, "text/html")


def test_the_largest_telegram_id_is_kept_exactly(app, client):
    client.post("/auth/dev", json={"telegram_id": 2**63 - 1})
    assert users(app)[0][0] == 2**63 - 1


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ({"first_name": "Anna", "username": "anna"}, "Anna"),
        ({"username": "anna"}, "anna"),
        ({"last_name": "Petrova"}, "User 7"),
        ({}, "User 7"),
        ({"first_name": "  ", "username": " "}, "User 7"),
        ({"first_name": "<b>"}, "<b>"),
    ],
)
def test_the_display_name_is_first_name_then_username_then_the_id(client, names, shown):
    assert client.post("/auth/dev", json={"telegram_id": 7} | names).get_json()["data"]["display_name"] == shown


def test_a_new_name_replaces_the_old_one_and_a_missing_one_does_not(app, client):
    client.post("/auth/dev", json={"telegram_id": 7, "first_name": "Anna", "username": "anna"})
    client.post("/auth/dev", json={"telegram_id": 7, "first_name": "Anya"})
    assert users(app) == [(7, "Anya", "", "anna")]


def test_the_same_person_at_the_same_moment_is_one_user(app):
    failed, begin = [], threading.Barrier(6)

    def sign_in() -> None:
        begin.wait()
        try:
            for _ in range(3):
                answer = app.test_client().post("/auth/dev", json={"telegram_id": 7, "first_name": "Anna"})
                assert answer.status_code == 200
        except BaseException as error:  # noqa: BLE001  shown by the assertion
            failed.append(error)
        finally:
            db.disconnect()

    threads = [threading.Thread(target=sign_in) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (failed, users(app)) == ([], [(7, "Anna", "", "")])
    with app.app_context(), reading():
        assert Session.select().count() == 18


@pytest.mark.slow
def test_the_same_person_in_two_processes_at_once_is_one_user(app, environ):
    code = (
        "import os; from studium.core.app import create_app; app = create_app(os.environ); input();"
        "print(*[app.test_client().post('/auth/dev', json={'telegram_id': n}).status_code for n in range(1, 21)])"
    )
    paths = {"PYTHONPATH": str(Path(__file__).parents[2] / "plugins_under_test"), "PATH": os.environ["PATH"]}
    both = [
        subprocess.Popen([sys.executable, "-c", code], env=dict(environ) | paths, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in both:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    assert [set(process.communicate(timeout=120)[0].split()) for process in both] == [{"200"}, {"200"}]
    assert [telegram_id for telegram_id, *_names in sorted(users(app))] == list(range(1, 21))


@pytest.mark.slow
def test_production_has_no_development_sign_in(tmp_path):
    code = """
import os
from studium.core.app import create_app, load
from studium.core.migrator import Migrator
from studium.core.runtime import collect
settings, plugins = load(os.environ)
Migrator(settings.core.data_dir, collect(plugins.hook.register_migrations)).migrate()
app = create_app(os.environ)
client = app.test_client()
print([rule.rule for rule in app.url_map.iter_rules() if "/auth/dev" in rule.rule])
print(client.post("/auth/dev", json={"telegram_id": 7}).status_code, client.get("/auth/dev").status_code)
page = client.get("/login", headers={"Accept": "text/html"}, base_url="https://school.example")
print(page.status_code, "/auth/dev" in page.text)
print(all("Secure" in cookie for cookie in page.headers.getlist("Set-Cookie")))
print(client.get("/api/v1/session", base_url="https://school.example").get_json()["data"]["cable_url"])
"""
    environ = {
        "STUDIUM_ENV": "production",
        "STUDIUM_SECRET_KEY": "p" * 40,
        "STUDIUM_DATA_DIR": str(tmp_path),
        "STUDIUM_ENTRY_POINTS": "false",
        "STUDIUM_LOG_LEVEL": "error",
        "PATH": os.environ["PATH"],
    }
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.splitlines() == ["[]", "404 404", "200 False", "True", "wss://school.example/cable"], done.stderr


@pytest.mark.parametrize("headers", [
    {"Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "http://localhost:3000", "Sec-Fetch-Site": "same-site"},
    {"Origin": "null"},
    {"Origin": "http://localhost.evil.example"},
])
@pytest.mark.parametrize("sent", [{"data": {"telegram_id": "7"}}, {"json": {"telegram_id": 7}}])
def test_a_page_of_another_site_signs_nobody_in(app, client, headers, sent):
    assert client.post("/auth/dev", headers=headers, **sent).status_code == 403
    assert users(app) == []


@pytest.mark.parametrize("headers", [{"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {}])
def test_pages_of_this_site_and_programs_do(client, headers):
    assert client.post("/auth/dev", json={"telegram_id": 7}, headers=headers).status_code == 200
