"""Fixtures of the tests about the bot and its links; conftest.py makes them known."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape

import pytest
import responses
from flask import Flask
from flask.testing import FlaskClient

from studium.testing.simulators import telegram_store as store
from tests.plugins.telegram.phone import Phone, local_network

_people = itertools.count(50_001)


@dataclass(frozen=True)
class Shown:
    """What the page that waits shows."""

    link: str
    number: str
    text: str

    @property
    def token(self) -> str:
        return self.link.rpartition("=")[2]


@pytest.fixture
def network(app: Flask) -> Iterator[responses.RequestsMock]:
    """The network inside this process, with a Telegram that is well."""
    with app.app_context():
        store.clear()
    with local_network(app) as found:
        yield found


@pytest.fixture
def phone(app: Flask, network: responses.RequestsMock, run_jobs: Callable[[], int]) -> Callable[..., Phone]:
    """`phone()` is the Telegram of somebody new, `phone(1002)` of Борис."""
    return lambda person=None: Phone(app, person or next(_people), run_jobs)


@pytest.fixture
def waiting() -> Callable[..., Shown]:
    """`waiting(client)` opens the page that waits in that browser."""

    def open_page(client: FlaskClient, next: str = "/dashboard") -> Shown:
        page = client.get("/auth/telegram/bot", query_string={"next": next})
        assert page.status_code == 200
        link = re.search(r'href="([^"]+\?start=[0-9a-f]+)"', page.text)
        number = re.search(r"<output[^>]*>(\d\d)</output>", page.text)
        assert link and number, page.text
        return Shown(unescape(link[1]), number[1], page.text)

    return open_page


@pytest.fixture
def state() -> Callable[[FlaskClient], str]:
    """`state(client)` is what the waiting page of that browser would be told now."""
    return lambda client: str(client.get("/auth/telegram/bot/status").get_json()["data"]["state"])


@pytest.fixture
def finish() -> Callable[..., tuple[int, str]]:
    """`finish(client)` sends the form of the waiting page; status and address to go on to."""

    def send(client: FlaskClient, next: str = "/dashboard") -> tuple[int, str]:
        token = client.get("/api/v1/session").get_json()["data"]["csrf_token"]
        answer = client.post("/auth/telegram/bot", data={"next": next, "csrf_token": token})
        return answer.status_code, answer.headers.get("Location", "")

    return send
