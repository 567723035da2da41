"""What other code does with jobs: enqueue, look up, cancel. Each belongs to the transaction around it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from studium.core.clock import now
from studium.core.database import in_transaction, reading
from studium.queue import lifecycle
from studium.queue.announcements import announce, send_message
from studium.queue.entities import QUEUED, RUNNING, WAITING, Job
from studium.queue.errors import JobError, UnknownJob
from studium.queue.job_ids import new_job_id
from studium.queue.job_view import JobView, view_of
from studium.queue.kinds import JobKind, find_kind, parse_params
from studium.queue.queues import queues

__all__ = ["Job", "JobView", "cancel", "enqueue", "find_job"]


def enqueue(
    kind: str | JobKind[Any],
    params: BaseModel | dict[str, Any] | None = None,
    *,
    user_id: int | None = None,
    run_at: datetime | None = None,
    unique_key: str | None = None,
    priority: int | None = None,
    queue: str | None = None,
) -> Job:
    """Ask for a job in the open transaction: if that commits the job will run, if it rolls back there is no job.

    `run_at` is a time before which it does not start (naive means UTC). With a `unique_key`, an active job of the
    same kind and key is returned instead of a second one. Raises UnknownKind, UnknownQueue, InvalidParams, or
    JobError outside a transaction.
    """
    found = find_kind(queues().kinds, kind.name if isinstance(kind, JobKind) else kind)
    if not in_transaction():
        raise JobError(f"enqueue({found.name}) needs an open transaction(), so that the job commits with its cause.")
    checked = parse_params(found, params)
    name = queues().transport(queue or found.queue).name
    active_key = f"{found.name}:{unique_key}" if unique_key else None
    active: Job | None = Job.get(active_key=active_key) if active_key else None
    if active is not None:
        return active
    job = Job(
        id=new_job_id(),
        kind=found.name,
        user_id=user_id,
        params=checked.model_dump_json(),
        state=QUEUED,
        queue=name,
        priority=found.priority if priority is None else priority,
        run_at=_naive_utc(run_at) or now(),
        created_at=now(),
        attempts=0,
        crashes=0,
        progress=0,
        unique_key=unique_key,
        active_key=active_key,
    )
    job.flush()
    announce("job_enqueued", job)
    if job.run_at <= now():
        send_message(job)
    return job


def cancel(job_id: str) -> JobView:
    """Cancel in the open transaction: a waiting job at once, a running one at its next checkpoint; an ended one stays.

    Raises UnknownJob.
    """
    job = Job.get_for_update(id=job_id)
    if job is None:
        raise _unknown(job_id)
    if job.state in WAITING:
        lifecycle.end_cancelled(job)
    elif job.state == RUNNING and job.cancel_requested_at is None:
        job.cancel_requested_at = now()
        announce("job_cancel_requested", job)
    return view_of(job)


def find_job(job_id: str) -> JobView:
    """The job as it is now; raises UnknownJob."""
    with reading():
        job = Job.get(id=job_id)
        if job is None:
            raise _unknown(job_id)
        return view_of(job)


def _unknown(job_id: str) -> UnknownJob:
    return UnknownJob(f"There is no job {job_id}; ended jobs are removed after a while.")


def _naive_utc(moment: datetime | None) -> datetime | None:
    if moment is None or moment.tzinfo is None:
        return moment
    return moment.astimezone(UTC).replace(tzinfo=None)
