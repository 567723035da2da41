"""A channel or an event that would not fit into rows and addresses is refused with its name, before anything depends on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import postcards
import pytest
from flask import Flask, current_app

from studium.core.errors import PluginError
from studium.plugins.notifications.entities import Delivery, Notification
from studium.services.notifications import registry


@pytest.fixture(autouse=True)
def asked_anew(in_app: None, app: Flask) -> Iterator[None]:
    """The plugins are asked for their events and channels by this test, and again by the next."""
    current_app.extensions.pop(registry.EXTENSION, None)
    yield
    app.extensions.pop(registry.EXTENSION, None)


@pytest.mark.parametrize(("change", "words"), [
    ({"code": "post-card"}, r"postcards\.PostcardChannel needs a title, and a code .* not 'post-card'"),
    ({"code": "p" * 41}, "a code of 1 to 40"),
    ({"code": "site"}, "'site' exists already"),
    ({"code": "email"}, "'email' exists already"),
    ({"title": ""}, "needs a title"),
])
def test_a_channel_that_will_not_do_is_named(monkeypatch: pytest.MonkeyPatch, change: dict[str, str], words: str) -> None:
    for name, value in change.items():
        monkeypatch.setattr(postcards.PostcardChannel, name, value)
    with pytest.raises(PluginError, match=words):
        registry.all_channels()


def test_a_channel_without_a_code_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(postcards.PostcardChannel, "code")
    with pytest.raises(PluginError, match="PostcardChannel needs a title, and a code"):
        registry.all_channels()


@pytest.mark.parametrize(("code", "words"), [
    ("postcards/rain", "'postcards/rain' of a notification event"), ("*", "'\\*'"), ("x" * 61, "1 to 60"), ("", "''"),
    ("lesson_completed", "Two plugins register the notification event 'lesson_completed'"),
])
def test_an_event_whose_code_will_not_do_is_named(monkeypatch: pytest.MonkeyPatch, code: str, words: str) -> None:
    monkeypatch.setattr(postcards, "RAIN", replace(postcards.RAIN, code=code))
    with pytest.raises(PluginError, match=words):
        registry.events()


def test_the_longest_codes_fit_into_their_columns() -> None:
    def length(attribute: Any) -> int:
        return int(attribute.args[0])

    assert registry.EVENT_CODE.fullmatch("x" * length(Notification.event))
    assert not registry.EVENT_CODE.fullmatch("x" * (length(Notification.event) + 1))
    assert registry.CHANNEL_CODE.fullmatch("x" * length(Delivery.channel))
    assert not registry.CHANNEL_CODE.fullmatch("x" * (length(Delivery.channel) + 1))
