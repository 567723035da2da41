"""A small app with nothing of Studium but its errors, request ids and CSRF protection, for tests of exactly these."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog
from flask import Flask, Response, abort, redirect
from flask.testing import FlaskClient
from pydantic import Field

from studium.core import api
from studium.core.csrf import csrf, init_csrf
from studium.core.errors import Conflict, NotFound, Problem, Unauthorized, Unprocessable, init_errors
from studium.core.logs import get_logger, init_request_ids


class Order(api.Schema):
    """What a client may send."""

    title: str = Field(max_length=20)
    count: int = Field(1, ge=1)
    tags: list[str] = Field(default_factory=list)


class Odd(Exception):
    """Nobody foresees it."""


@pytest.fixture
def small_app() -> Iterator[Flask]:
    app = Flask("small")
    app.config.update(SECRET_KEY="k" * 40, MAX_CONTENT_LENGTH=2_000)
    init_request_ids(app)
    init_errors(app)
    init_csrf(app)
    for prefix in ("/api", "/page"):
        add_views(app, prefix)
    yield app
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def small(small_app: Flask) -> FlaskClient:
    return small_app.test_client()


def add_views(app: Flask, prefix: str) -> None:
    """The same views for programs (/api) and for people (/page)."""
    raised = {
        "missing": NotFound("There is no such thing."),
        "taken": Conflict("Taken.", headers={"Retry-After": "3"}),
        "visitor": Unauthorized(),
        "wrong": Unprocessable("title: too long.", errors=[{"field": "title", "message": "too long"}]),
        "own": Problem("Short.", status=418, code="teapot", title="I am a teapot", tea="green"),
        "odd": Odd("password is swordfish"),
    }

    def view(name: str) -> Response:
        if name == "teapot":
            abort(409, "Already there.")
        if name == "elsewhere":
            return redirect("/other")  # type: ignore[return-value]
        if name == "made":
            abort(Response("as it is", 402))
        if name in raised:
            get_logger("small").info("about_to_raise")
            raise raised[name]
        return Response("fine")

    app.add_url_rule(f"{prefix}/<name>", f"{prefix}view", view)
    app.add_url_rule(f"{prefix}/echo", f"{prefix}echo", echo, methods=["POST"])
    app.add_url_rule(f"{prefix}/guarded", f"{prefix}guarded", lambda: "ok", methods=["POST"])


@csrf.exempt
def echo() -> Response:
    return api.data(api.read_json(Order))
