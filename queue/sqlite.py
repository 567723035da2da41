"""The adapter of the transport to SQLite: Huey's storage, with a dequeue that is woken instead of polling."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from studium.core.wakeup import Doorbell, Listener
from studium.queue.lean_huey import SqliteStorage

LONGEST_WAIT = 1.0


class WakingSqliteStorage(SqliteStorage):  # type: ignore[misc]
    """Messages in `queue.sqlite3`. An idle worker only reads, and only when it is rung or once a second.

    Huey's schedule, results, revocations and locks are not used (the job row has them), so nothing of them touches
    the file.
    """

    blocking = True

    def __init__(self, name: str, filename: str, run_dir: Path) -> None:
        self._bell_name = f"queue-{name}"
        self._run_dir = run_dir
        self._doorbell = Doorbell(run_dir, self._bell_name)
        self._waiting = threading.local()
        super().__init__(name, filename=filename)

    def _create_connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection = super()._create_connection()
        connection.execute("pragma synchronous = normal")  # a lost message is sent again from the job row
        return connection

    def enqueue(self, data: bytes, priority: float | None = None) -> None:
        """Store one message and wake the workers of this queue."""
        super().enqueue(data, priority)
        self.ring()

    def enqueue_many(self, messages: list[tuple[bytes, float]]) -> None:
        """Store messages (data, priority) in one transaction and wake the workers once."""
        with self.db(commit=True) as cursor:
            cursor.executemany(
                "insert into task (queue, data, priority) values (?, ?, ?)",
                [(self.name, data, priority) for data, priority in messages],
            )
        self.ring()

    def dequeue(self) -> bytes | None:
        """Take the first message, waiting at most LONGEST_WAIT seconds for one."""
        listener = self._listener()  # it must hear before the first look, or a ring in between would be missed
        data: bytes | None = super().dequeue()
        if data is None and listener.wait(LONGEST_WAIT):
            data = super().dequeue()
        return data

    def pending(self, limit: int) -> int:
        """The number of waiting messages, counted up to `limit`."""
        rows = self.sql(
            "select count(*) from (select 1 from task where queue = ? limit ?)", (self.name, limit), results=True
        )
        return int(rows[0][0])

    def drop_if(self, nothing_is_due: Callable[[], bool]) -> None:
        """Delete the queue's messages if `nothing_is_due()` says so under the write lock of this file.

        A message is sent after its job is committed: one that is there now belongs to a job that the answer has seen.
        """
        with self.db(commit=True) as cursor:
            if nothing_is_due():
                cursor.execute("delete from task where queue = ?", (self.name,))

    def ring(self) -> None:
        """Wake the waiting workers of this queue, in all processes."""
        self._doorbell.ring()

    def close_listener(self) -> None:
        """Give back the listener of this thread."""
        listener = getattr(self._waiting, "listener", None)
        if listener is not None:
            listener.close()
            del self._waiting.listener

    def close(self) -> bool:
        """Give back the connection, the bell and this thread's listener."""
        self.close_listener()
        self._doorbell.close()
        return bool(super().close())

    def _listener(self) -> Listener:
        if not hasattr(self._waiting, "listener"):
            self._waiting.listener = Listener(self._run_dir, self._bell_name)
        listener: Listener = self._waiting.listener
        return listener

    def peek_many(self, keys: list[str]) -> dict[str, Any]:
        """Huey asks here before each run whether the task is revoked: never."""
        return {}

    def delete_data(self, key: str) -> bool:
        """Huey clears a task's revocation here after each run: there is none, so no write."""
        return False
