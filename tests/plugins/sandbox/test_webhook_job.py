"""The sandbox's webhooks over HTTP: to loopback only, signed, tried again until the site says 200."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import requests
import responses
from flask import Flask
from flask.testing import FlaskClient

from studium.core.database import query, reading
from studium.core.runtime import runtime
from studium.plugins.sandbox import service
from studium.plugins.sandbox.settings import SandboxSettings
from studium.plugins.sandbox.webhook_job import send
from tests.plugins.sandbox.conftest import Asked

ADDRESS = "http://127.0.0.1:8000/webhooks/sandbox"


@pytest.fixture
def network() -> Iterator[responses.RequestsMock]:
    """Nothing is reached but what the test adds."""
    with responses.RequestsMock() as mocked:
        yield mocked


def states(app: Flask) -> list[str]:
    with app.app_context(), reading():
        return [row[0] for row in query("SELECT state FROM job WHERE kind = 'sandbox_webhook'")]


def test_the_site_takes_what_the_sandbox_sends(
    app: Flask, client: FlaskClient, asked: Asked, run_jobs: Callable[[], int], network: responses.RequestsMock
) -> None:
    answers: list[int] = []

    def deliver(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        answer = app.test_client().post("/webhooks/sandbox", data=request.body, headers=dict(request.headers))
        answers.append(answer.status_code)
        return answer.status_code, {}, ""

    network.add_callback(responses.POST, ADDRESS, deliver)
    reference = asked()
    with app.app_context():
        send(service.pay(reference), "duplicate")
    run_jobs()
    assert answers == [200] * 6
    with app.app_context(), reading():
        rows = query("SELECT kind, object_id, deliveries FROM webhook_delivery ORDER BY id")
    assert sorted(rows) == [("payment.authorized", reference, 3), ("payment.completed", reference, 3)]
    assert set(states(app)) == {"succeeded"}


def test_a_site_that_is_down_is_told_later(
    app: Flask, asked: Asked, run_jobs: Callable[[], int], network: responses.RequestsMock
) -> None:
    network.add(responses.POST, ADDRESS, status=503)
    with app.app_context():
        send(service.decline(asked()))
    run_jobs()
    assert states(app) == ["retrying"]


def test_a_site_that_listens_elsewhere_is_told_on_loopback(
    app: Flask, asked: Asked, run_jobs: Callable[[], int], network: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.add(responses.POST, ADDRESS, status=200)
    with app.app_context():
        core = {"host": "203.0.113.9", "public_url": "https://elsewhere.example"}
        monkeypatch.setattr(runtime().settings, "core", runtime().settings.core.model_copy(update=core))
        send(service.decline(asked()))
    run_jobs()
    assert states(app) == ["succeeded"]


def test_without_a_sandbox_its_webhooks_are_dropped(
    app: Flask, asked: Asked, run_jobs: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        send(service.decline(asked()))
        sections = runtime().settings._sections
        monkeypatch.setitem(sections, SandboxSettings, SandboxSettings(enabled=False))
    run_jobs()
    assert states(app) == ["failed"]
