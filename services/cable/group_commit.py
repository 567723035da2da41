"""A thread that takes all items waiting, handles them in one go, and answers on the loop: commit as soon as the writer is free."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from flask import Flask

from studium.core.logs import get_logger

log = get_logger(__name__)
T = TypeVar("T")
MOST_AT_ONCE = 500
FEW = 3  # after a larger batch the thread lets items gather, so that a busy process commits less often
GATHER_SECONDS = 0.004


class GroupCommit(Generic[T]):
    """Runs `handle(items)` in an app context on its own thread; under load items gather while the last commit runs.

    `handle` must not raise for a bad item; when it raises, `failed(items, error)` is called, on the same thread.
    """

    def __init__(self, app: Flask, handle: Callable[[Sequence[T]], None], failed: Callable[[Sequence[T], Exception], None],
                 name: str) -> None:
        self._app = app
        self._handle = handle
        self._failed = failed
        self._name = name
        self._items: deque[T] = deque()
        self._tasks: deque[Callable[[], object]] = deque()
        self._event = os.eventfd(0)
        self._woken = False
        self._busy_since: float | None = None

    def start(self) -> None:
        """Start the thread."""
        threading.Thread(target=self._run, name=self._name, daemon=True).start()

    def submit(self, item: T) -> None:
        """Hand over an item; from any thread, without waiting."""
        self._items.append(item)
        if not self._woken:  # else the thread is being woken, and looks at the items only after that
            self._woken = True
            os.eventfd_write(self._event, 1)

    def run(self, task: Callable[[], object]) -> None:
        """Run another piece of database work on this thread, such as a heartbeat."""
        self._tasks.append(task)
        os.eventfd_write(self._event, 1)

    @property
    def busy_seconds(self) -> float:
        """How long the present batch has taken so far; 0 between batches."""
        since = self._busy_since
        return time.monotonic() - since if since is not None else 0.0

    def _run(self) -> None:
        with self._app.app_context():
            while True:
                os.eventfd_read(self._event)
                self._woken = False
                while self._items:
                    if self._handle_batch() > FEW:
                        time.sleep(GATHER_SECONDS)
                while self._tasks:
                    self._run_task(self._tasks.popleft())

    def _handle_batch(self) -> int:
        self._busy_since = time.monotonic()
        batch = [self._items.popleft() for _ in range(min(len(self._items), MOST_AT_ONCE))]
        try:
            self._handle(batch)
        except Exception as error:
            log.exception("group_commit_failed", thread=self._name, items=len(batch))
            cause = error
            self._run_task(lambda: self._failed(batch, cause))
        self._busy_since = None
        return len(batch)

    def _run_task(self, task: Callable[[], object]) -> None:
        try:
            task()
        except Exception:
            log.exception("group_commit_task_failed", thread=self._name)
