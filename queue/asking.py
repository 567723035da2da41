"""Asking for jobs: one, or very many by one insert. They belong to the transaction around them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from studium.core.clock import now
from studium.core.database import in_transaction
from studium.queue.announcements import announce, send_message, send_messages
from studium.queue.arguments import store_arguments
from studium.queue.entities import QUEUED, Job
from studium.queue.errors import JobError
from studium.queue.job_ids import new_job_id
from studium.queue.kinds import JobKind, find_kind, parse_params
from studium.queue.queues import queues
from studium.queue.statements import JobRow, insert
from studium.queue.user_limit import refuse_too_many

Params = BaseModel | dict[str, Any] | None


def enqueue(
    kind: str | JobKind[Any],
    params: Params = None,
    *,
    user_id: int | None = None,
    run_at: datetime | None = None,
    unique_key: str | None = None,
    priority: int | None = None,
    queue: str | None = None,
) -> Job:
    """Ask for a job in the open transaction: if that commits the job will run, if it rolls back there is no job.

    `run_at` is a time before which it does not start (naive means UTC). With a `unique_key`, an active job of the
    same kind and key is returned instead of a second one. Raises UnknownKind, UnknownQueue, InvalidParams, TooManyJobs
    when the user has STUDIUM_QUEUE_USER_LIMIT active ones, or JobError outside a transaction.
    """
    found = _kind(kind)
    text = _as_text(found, params)
    key = active_key(found.name, unique_key)
    active: Job | None = Job.get(active_key=key) if key else None
    if active is not None:
        return active
    refuse_too_many(user_id, 1)
    row = _new_rows(found, [text], user_id, run_at, priority, queue, unique_key)[0]
    insert([row], key)
    store_arguments([(row.id, text)])
    announce("job_enqueued", row)
    if row.run_at <= now():
        send_message(row)
    job: Job = Job._get_by_raw_pkval_((row.id,))  # as Pony does for references: the row is read when more than its id is asked for
    return job


def enqueue_many(
    kind: str | JobKind[Any],
    params: Sequence[Params],
    *,
    user_id: int | None = None,
    run_at: datetime | None = None,
    priority: int | None = None,
    queue: str | None = None,
) -> list[str]:
    """Ask for one job of each params, all or none, in the open transaction; their ids in the same order.

    One insert and one wake-up for all. Raises as `enqueue`.
    """
    found = _kind(kind)
    texts = [_as_text(found, one) for one in params]
    refuse_too_many(user_id, len(texts))
    rows = _new_rows(found, texts, user_id, run_at, priority, queue)
    insert(rows)
    store_arguments((row.id, row.params) for row in rows)
    for row in rows:
        announce("job_enqueued", row)
    send_messages([row for row in rows if row.run_at <= now()])
    return [row.id for row in rows]


def active_key(kind: str, unique_key: str | None) -> str | None:
    """What an active job of this kind and key holds alone."""
    return f"{kind}:{unique_key}" if unique_key else None


def _kind(kind: str | JobKind[Any]) -> JobKind[Any]:
    found = find_kind(queues().kinds, kind.name if isinstance(kind, JobKind) else kind)
    if not in_transaction():
        raise JobError(f"enqueue({found.name}) needs an open transaction(), so that the job commits with its cause.")
    return found


def _as_text(kind: JobKind[Any], params: Params) -> str:
    text: str = parse_params(kind, params).model_dump_json()
    return text


def _new_rows(
    kind: JobKind[Any], texts: Sequence[str], user_id: int | None, run_at: datetime | None, priority: int | None, queue: str | None,
    unique_key: str | None = None,
) -> list[JobRow]:
    """Ids made within one millisecond have no order of their own, so they are sorted into that of the params."""
    made = now()
    name, start = queues().transport(queue or kind.queue).name, _naive_utc(run_at) or made
    rank = kind.priority if priority is None else priority
    ids = sorted(new_job_id() for _ in texts)
    return [
        JobRow(
            id=job_id, kind=kind.name, user_id=user_id, params=text, state=QUEUED, queue=name, priority=rank, run_at=start, attempts=0,
            crashes=0, progress=0, message="", result=None, error=None, cancel_requested_at=None, created_at=made, started_at=None,
            finished_at=None, worker=None, unique_key=unique_key,
        )
        for job_id, text in zip(ids, texts, strict=True)
    ]


def _naive_utc(moment: datetime | None) -> datetime | None:
    if moment is None or moment.tzinfo is None:
        return moment
    return moment.astimezone(UTC).replace(tzinfo=None)
