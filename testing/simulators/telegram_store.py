"""What the simulated Telegram keeps in the data folder, since two web processes share it: chats, updates, the webhook and its faults."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from studium.core.runtime import runtime

FIRST_UPDATE = 900_000_000
TABLES = f"""
CREATE TABLE IF NOT EXISTS telegram_chat (id INTEGER PRIMARY KEY AUTOINCREMENT, person INTEGER NOT NULL, from_bot INTEGER NOT NULL,
    text TEXT NOT NULL, buttons TEXT NOT NULL, waits_since REAL);
CREATE TABLE IF NOT EXISTS telegram_marks (line INTEGER PRIMARY KEY, entities TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS telegram_new_update (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS telegram_state (name TEXT PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO sqlite_sequence (name, seq) SELECT 'telegram_new_update', {FIRST_UPDATE}
    WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'telegram_new_update');
"""


@dataclass(frozen=True)
class Line:
    """A message in a person's chat with the bot; `waits_since` (epoch) while the person waits for what comes of it.

    `entities` mark parts of the text as bold or a link (core.telegram.org/bots/api#messageentity).
    """

    id: int
    from_bot: bool
    text: str
    buttons: list[list[dict[str, str]]]
    waits_since: float | None
    entities: list[dict[str, Any]]


def chat(person: int) -> list[Line]:
    """All messages, the oldest first."""
    with _database() as database:
        rows = database.execute("SELECT id, from_bot, text, buttons, waits_since, entities FROM telegram_chat LEFT JOIN telegram_marks "
                                "ON line = id WHERE person = ? ORDER BY id", (person,))
        return [Line(row[0], bool(row[1]), row[2], json.loads(row[3]), row[4], json.loads(row[5] or "[]")) for row in rows]


def add_line(person: int, from_bot: bool, text: str, buttons: list[Any], entities: list[Any] | None = None) -> int:
    """A new message; its id. What the person waited for has come when it is the bot's."""
    with _database() as database:
        if from_bot:
            database.execute("UPDATE telegram_chat SET waits_since = NULL WHERE person = ?", (person,))
        waits_since = None if from_bot else time.time()
        row = database.execute(
            "INSERT INTO telegram_chat (person, from_bot, text, buttons, waits_since) VALUES (?, ?, ?, ?, ?) RETURNING id",
            (person, from_bot, text, json.dumps(buttons), waits_since)).fetchone()
        if entities:
            database.execute("INSERT INTO telegram_marks VALUES (?, ?)", (row[0], json.dumps(entities)))
    return int(row[0])


def change_line(person: int, line: int, text: str, buttons: list[Any]) -> str:
    """Put another text in the place of a message of the bot; the reason why not, "" when done."""
    with _database() as database:
        row = database.execute("SELECT text, buttons FROM telegram_chat WHERE id = ? AND person = ? AND from_bot",
                               (line, person)).fetchone()
        if row is None:
            return "message to edit not found"
        if row == (text, json.dumps(buttons)):
            return "message is not modified"
        database.execute("UPDATE telegram_chat SET text = ?, buttons = ?, waits_since = NULL WHERE id = ?",
                         (text, json.dumps(buttons), line))
    return ""


def press(line: int) -> None:
    """The person pressed a button of the message and waits."""
    with _database() as database:
        database.execute("UPDATE telegram_chat SET waits_since = ? WHERE id = ?", (time.time(), line))


def add_update(body: dict[str, Any]) -> dict[str, Any]:
    """An update to be given to the bot; with its id."""
    with _database() as database:
        row = database.execute("INSERT INTO telegram_new_update (body) VALUES (?) RETURNING id", (json.dumps(body),)).fetchone()
    return body | {"update_id": int(row[0])}


def new_updates(offset: int | None = None) -> list[dict[str, Any]]:
    """Updates that nobody has taken, the oldest first; those before `offset` are taken."""
    with _database() as database:
        database.execute("DELETE FROM telegram_new_update WHERE id < ?", (offset or 0,))
        rows = database.execute("SELECT id, body FROM telegram_new_update ORDER BY id LIMIT 100").fetchall()
    return [json.loads(row[1]) | {"update_id": int(row[0])} for row in rows]


def take_update(update_id: int) -> None:
    """The webhook took it."""
    with _database() as database:
        database.execute("DELETE FROM telegram_new_update WHERE id = ?", (update_id,))


def keep(name: str, value: Any) -> None:
    """Remember a value (JSON) by name; None forgets it."""
    with _database() as database:
        database.execute("DELETE FROM telegram_state WHERE name = ?", (name,))
        if value is not None:
            database.execute("INSERT INTO telegram_state VALUES (?, ?)", (name, json.dumps(value)))


def kept(name: str) -> Any:
    """The value of the name, or None."""
    with _database() as database:
        row = database.execute("SELECT value FROM telegram_state WHERE name = ?", (name,)).fetchone()
    return json.loads(row[0]) if row else None


def clear() -> None:
    """A Telegram in which nothing was ever written or set, for tests."""
    with _database() as database:
        for table in ("telegram_chat", "telegram_marks", "telegram_new_update", "telegram_state"):
            database.execute(f"DELETE FROM {table}")


@contextmanager
def _database() -> Iterator[sqlite3.Connection]:
    path = runtime().settings.core.data_dir / "simulators.sqlite3"
    with closing(sqlite3.connect(path, timeout=10)) as database:
        database.executescript(TABLES)
        with database:
            yield database
