"""`studium ARGUMENT...` that is killed (-9) at one point of a job's life: `doomed.py POINT ARGUMENT...`.

A point is "before EVENT" (inside the transaction of that event, so it must roll back) or "after EVENT" (committed, and nobody was told and
no message sent), with an event of the log such as job_started; or "before the end", between the work and the transaction that stores it.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from studium.core import database
from studium.core.cli import main
from studium.queue import announcements, lifecycle
from studium.queue.worker import Runner


def die(*_: object, **__: object) -> None:
    """As the kernel does it when memory is short."""
    os.kill(os.getpid(), signal.SIGKILL)


def doom(point: str) -> None:
    """Patch this process, so that it dies there."""
    when, _space, event = point.partition(" ")
    if event == "the end":
        Runner._store = die  # type: ignore[method-assign]
        return
    announce = announcements.announce

    def announce_and_die(told: str, *values: Any, **details: Any) -> None:
        if told == event:
            die() if when == "before" else database.after_commit(die)
        announce(told, *values, **details)

    for module in (announcements, lifecycle):
        module.announce = announce_and_die  # type: ignore[attr-defined]


if __name__ == "__main__":
    doom(sys.argv[1])
    sys.argv = ["studium", *sys.argv[2:]]
    main()
