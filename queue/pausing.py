"""Pause and resume a queue. A paused one starts nothing; what runs goes on, and jobs can be asked for as ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from studium.core.clock import now
from studium.core.database import after_commit, reading, transaction
from studium.core.logs import get_logger
from studium.queue.dispatcher import send_missing
from studium.queue.entities import QueuePause
from studium.queue.queues import queues

log = get_logger(__name__)
NAME_LENGTH = 200


@dataclass(frozen=True)
class QueuePauseView:
    """Who paused a queue, in words, and when (naive UTC)."""

    queue: str
    paused_by: str
    paused_at: datetime


def pause(queue: str, *, by: str = "") -> None:
    """Start nothing more of this queue; one that is paused already stays as it is. Raises UnknownQueue."""
    name = queues().transport(queue).name
    with transaction():
        if QueuePause.get(queue=name) is None:
            QueuePause(queue=name, paused_by=by[:NAME_LENGTH], paused_at=now())
            after_commit(lambda: log.info("queue_paused", queue=name, by=by))


def resume(queue: str, *, by: str = "") -> None:
    """Go on, at once. Raises UnknownQueue."""
    name = queues().transport(queue).name
    with transaction():
        found = QueuePause.get(queue=name)
        if found is not None:
            found.delete()
            after_commit(lambda: log.info("queue_resumed", queue=name, by=by))
            after_commit(lambda: send_missing(name))


def paused() -> dict[str, QueuePauseView]:
    """The paused queues by name."""
    with reading():
        found = QueuePause.select()[:]
        return {row.queue: QueuePauseView(row.queue, row.paused_by, row.paused_at) for row in found}
