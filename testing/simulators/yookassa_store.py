"""What the simulated YooKassa keeps: objects, idempotence keys with their answers, switches."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import ClassVar

from studium.core.clock import now_ms
from studium.testing.simulators.records import Body, Records, open_connection

KEY_MS = 24 * 3600 * 1000  # yookassa.ru/developers/using-api/interaction-format#idempotence


class Books(Records):
    """YooKassa's records; `told` are notifications."""

    service = "yookassa"
    tables: ClassVar[dict[str, str]] = {
        "object": """
        CREATE TABLE IF NOT EXISTS yookassa_object (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
            body TEXT NOT NULL);""",
        "key": """
        CREATE TABLE IF NOT EXISTS yookassa_key (key TEXT PRIMARY KEY, request TEXT NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL);""",
    }

    def find(self, kind: str, object_id: str) -> Body | None:
        """The payment, refund or notification of this id."""
        row = self._connection.execute("SELECT body FROM yookassa_object WHERE id = ? AND kind = ?", (object_id, kind)).fetchone()
        return json.loads(row[0]) if row else None

    def get(self, kind: str, object_id: str) -> Body:
        """The same, of one that is there."""
        found = self.find(kind, object_id)
        if found is None:
            raise LookupError(object_id)
        return found

    def all(self, kind: str) -> list[Body]:
        """All of a kind, the newest first."""
        rows = self._connection.execute("SELECT body FROM yookassa_object WHERE kind = ? ORDER BY number DESC", (kind,))
        return [json.loads(row[0]) for row in rows]

    def refunds_of(self, payment_id: str) -> list[Body]:
        """The refunds of a payment, the newest first."""
        return [found for found in self.all("refund") if found["payment_id"] == payment_id]

    def keep(self, kind: str, body: Body) -> Body:
        """Store an object, new or changed."""
        self._connection.execute("INSERT INTO yookassa_object (id, kind, body) VALUES (?, ?, ?) "
                                 "ON CONFLICT (id) DO UPDATE SET body = excluded.body", (body["id"], kind, json.dumps(body)))
        return body

    def notify(self, event: str, found: Body) -> None:
        """A notification with the object as it is now; `id` is for the simulator only, YooKassa's have none."""
        body = {"type": "notification", "event": event, "object": found}
        self.told.append(self.keep("notification", {"id": new_id(), "at": timestamp(), "body": body}))

    def answered(self, key: str) -> tuple[str, str] | None:
        """The request that came first with this key in the last 24 hours, and the body that it got."""
        row = self._connection.execute("SELECT request, body FROM yookassa_key WHERE key = ? AND at > ?",
                                       (key, now_ms() - KEY_MS)).fetchone()
        return (row[0], row[1]) if row else None

    def keep_answer(self, key: str, request: str, body: str) -> None:
        """From now on the key gets this answer."""
        self._connection.execute("INSERT OR REPLACE INTO yookassa_key VALUES (?, ?, ?, ?)", (key, request, now_ms(), body))


@contextmanager
def books() -> Iterator[Books]:
    """Open the records for a change, which is kept at the end unless there is an exception."""
    with open_connection(Books.make_tables()) as connection:
        yield Books(connection)


def new_id() -> str:
    """36 characters, as YooKassa's ids have."""
    made = secrets.token_hex(16)
    return f"{made[:8]}-{made[8:12]}-5000-{made[16:20]}-{made[20:]}"


def timestamp() -> str:
    """This moment as YooKassa writes it."""
    return datetime.fromtimestamp(now_ms() / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
