"""Which queues are paused. Only read here; `pausing.py` changes it."""

from __future__ import annotations

from studium.core.database import query


def paused_queues() -> set[str]:
    """The names of the paused queues; inside `reading()` or `transaction()`."""
    return {queue for (queue,) in query("select queue from queue_pause")}
