"""The signed-in user's notices as JSON: list them, mark them as read."""

from __future__ import annotations

import re
from datetime import datetime

from flask import Response, request

from studium.core.api import data, read_json
from studium.core.errors import Unprocessable
from studium.core.operations import operation
from studium.plugins.notifications.reading import KeptNotice, mark_read, page_of, unread_count
from studium.plugins.notifications.schemas import NoticeShape, NoticesReadShape, ReadNoticesShape
from studium.plugins.notifications.shown import LIST, ShownNotice, notices_of
from studium.services.users import require_user

PAGE, LARGEST_PAGE = 30, 100
YES_OR_NO = {"true": True, "false": False}

BEFORE = {"type": "integer", "minimum": 1, "description": "`meta.next` of the page before"}
LIMIT = {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE}


@operation(NoticeShape, many=True, query={"before": BEFORE, "limit": LIMIT, "unread": {"type": "boolean", "default": False}})
def show_all() -> Response:
    """GET /api/v1/notifications?before=&limit=&unread=: the user's notices, newest first.

    `meta.next` is the `before` of the next page, or null; `meta.unread` is how many are unread.
    """
    user = require_user()
    for name in request.args.keys() - {"before", "limit", "unread"}:
        raise _wrong(name, "There is no such parameter; there are before, limit and unread.")
    page = page_of(user.id, _before(), _limit(), _flag("unread"))
    shapes = [_shape(kept, shown) for kept, shown in zip(page.notices, notices_of(page.notices, user), strict=True)]
    return data(shapes, meta={"next": page.older, "unread": unread_count(user.id)})


@operation(NoticesReadShape, body=ReadNoticesShape)
def read() -> Response:
    """POST /api/v1/notifications/read {ids} or {up_to}: mark these, or all up to one. Others' ids, and read ones, change nothing."""
    user = require_user()
    asked = read_json(ReadNoticesShape)
    marked = mark_read(user.id, asked.ids or (), asked.up_to)
    return data(NoticesReadShape(marked=marked, unread=unread_count(user.id)))


def _shape(kept: KeptNotice, shown: ShownNotice) -> NoticeShape:
    return NoticeShape(id=kept.id, event=kept.event, subject=shown.subject, text=shown.text, action=shown.action, url=shown.path or LIST,
                       created_at=_utc(kept.created_at) or "", read_at=_utc(kept.read_at))


def _utc(moment: datetime | None) -> str | None:
    return f"{moment.isoformat(timespec='milliseconds')}Z" if moment else None


def _before() -> int | None:
    value = request.args.get("before")
    if value is not None and not re.fullmatch("[1-9][0-9]{0,17}", value):
        raise _wrong("before", "This is the meta.next of the page before.")
    return int(value) if value else None


def _limit() -> int:
    value = request.args.get("limit", str(PAGE))
    if not re.fullmatch("[0-9]{1,3}", value) or not 1 <= int(value) <= LARGEST_PAGE:
        raise _wrong("limit", f"This is a whole number from 1 to {LARGEST_PAGE}.")
    return int(value)


def _flag(name: str) -> bool:
    value = request.args.get(name, "false")
    if value not in YES_OR_NO:
        raise _wrong(name, "This is either true or false.")
    return YES_OR_NO[value]


def _wrong(field: str, message: str) -> Unprocessable:
    return Unprocessable(f"{field}: {message}", errors=[{"field": field, "message": message}])
