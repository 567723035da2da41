"""The shapes of notices in the API."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from studium.core.api import Schema
from studium.plugins.notifications.reading import MOST_IDS

Id = Annotated[int, Field(ge=1, lt=2**63, strict=True)]


class NoticeShape(Schema):
    """A notice of the signed-in user, in the reader's language; `url` is a path of the site, times are in UTC by ISO 8601."""

    id: int
    event: str
    subject: str
    text: str
    action: str
    url: str
    created_at: str
    read_at: str | None


class ReadNoticesShape(Schema):
    """What POST /api/v1/notifications/read takes: the ids of some, or `up_to`, the newest id that the reader has seen; one of the two."""

    ids: Annotated[list[Id], Field(max_length=MOST_IDS)] | None = None
    up_to: Id | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> ReadNoticesShape:
        if (self.ids is None) == (self.up_to is None):
            raise ValueError("give either ids or up_to")
        return self


class NoticesReadShape(Schema):
    """How many were unread before, and how many are now."""

    marked: int
    unread: int
