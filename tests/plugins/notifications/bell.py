"""Notices for the tests of pages: given in words that the tests know, and what the open pages of a person are told of."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any

from flask.testing import FlaskClient
from pony.orm import select

from studium.core.database import reading
from studium.core.runtime import runtime
from studium.plugins.notifications.entities import Notification
from studium.services.cable import last_id, user_stream
from tests.plugins.notifications.conftest import give

SINCE = "SELECT payload FROM message WHERE stream = ? AND id > ? ORDER BY id"


def rains(user_id: int, *towns: str) -> list[int]:
    """Give "It rains in ..." for each town; the ids of all notices of the person, oldest first."""
    for town in towns:
        assert give(user_id, "postcards.rain", town, town=town)
    with reading():
        return sorted(select(row.id for row in Notification if row.user_id == user_id))


def rain(client: FlaskClient, user_id: int, *towns: str) -> list[int]:
    """As `rains`, from outside of the app."""
    with client.application.app_context():
        return rains(user_id, *towns)


class OpenPage:
    """A page of a person from now on, without what it shows."""

    def __init__(self, user_id: int) -> None:
        self._user_id, self._since = user_id, last_id()

    def heard(self) -> list[dict[str, Any]]:
        """The live messages, oldest first."""
        with closing(sqlite3.connect(runtime().settings.core.data_dir / "cable.sqlite3")) as connection:
            rows = connection.execute(SINCE, (user_stream(self._user_id), self._since)).fetchall()
        return [json.loads(payload)["data"] for (payload,) in rows]
