"""Tells the log and the plugins of a job's change, once it is committed."""

from __future__ import annotations

from typing import Any

from studium.core.database import after_commit
from studium.core.logs import get_logger
from studium.core.runtime import runtime
from studium.queue.entities import Job
from studium.queue.job_view import view_of
from studium.queue.queues import queues
from studium.queue.statements import JobRow

log = get_logger(__name__)


def announce(event: str, job: Job | JobRow, **details: Any) -> None:
    """After the commit: one log line `event`, and the hook `job_changed` with the job as it is now."""
    job_view = view_of(job)

    def tell() -> None:
        log.info(
            event, job_id=job_view.id, kind=job_view.kind, queue=job_view.queue, user_id=job_view.user_id, **details
        )
        runtime().hooks.job_changed(job=job_view)

    after_commit(tell)


def send_message(job: Job, ahead: bool = False) -> None:
    """After the commit: send the job's id to its queue, `ahead` of its equals when it has waited long already.

    If that fails, the dispatcher sends a message a second later.
    """
    queue, job_id, priority = job.queue, job.id, job.priority
    after_commit(lambda: queues().transport(queue).send(job_id, priority, ahead))
