"""What the bell has for a person, newest first, and that they have read it. Rows only: the words are made where they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pony.orm import desc

from studium.core.clock import now
from studium.core.database import execute, query, reading, transaction
from studium.plugins.notifications.entities import Notification
from studium.services import cable

UNREAD = "SELECT COUNT(*) FROM notification WHERE user_id = ? AND shown = ? AND read_at IS NULL"
MARK = "UPDATE notification SET read_at = ? WHERE user_id = ? AND shown = ? AND read_at IS NULL AND "
MOST_IDS = 200  # in one call


@dataclass(frozen=True)
class KeptNotice:
    """A notice as it is stored; `details` is the JSON that the event's sentences are filled with. Times are naive UTC."""

    id: int
    event: str
    details: str
    path: str
    created_at: datetime
    read_at: datetime | None


@dataclass(frozen=True)
class NoticePage:
    """Some notices, the newest first; `older` is the `before` of the next page, None on the last one."""

    notices: tuple[KeptNotice, ...]
    older: int | None


def unread_count(user_id: int) -> int:
    """How many notices of the bell the person has not read, by one look at the index: every page asks."""
    with reading():
        return int(query(UNREAD, (user_id, True))[0][0])


def page_of(user_id: int, before: int | None = None, limit: int = 20, unread_only: bool = False) -> NoticePage:
    """At most `limit` notices of the bell whose ids are below `before` (None: the newest), in one query."""
    with reading():
        rows = _rows(user_id, before, unread_only)[: limit + 1]
        found = tuple(_kept(row) for row in rows[:limit])
        return NoticePage(found, found[-1].id if len(rows) > limit else None)


def mark_read(user_id: int, ids: Sequence[int] = (), up_to: int | None = None) -> int:
    """Mark these notices of the person as read, or all up to an id; how many were unread. Others' ids change nothing.

    `up_to` leaves alone what came after the person's page was made. Open pages of the person hear of it after the commit. Raises
    ValueError for more than MOST_IDS ids.
    """
    if len(ids) > MOST_IDS:
        raise ValueError(f"At most {MOST_IDS} notices are marked at once, not {len(ids)}.")
    with transaction():
        marked = _mark(user_id, "id <= ?", [up_to]) if up_to is not None else 0
        if ids:
            marked += _mark(user_id, f"id IN ({', '.join('?' * len(ids))})", ids)
        if marked:
            _tell(user_id, ids, up_to)
    return marked


def _rows(user_id: int, before: int | None, unread_only: bool) -> Any:
    mine = Notification.select(lambda row: row.user_id == user_id and row.shown == True)  # noqa: E712  or no index has it
    if before is not None:
        mine = mine.filter(lambda row: row.id < before)
    if unread_only:
        mine = mine.filter(lambda row: row.read_at is None)
    return mine.order_by(desc(Notification.id))


def _kept(row: Notification) -> KeptNotice:
    return KeptNotice(row.id, row.event, row.details, row.path, row.created_at, row.read_at)


def _mark(user_id: int, which: str, values: Sequence[object]) -> int:
    return int(execute(MARK + which, (now(), user_id, True, *values)).rowcount)


def _tell(user_id: int, ids: Sequence[int], up_to: int | None) -> None:
    told = {"type": "notifications-read", "unread": unread_count(user_id), "ids": list(ids), "up_to": up_to}
    cable.publish(cable.user_stream(user_id), {"data": told})
