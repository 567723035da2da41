"""What notifications hold on a person, for the copy of their data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from studium.core.database import reading
from studium.plugins.notifications.entities import Broadcast, Bundle, Delivery, Habit, Notification, Preference, Silence

ROWS_AT_ONCE = 200
CARRIED = ("channel", "state", "mode", "due_at", "sent_at", "error")
BUNDLED = ("channel", "kind", "state", "created_at", "sent_at", "error")
WRITTEN = ("titles", "texts", "path", "course_id", "state", "told", "created_at", "finished_at")


def export_user_data(user_id: int) -> dict[str, Any]:
    """Notices, how they were carried, what the person chose, dead addresses, and announcements that they wrote for the school."""
    return {
        "notices": _notices(user_id),
        "deliveries": (_some(row, ("notification_id", "bundle_id", *CARRIED)) for row in _pages(Delivery, user_id)),
        "bundles": (_some(row, ("id", *BUNDLED)) for row in _pages(Bundle, user_id)),
        "choices": _all(Preference, user_id, ("event", "channel", "mode")),
        "habits": _all(Habit, user_id, ("digest_at", "quiet_from", "quiet_until")),
        "switched_off": _all(Silence, user_id, ("channel", "address", "reason", "since")),
        "announcements": (_some(row, WRITTEN) for row in _pages(Broadcast, user_id, "by_user_id")),
    }


def _notices(user_id: int) -> Iterator[dict[str, Any]]:
    for row in _pages(Notification, user_id):
        yield _some(row, ("id", "event", "path", "shown", "created_at", "read_at")) | {"values": json.loads(row["details"])}


def _all(entity: Any, user_id: int, names: tuple[str, ...]) -> list[dict[str, Any]]:
    with reading():
        return [_some(row.to_dict(), names) for row in entity.select(lambda row: row.user_id == user_id)]


def _pages(entity: Any, user_id: int, column: str = "user_id") -> Iterator[dict[str, Any]]:
    """All rows of the person, read a few hundred at a time, so that no reading stays open while they are written."""
    after = 0
    while rows := _page(entity, user_id, column, after):
        yield from rows
        after = rows[-1]["id"]


def _page(entity: Any, user_id: int, column: str, after: int) -> list[dict[str, Any]]:
    with reading():
        mine = entity.select(lambda row: row.id > after).filter(**{column: user_id})
        return [row.to_dict() for row in mine.order_by(entity.id)[:ROWS_AT_ONCE]]


def _some(row: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: row[name] for name in names}
