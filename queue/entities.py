"""The job row, the truth about a piece of work from the transaction that asks for it until it is trimmed, and what belongs to it."""

from __future__ import annotations

from datetime import datetime

from pony.orm import LongStr, Optional, PrimaryKey, Required, composite_index

from studium.core.database import db

QUEUED, RUNNING, RETRYING = "queued", "running", "retrying"
SUCCEEDED, FAILED, CANCELLED = "succeeded", "failed", "cancelled"
WAITING = (QUEUED, RETRYING)
ACTIVE = (QUEUED, RUNNING, RETRYING)
MESSAGE_LENGTH = 500
ARGUMENT_LENGTH = 100
LINE_LENGTH = 4000
LINES_A_JOB = 200


class Job(db.Entity):  # type: ignore[misc]
    """One job. `lease` is the token of the present run: only its holder may write what the run brought.

    `attempts` counts the runs that began, `crashes` those whose worker was lost. `active_key` is `kind:unique_key`
    while the job is active and empty afterwards, so the database itself allows one active job a key. Times are naive
    UTC.
    """

    _table_ = "job"
    id = PrimaryKey(str, 36)
    kind = Required(str, 100)
    user_id = Optional(int, size=64)
    params = Required(LongStr, lazy=False)
    state = Required(str, 10)
    queue = Required(str, 40)
    priority = Required(int)
    run_at = Required(datetime)
    attempts = Required(int)
    crashes = Required(int)
    progress = Required(int)
    message = Optional(str, MESSAGE_LENGTH)
    result = Optional(LongStr, nullable=True, lazy=False)
    error = Optional(LongStr, nullable=True, lazy=False)
    unique_key = Optional(str, 255, nullable=True)
    active_key = Optional(str, 360, unique=True, nullable=True)
    cancel_requested_at = Optional(datetime)
    lease = Optional(str, 32, nullable=True)
    worker = Optional(str, 100, nullable=True)
    leased_until = Optional(datetime)
    created_at = Required(datetime)
    started_at = Optional(datetime)
    finished_at = Optional(datetime)
    composite_index(state, queue, kind, priority, run_at)
    composite_index(user_id, state, id)
    composite_index(kind, state, id)
    composite_index(state, finished_at)


class JobCount(db.Entity):  # type: ignore[misc]
    """The exact number of job rows of a kind, queue and state; triggers keep it (`sqlite_counters.py`), so nobody else writes it."""

    _table_ = "job_count"
    kind = Required(str, 100)
    queue = Required(str, 40)
    state = Required(str, 10)
    jobs = Required(int)
    PrimaryKey(kind, queue, state)


class JobArgument(db.Entity):  # type: ignore[misc]
    """One param of a job by which it can be found: text as it is, whole numbers as digits, yes and no as "true" and "false"."""

    _table_ = "job_argument"
    name = Required(str, 100)
    value = Required(str, 100)
    job_id = Required(str, 36, index=True)
    PrimaryKey(name, value, job_id)


class JobLine(db.Entity):  # type: ignore[misc]
    """One line of a job's story: an unusual event, or what the job itself wrote. Usual events are in the row's times.

    `event` is the log line's name without "job_": log, retrying, crashed, failed, cancel_requested, cancelled, given_back, retried,
    run_now, params_edited. `text` is the reason with the traceback below it, what the job wrote, or "by Anna (user 3)".
    """

    _table_ = "job_line"
    id = PrimaryKey(int, auto=True)
    job_id = Required(str, 36, index=True)
    at = Required(datetime)
    event = Required(str, 40)
    text = Optional(LongStr, lazy=False)


class QueuePause(db.Entity):  # type: ignore[misc]
    """A queue that starts nothing; what runs goes on."""

    _table_ = "queue_pause"
    queue = PrimaryKey(str, 40)
    paused_by = Optional(str, 200)
    paused_at = Required(datetime)
