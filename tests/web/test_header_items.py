"""Plugins add parts to the header of every page, that of an error too; one that fails takes nothing else with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import Markup

from studium.core.plugins import hookimpl
from studium.core.runtime import runtime
from studium.services.header_items import HeaderItem
from studium.services.users import SignedInUser


class Clock:
    """Shows a clock in the header."""

    @hookimpl
    def header_items(self, user: SignedInUser, language: str) -> list[HeaderItem]:
        html = Markup('<b class="clock">{} {}</b>').format(user.display_name, language)
        return [HeaderItem(html, "/clock.js", "/clock.css")]


class Broken:
    """Fails."""

    @hookimpl
    def header_items(self) -> list[HeaderItem]:
        raise RuntimeError("the database is gone")


@pytest.fixture
def plugged(app: Flask) -> Iterator[None]:
    """Both plugins are loaded."""
    with app.app_context():
        plugins = runtime().plugins
    both = {"clock": Clock(), "broken": Broken()}
    for name, plugin in both.items():
        plugins.register(plugin, name=name)
    yield
    for plugin in both.values():
        plugins.unregister(plugin)


def test_hook_header_items_adds_a_part_with_its_script_and_sheet(anna: FlaskClient, plugged: None, log_lines: list[Any]) -> None:
    page = anna.get("/").text
    head, header = page.partition("</head>")[::2]
    assert '<link rel="stylesheet" href="/clock.css">' in head
    assert '<script type="module" src="/clock.js"></script>' in head
    assert header.index('<b class="clock">Anna en</b>') < header.index('class="account"')
    assert [line["plugin"] for line in log_lines if line["event"] == "header_item_failed"] == ["broken"]
    assert "studium-bell" in header


def test_error_pages_have_them_too(anna: FlaskClient, plugged: None) -> None:
    anna.set_cookie("studium_language", "ru")
    page = anna.get("/nowhere")
    assert page.status_code == 404
    assert '<b class="clock">Anna ru</b>' in page.text


def test_visitors_are_asked_nothing(client: FlaskClient, plugged: None, log_lines: list[Any]) -> None:
    assert "clock" not in client.get("/").text.replace("icons.svg#clock", "")
    assert log_lines == []
