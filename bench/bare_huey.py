"""Bare Huey beside us, for `bench/jobs.py`: the same two jobs, SQLite, two worker threads, the same durability of a commit.

What it does not do: commit with the change that asks for it, survive the kill of its worker, retry with a backoff, count, cancel, tell.
"""

from __future__ import annotations

import os
import sqlite3
import time

from huey.api import Huey
from huey.storage import SqliteStorage

STARTS_FILE = "huey-starts"
FOLDER = os.environ["BARE_HUEY_FOLDER"]


class NormalSqliteStorage(SqliteStorage):  # type: ignore[misc]
    """With the durability of our transport and our rows."""

    def _create_connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection = super()._create_connection()
        connection.execute("pragma synchronous = normal")
        return connection


huey = Huey("bare", storage_class=NormalSqliteStorage, filename=f"{FOLDER}/huey.sqlite3")  # what huey.SqliteHuey is, with that storage


@huey.task()  # type: ignore[misc]
def noop() -> None:
    """Nothing."""


@huey.task()  # type: ignore[misc]
def start(at_ns: int) -> None:
    """Append the nanoseconds from asking to starting as one line."""
    waited = time.monotonic_ns() - at_ns
    file = os.open(f"{FOLDER}/{STARTS_FILE}", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(file, b"%d\n" % waited)
    os.close(file)
