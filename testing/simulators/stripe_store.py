"""What the simulated Stripe keeps: objects, idempotency keys with their answers, switches."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from studium.core.clock import now_ms
from studium.testing.simulators.records import Body, Records, open_connection

KEY_SECONDS = 24 * 3600  # docs.stripe.com/api/idempotent_requests


class Books(Records):
    """Stripe's records; `told` are events."""

    service = "stripe"
    tables: ClassVar[dict[str, str]] = {
        "object": """
        CREATE TABLE IF NOT EXISTS stripe_object (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, object TEXT NOT NULL,
            body TEXT NOT NULL);
        CREATE INDEX IF NOT EXISTS stripe_object_kind ON stripe_object (object, number);""",
        "key": """
        CREATE TABLE IF NOT EXISTS stripe_key (key TEXT PRIMARY KEY, request TEXT NOT NULL, at INTEGER NOT NULL, status INTEGER NOT NULL,
            body TEXT NOT NULL);""",
    }

    def find(self, object_id: str) -> Body | None:
        """The object of this id."""
        row = self._connection.execute("SELECT body FROM stripe_object WHERE id = ?", (object_id,)).fetchone()
        return json.loads(row[0]) if row else None

    def get(self, object_id: str) -> Body:
        """The object of this id, which is there."""
        found = self.find(object_id)
        if found is None:
            raise LookupError(object_id)
        return found

    def all(self, kind: str, **like: str | None) -> list[Body]:
        """The objects of a kind whose fields are so, the newest first."""
        rows = self._connection.execute("SELECT body FROM stripe_object WHERE object = ? ORDER BY number DESC", (kind,))
        found: list[Body] = [json.loads(row[0]) for row in rows]
        return [one for one in found if all(one.get(name) == value for name, value in like.items())]

    def keep(self, body: Body) -> Body:
        """Store an object, new or changed."""
        self._connection.execute("INSERT INTO stripe_object (id, object, body) VALUES (?, ?, ?) "
                                 "ON CONFLICT (id) DO UPDATE SET body = excluded.body", (body["id"], body["object"], json.dumps(body)))
        return body

    def answered(self, key: str) -> tuple[str, int, str] | None:
        """The request that came first with this key in the last 24 hours, and the status and body that it got."""
        row = self._connection.execute("SELECT request, status, body FROM stripe_key WHERE key = ? AND at > ?",
                                       (key, epoch() - KEY_SECONDS)).fetchone()
        return (row[0], row[1], row[2]) if row else None

    def keep_answer(self, key: str, request: str, status: int, body: str) -> None:
        """From now on the key gets this answer."""
        self._connection.execute("INSERT OR REPLACE INTO stripe_key VALUES (?, ?, ?, ?, ?)", (key, request, epoch(), status, body))


@contextmanager
def books() -> Iterator[Books]:
    """Open the records for a change, which is kept at the end unless there is an exception."""
    with open_connection(Books.make_tables()) as connection:
        yield Books(connection)


def new_id(prefix: str) -> str:
    """An id as Stripe makes them."""
    return f"{prefix}_{secrets.token_hex(12)}"


def epoch() -> int:
    """Seconds since the epoch."""
    return now_ms() // 1000
