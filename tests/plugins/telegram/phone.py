"""A student's Telegram in tests: the simulator's pages by HTTP, and the network between site and Telegram inside this process."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import responses
from flask import Flask
from flask.testing import FlaskClient
from requests import PreparedRequest

from studium.testing.simulators import telegram_store as store

SITE = re.compile(r"http://127\.0\.0\.1:8000/.*")


@contextmanager
def local_network(app: Flask) -> Iterator[responses.RequestsMock]:
    """Calls of `requests` to the site's own address reach the app; calls to anywhere else fail."""

    def answer(request: PreparedRequest) -> tuple[int, dict[str, str], bytes]:
        url = urlsplit(request.url or "")
        reply = app.test_client().open(url.path, method=request.method, query_string=url.query, data=request.body,
                                       headers=dict(request.headers))
        return reply.status_code, {"Content-Type": reply.content_type or ""}, reply.data

    with responses.RequestsMock(assert_all_requests_are_fired=False) as network:
        for method in (responses.GET, responses.POST):
            network.add_callback(method, SITE, callback=answer)
        yield network


class Phone:
    """One person's Telegram; the site's jobs run after each act."""

    def __init__(self, app: Flask, person: int, run_jobs: Callable[[], int]) -> None:
        self.app, self.person, self.run_jobs = app, person, run_jobs
        self.client: FlaskClient = app.test_client()

    def open(self, link: str) -> str:
        """Follow a link to the bot and press START; what the bot says then."""
        return self.say(f"/start {parse_qs(urlsplit(link).query)['start'][0]}")

    def say(self, text: str) -> str:
        """Write to the bot; its newest message."""
        answer = self.client.post(f"/simulators/telegram/{self.person}/say", data={"text": text})
        assert answer.status_code == 303
        return self.answer()

    def press(self, shown: str, message: int | None = None) -> str:
        """Press a button by its text; the bot's newest message, which is usually the changed one."""
        line, data = next((line.id, button["callback_data"]) for line in reversed(self.chat()) for row in line.buttons for button in row
                          if button["text"] == shown)
        return self.press_data(data, message or line)

    def press_data(self, data: str, message: int) -> str:
        """Send whatever a button could carry."""
        self.client.post(f"/simulators/telegram/{self.person}/press", data={"message": message, "data": data})
        return self.answer()

    def answer(self) -> str:
        """Run what is to be run; the newest message of the bot, "" when there is none."""
        self.run_jobs()
        said = [line.text for line in self.chat() if line.from_bot]
        return said[-1] if said else ""

    def buttons(self) -> list[str]:
        """What can be pressed now."""
        return [button["text"] for line in self.chat() for row in line.buttons for button in row]

    def chat(self) -> list[Any]:
        with self.app.app_context():
            return store.chat(self.person)
