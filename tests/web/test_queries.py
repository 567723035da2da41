"""A longer course must not cost more queries (no N+1)."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.core import database
from tests.conftest import SignIn
from tests.web.conftest import MakeCourse


@pytest.mark.parametrize(
    "path", ["/", "/courses/rivers", "/courses/rivers/part-2", "/dashboard", "/api/v1/courses/rivers"]
)
def test_queries_do_not_grow_with_the_lessons(
    app: Flask, make_course: MakeCourse, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    client = app.test_client()
    make_course(lessons=5)
    sign_in(client)
    few = count_queries(client, path, monkeypatch)
    make_course(lessons=50)
    many = count_queries(client, path, monkeypatch)
    assert 0 < many <= few


def count_queries(client: FlaskClient, path: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Statements of one request, once the course is in the process's memory."""
    assert client.get(path).status_code == 200
    seen: list[str] = []
    original = database.db._exec_sql

    def record(sql: str, *args: object, **kwargs: object) -> object:
        seen.append(sql)
        return original(sql, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(database.db, "_exec_sql", record)
        assert client.get(path).status_code == 200
    return len(seen)
