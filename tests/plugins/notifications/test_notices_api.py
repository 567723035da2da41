"""Notices as JSON: by key, in the reader's language, and marked as read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from studium.plugins.auth import tokens
from tests.plugins.notifications.bell import rain

Csrf = Callable[[FlaskClient], dict[str, str]]
LIST, READ = "/api/v1/notifications", "/api/v1/notifications/read"


def subjects(answer: dict[str, Any]) -> list[str]:
    return [one["subject"] for one in answer["data"]]


def test_notices_come_by_key_with_what_a_reader_needs(client: FlaskClient, anna: int) -> None:
    rain(client, anna, "Oslo", "Rome", "Bern")
    first = client.get(f"{LIST}?limit=2").get_json()
    assert subjects(first) == ["It rains in Bern", "It rains in Rome"]
    assert first["meta"]["unread"] == 3
    rest = client.get(f"{LIST}?before={first['meta']['next']}").get_json()
    assert (subjects(rest), rest["meta"]["next"]) == (["It rains in Oslo"], None)
    one = rest["data"][0]
    assert (one["event"], one["url"], one["read_at"]) == ("postcards.rain", "/courses", None)
    assert one["created_at"].endswith("Z")


def test_some_or_all_up_to_one_are_marked(client: FlaskClient, anna: int, csrf: Csrf) -> None:
    ids = rain(client, anna, "Oslo", "Rome", "Bern")
    header = csrf(client)
    assert client.post(READ, json={"ids": [ids[2], 10**9]}, headers=header).get_json()["data"] == {"marked": 1, "unread": 2}
    assert subjects(client.get(f"{LIST}?unread=true").get_json()) == ["It rains in Rome", "It rains in Oslo"]
    assert client.post(READ, json={"up_to": ids[0]}, headers=header).get_json()["data"] == {"marked": 1, "unread": 1}


@pytest.mark.parametrize("body", [{}, {"ids": [1], "up_to": 1}, {"ids": ["1"]}, {"ids": [0]}, {"up_to": 2**63}, {"up_to": True},
                                  {"ids": list(range(1, 202))}, {"all": True}])
def test_anything_else_is_refused(client: FlaskClient, anna: int, csrf: Csrf, body: dict[str, Any]) -> None:
    assert client.post(READ, json=body, headers=csrf(client)).status_code == 422


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "before=0", "before=x", "unread=yes", "page=2"])
def test_a_question_that_cannot_be_is_named(client: FlaskClient, anna: int, query: str) -> None:
    answer = client.get(f"{LIST}?{query}")
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, query.partition("=")[0])


def test_a_token_reads_and_does_not_mark(client: FlaskClient, anna: int) -> None:
    ids = rain(client, anna, "Oslo")
    with client.application.app_context():
        made = tokens.create(anna, "program", ["read"], None)
    program, header = client.application.test_client(), {"Authorization": f"Bearer {made}"}
    assert subjects(program.get(LIST, headers=header).get_json()) == ["It rains in Oslo"]
    assert program.post(READ, json={"ids": ids}, headers=header).status_code == 403
