"""The site's own events: complete, within their limits, and quiet by default."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from studium import web
from studium.plugins.notifications.entities import Preference
from studium.plugins.notifications.events import EVENTS
from studium.services.notifications.events import SITE, NotificationEvent
from studium.services.notifications.registry import events

each_event = pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.code)


def test_hook_register_notification_events_brings_them_all(app: Flask) -> None:
    with app.app_context():
        assert {event.code for event in EVENTS} <= set(events())


@each_event
def test_an_event_has_words_and_fits_into_its_columns(event: NotificationEvent) -> None:
    assert len(event.code) <= Preference.event.args[0]
    assert re.fullmatch(r"[a-z_]+", event.code)
    assert all([event.title, event.group, event.subject, event.action])
    assert "\n" not in event.subject


@each_event
def test_the_icon_of_an_event_is_in_the_sprite(event: NotificationEvent) -> None:
    assert f'<symbol id="{event.icon}"' in (Path(web.__file__).parent / "static" / "icons.svg").read_text()


@each_event
def test_the_bell_has_every_event(event: NotificationEvent) -> None:
    assert event.default_mode(SITE) == "now"


def test_few_events_are_mailed_at_once() -> None:
    mailed = {event.code for event in EVENTS if event.default_mode("email") == "now"}
    about_money = {"payment_received", "payment_failed", "payment_refunded"}
    assert mailed == {"certificate_ready", "access_given", "access_ending", "new_device"} | about_money


def test_what_is_urgent_is_about_safety_alone() -> None:
    assert {event.code for event in EVENTS if event.urgent} == {"new_device", "channel_off"}


def test_both_forms_of_a_counted_subject_hold_the_same_values() -> None:
    for event in EVENTS:
        if event.plural:
            assert sorted(re.findall(r"\{\w+\}", event.subject)) == sorted(re.findall(r"\{\w+\}", event.plural))
