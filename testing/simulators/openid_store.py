"""What the simulated OpenID provider keeps in the data folder, since two web processes share it: codes that work once, and its keys."""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from studium.core.runtime import runtime

CODE_SECONDS = 60
TABLES = """
CREATE TABLE IF NOT EXISTS openid_code (code TEXT PRIMARY KEY, asked TEXT NOT NULL, made_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS openid_key (id INTEGER PRIMARY KEY, private TEXT NOT NULL);
"""


def keep_code(asked: dict[str, Any]) -> str:
    """A code for what was asked and agreed to."""
    code = secrets.token_urlsafe(24)
    with _database() as database:
        database.execute("DELETE FROM openid_code WHERE made_at < ?", (time.time() - CODE_SECONDS,))
        database.execute("INSERT INTO openid_code VALUES (?, ?, ?)", (code, json.dumps(asked), time.time()))
    return code


def take_code(code: str) -> dict[str, Any] | None:
    """What the code is for, once; None for one that is unknown, old or used."""
    with _database() as database:
        row = database.execute("DELETE FROM openid_code WHERE code = ? AND made_at >= ? RETURNING asked",
                               (code, time.time() - CODE_SECONDS)).fetchone()
    found: dict[str, Any] | None = json.loads(row[0]) if row else None
    return found


def private_keys() -> list[dict[str, Any]]:
    """The keys as JWKs, the newest last; the first is made when there is none."""
    with _database() as database:
        database.execute("BEGIN IMMEDIATE")  # of two first requests at once, one makes the key
        rows = database.execute("SELECT private FROM openid_key ORDER BY id").fetchall()
        if not rows:
            rows = [_insert_key(database)]
    return [json.loads(row[0]) for row in rows]


def add_key() -> None:
    """Sign with a new key from now on; the older ones stay published."""
    private_keys()
    with _database() as database:
        _insert_key(database)


def _insert_key(database: sqlite3.Connection) -> tuple[str]:
    text = json.dumps(new_key())
    database.execute("INSERT INTO openid_key (private) VALUES (?)", (text,))
    return (text,)


def new_key() -> dict[str, Any]:
    """A private RSA key with an id."""
    from joserfc.jwk import RSAKey

    return dict(RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True).as_dict(private=True))


@contextmanager
def _database() -> Iterator[sqlite3.Connection]:
    path = runtime().settings.core.data_dir / "simulators.sqlite3"
    with closing(sqlite3.connect(path, timeout=10)) as database:
        database.executescript(TABLES)
        with database:
            yield database
