"""The queue's part of /up: the transport can be read, and each queue's worker has given a sign of life."""

from __future__ import annotations

import sqlite3

from studium.core.health import HealthCheck, heartbeat_check
from studium.queue.kinds import QUEUES
from studium.queue.queues import queues

DISPATCHER = "dispatcher"


def program_of(queue: str) -> str:
    """The name under which the worker of a queue shows that it lives."""
    return f"worker:{queue}"


def health_checks() -> list[HealthCheck]:
    """One check of the transport, one of each worker, and one of the dispatcher."""
    programs = (*(program_of(queue) for queue in QUEUES), DISPATCHER)
    return [HealthCheck("queue", _check_transport), *(heartbeat_check(program) for program in programs)]


def _check_transport() -> str | None:
    try:
        for queue in QUEUES:
            queues().transport(queue).pending(1)
    except sqlite3.Error as error:
        return f"the transport cannot be read: {error}"
    return None
