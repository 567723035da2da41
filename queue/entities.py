"""The job row: the truth about a piece of work, from the transaction that asks for it until it is trimmed."""

from __future__ import annotations

from datetime import datetime

from pony.orm import LongStr, Optional, PrimaryKey, Required, composite_index

from studium.core.database import db

QUEUED, RUNNING, RETRYING = "queued", "running", "retrying"
SUCCEEDED, FAILED, CANCELLED = "succeeded", "failed", "cancelled"
WAITING = (QUEUED, RETRYING)
ACTIVE = (QUEUED, RUNNING, RETRYING)
MESSAGE_LENGTH = 500


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
    composite_index(state, queue, priority, run_at)
    composite_index(user_id, state)
    composite_index(state, finished_at)
