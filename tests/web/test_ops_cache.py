"""The cache in front of an operator: how often it helps, how much it holds, and emptying it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.services.cache import Cache, cache
from tests.web.ops_jobs import post


def test_the_page_shows_use_and_contents(app: Flask, operator: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        found = cache().figures(1)
    assert found is not None
    monkeypatch.setattr(Cache, "figures", lambda self, hours: replace(found, hits=3, misses=1, entries=1234))
    page = operator.get("/ops/cache?range=1h").text
    assert re.search(r"Hit rate</dt><dd>75.?%</dd>", page)
    assert re.search(r"Entries</dt><dd>1,234</dd>", page)
    assert "256 MB" in page
    assert 'href="/ops/cache"' in operator.get("/ops/jobs").text


def test_emptying_it_is_recorded_with_the_name(app: Flask, operator: FlaskClient, log_lines: list[Any]) -> None:
    with app.app_context():
        cache().set("k", 1)
    answer = post(operator, "/ops/cache/clear")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/ops/cache")
    with app.app_context():
        assert cache().get("k") is None
    assert [line["by"][:4] for line in log_lines if line["event"] == "cache_cleared"] == ["Olga"]


def test_a_cache_that_cannot_be_read_says_so(operator: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Cache, "figures", lambda self, hours: None)
    monkeypatch.setattr(Cache, "clear", lambda self: False)
    assert "cannot be read at the moment" in operator.get("/ops/cache").text
    post(operator, "/ops/cache/clear")
    assert "could not be emptied" in operator.get("/ops/cache").text
