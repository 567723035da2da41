"""Publishes the fact `job_finished` with the end of a job, of those kinds alone that declare it: the others pay one look-up for it."""

from __future__ import annotations

from studium.core.facts import publish
from studium.queue.entities import Job
from studium.queue.facts import JobFinished
from studium.queue.job_view import view_of
from studium.queue.queues import queues
from studium.queue.statements import JobRow

LONGEST_REASON = 500


def tell_of_end(job: Job | JobRow, reason: str = "") -> None:
    """Within the transaction of the end: tell of it, when the job is a person's and its kind declares this state in `tells`.

    `reason` is for people, or "": what an exception says is for the school. The lease lets each end happen once, so the fact needs no key.
    """
    kind = queues().kinds.get(job.kind) if job.user_id is not None else None
    if kind is None or job.state not in kind.tells:
        return
    view = view_of(job)
    download = view.result.get("download") if isinstance(view.result, dict) else None
    publish(JobFinished.model_validate({
        "job_id": view.id, "kind": view.kind, "title": kind.title, "user_id": view.user_id, "state": view.state,
        "download": download if isinstance(download, str) else "", "reason": reason[:LONGEST_REASON],
        "finished_at": view.finished_at,
    }))
