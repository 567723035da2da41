"""The queues of the current app: its kinds of job, and one transport a queue name, made when first needed."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any, cast

from flask import current_app

from studium.core.runtime import runtime
from studium.queue.errors import UnknownQueue
from studium.queue.kinds import QUEUES, JobKind, load_kinds
from studium.queue.transport import Transport

EXTENSION = "studium.queue"
TRANSPORT_FILE = "queue.sqlite3"


@dataclass
class Queues:
    """What a process needs to enqueue and to run jobs."""

    kinds: dict[str, JobKind[Any]]
    transports: dict[str, Transport] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def limits(self) -> dict[str, int]:
        """The kinds of which only so many may run at once."""
        return {name: kind.limit for name, kind in self.kinds.items() if kind.limit is not None}

    def transport(self, queue: str) -> Transport:
        """The transport of a queue; raises UnknownQueue for one that no worker serves."""
        if queue not in QUEUES:
            raise UnknownQueue(f"There is no queue {queue!r}; there are: {', '.join(QUEUES)}.")
        with self.lock:
            if queue not in self.transports:
                core = runtime().settings.core
                self.transports[queue] = Transport(queue, core.data_dir / TRANSPORT_FILE, core.run_dir)
            return self.transports[queue]

    def close(self) -> None:
        """Close the files and sockets of this process."""
        with self.lock:
            for transport in self.transports.values():
                transport.close()
            self.transports.clear()


def init_queues(app: Any) -> None:
    """Collect the kinds of all plugins, once an app, so that two of one name stop the start."""
    app.extensions[EXTENSION] = Queues(load_kinds())


def queues() -> Queues:
    """The queues of the current app."""
    return cast(Queues, current_app.extensions[EXTENSION])
