"""Vera, who owns the school, in her browser; payments of every kind for her to look at."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from studium.plugins.auth.roles import grant

Press = Callable[..., TestResponse]


@pytest.fixture
def vera(app: Flask) -> FlaskClient:
    """The owner's browser: she is user 1005 of Telegram."""
    client = app.test_client()
    assert client.post("/auth/dev", json={"telegram_id": 1005, "first_name": "Vera"}).status_code == 200
    with app.app_context():
        grant(1005, "owner", "the tests")
    return client


@pytest.fixture
def press(vera: FlaskClient) -> Press:
    """`press("/owner/...", reason="...")` posts a form of hers with its token."""

    def do(path: str, /, **fields: object) -> TestResponse:
        token = vera.get("/api/v1/session").get_json()["data"]["csrf_token"]
        return vera.post(path, data={**fields, "csrf_token": token})

    return do


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the page's forms, the token against forgery left out."""
    found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    found.pop("csrf_token", None)
    return found
