"""The events and channels of all plugins, by code; asked for once a process, at the first need."""

from __future__ import annotations

import re
from typing import Any, cast

from flask import current_app

from studium.core.errors import PluginError
from studium.core.runtime import collect, runtime
from studium.services.notifications.channels import NotificationChannel
from studium.services.notifications.events import SITE, NotificationEvent

EXTENSION = "studium.notifications"
EVENT_CODE, CHANNEL_CODE = re.compile(r"[a-z0-9_.]{1,60}"), re.compile(r"[a-z0-9_]{1,40}")  # as they fit into rows and addresses


def events() -> dict[str, NotificationEvent]:
    """All events by code, in the order of loading. Raises PluginError for two of one code, and for one that will not do."""
    return _found()[0]


def all_channels() -> dict[str, NotificationChannel]:
    """All channels by code, in their order, whether they are set up or not. Raises PluginError for two of one code, and for one
    that will not do.
    """
    return _found()[1]


def channels() -> dict[str, NotificationChannel]:
    """The channels that are set up, by code, in their order."""
    return {code: channel for code, channel in all_channels().items() if channel.is_available()}


def _found() -> tuple[dict[str, NotificationEvent], dict[str, NotificationChannel]]:
    if EXTENSION not in current_app.extensions:
        current_app.extensions[EXTENSION] = (_load_events(), _load_channels())
    return cast(Any, current_app.extensions[EXTENSION])


def _load_events() -> dict[str, NotificationEvent]:
    found: dict[str, NotificationEvent] = {}
    for event in collect(runtime().hooks.register_notification_events):
        if not EVENT_CODE.fullmatch(event.code):
            raise PluginError(f"The code {event.code[:80]!r} of a notification event will not do; it has 1 to 60 small letters, digits, "
                              "underscores and dots, such as shop.parcel_sent.")
        if event.code in found:
            raise PluginError(f"Two plugins register the notification event {event.code!r}; rename one of them.")
        found[event.code] = event
    return found


def _load_channels() -> dict[str, NotificationChannel]:
    found: dict[str, NotificationChannel] = {}
    for kind in sorted(collect(runtime().hooks.register_notification_channels), key=lambda kind: kind.order):
        code, title = getattr(kind, "code", ""), getattr(kind, "title", "")
        if not (CHANNEL_CODE.fullmatch(code) and title):
            raise PluginError(f"The notification channel {kind.__module__}.{kind.__qualname__} needs a title, and a code of 1 to 40 small "
                              f"letters, digits and underscores, not {code[:80]!r}.")
        if kind.code in found or kind.code == SITE:
            raise PluginError(f"The notification channel {kind.code!r} exists already; rename the one of {kind.__module__}.")
        found[kind.code] = kind()
    return found
