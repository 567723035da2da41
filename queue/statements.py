"""What every job goes through, each one statement: made, claimed, succeeded. A third of the cost of loading and saving the entity.

Plain SQL that SQLite (since 3.35) and PostgreSQL share. All other changes of a job go through the entity, in
`lifecycle.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from studium.core.database import execute, execute_many


class JobRow(NamedTuple):
    """A job as the database returned it; the names are those of the entity."""

    id: str
    kind: str
    user_id: int | None
    params: str
    state: str
    queue: str
    priority: int
    run_at: datetime
    attempts: int
    crashes: int
    progress: int
    message: str
    result: str | None
    error: str | None
    cancel_requested_at: datetime | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    worker: str | None
    unique_key: str | None


COLUMNS = ", ".join(JobRow._fields)
TIMES = ("run_at", "cancel_requested_at", "created_at", "started_at", "finished_at")
INSERT = f"insert into job ({COLUMNS}, active_key) values ({', '.join('?' * (len(JobRow._fields) + 1))})"
CLAIM = f"""
update job set state = 'running', lease = ?, worker = ?, leased_until = ?, started_at = ?,
    attempts = attempts + 1, progress = 0, message = ''
where id = ? and queue = ? and state in ('queued', 'retrying') and run_at <= ?
    and not exists (select 1 from queue_pause where queue_pause.queue = job.queue)
returning {COLUMNS}"""
SUCCEED = f"""
update job set state = 'succeeded', result = ?, error = null, progress = 100, active_key = null,
    lease = null, leased_until = null, finished_at = ?
where id = ? and state = 'running' and lease = ?
returning {COLUMNS}"""


def insert(rows: Sequence[JobRow], active_key: str | None = None) -> None:
    """Make the jobs; with an active key it must be one."""
    execute_many(INSERT, [(*map(_stored, row), active_key) for row in rows])


def claim(job_id: str, queue: str, worker: str, lease: str, moment: datetime, until: datetime) -> JobRow | None:
    """Give the job to a worker, if it waits in this queue and is due, and the queue is not paused."""
    return _one(CLAIM, lease, worker, until, moment, job_id, queue, moment)


def succeed(job_id: str, lease: str, result: str | None, moment: datetime) -> JobRow | None:
    """End the job, if it still runs under this lease."""
    return _one(SUCCEED, result, moment, job_id, lease)


def _one(sql: str, *values: object) -> JobRow | None:
    rows = execute(sql, [_stored(value) for value in values]).fetchall()
    if not rows:
        return None
    named = dict(zip(JobRow._fields, rows[0], strict=True))
    return JobRow(**named | {name: _time(named[name]) for name in TIMES})


def stamp(moment: datetime) -> str:
    """A time as the database holds it: text with all six digits, so that the order of the texts is that of the times."""
    return moment.isoformat(" ", "microseconds")


def _stored(value: object) -> object:
    return stamp(value) if isinstance(value, datetime) else value


def _time(value: str | datetime | None) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else value
