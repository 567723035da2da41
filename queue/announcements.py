"""Tells the log, the job's story and the plugins of a job's change, and the workers that there is something to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from studium.core.database import after_commit
from studium.core.logs import get_logger
from studium.core.runtime import runtime
from studium.queue.entities import Job
from studium.queue.job_view import view_of
from studium.queue.lines import add_line
from studium.queue.minutes_tally import tally
from studium.queue.queues import queues
from studium.queue.statements import JobRow

log = get_logger(__name__)
MOST_MESSAGES = 1000


def announce(event: str, job: Job | JobRow, *, line: str | None = None, **details: Any) -> None:
    """After the commit: one log line `event`, and the hook `job_changed` with the job as it is now.

    A `line` becomes part of the job's story, in this transaction; give one for what is unusual.
    """
    if line is not None:
        add_line(job.id, event.removeprefix("job_"), line)
    job_view = view_of(job)
    tally().note(event, job_view)

    def tell() -> None:
        log.info(
            event, job_id=job_view.id, kind=job_view.kind, queue=job_view.queue, user_id=job_view.user_id, **details
        )
        runtime().hooks.job_changed(job=job_view)

    after_commit(tell)


def send_message(job: Job | JobRow, ahead: bool = False) -> None:
    """After the commit: send the job's id to its queue, `ahead` of its equals when it has waited long already.

    If that fails, the dispatcher sends a message a second later.
    """
    queue, job_id, priority = job.queue, job.id, job.priority
    after_commit(lambda: queues().transport(queue).send(job_id, priority, ahead))


def send_messages(jobs: Sequence[JobRow]) -> None:
    """After the commit: send the ids of these jobs of one queue and wake the workers once.

    Of very many the first MOST_MESSAGES only; the dispatcher sends the rest as these are worked off.
    """
    if jobs:
        queue, messages = jobs[0].queue, [(job.id, job.priority) for job in jobs[:MOST_MESSAGES]]
        after_commit(lambda: queues().transport(queue).send_many(messages))
