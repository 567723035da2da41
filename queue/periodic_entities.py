"""The rows of periodic tasks: where each task stands, and what became of each of its periods."""

from __future__ import annotations

from datetime import datetime

from pony.orm import Optional, PrimaryKey, Required, composite_key

from studium.core.database import db

ENQUEUED, PAUSED, MISSED, OVERLAPPED = "enqueued", "paused", "missed", "overlapped"


class PeriodicState(db.Entity):  # type: ignore[misc]
    """Where a periodic task stands. `next_due_at` is the next period that nobody has decided about; it only moves in the
    transaction that decides, so each period is decided once. `schedule` is the one it was computed from.
    """

    _table_ = "periodic_task"
    name = PrimaryKey(str, 100)
    schedule = Required(str, 200)
    next_due_at = Required(datetime)
    paused_at = Optional(datetime)
    paused_by = Optional(str, 200)


class PeriodicRun(db.Entity):  # type: ignore[misc]
    """What became of one period of a task, or of one run by hand.

    `outcome` is `enqueued` (`job_id` tells the job), `paused`, `missed` or `overlapped` (the job of an earlier period
    was still active). `end_state` is filled in once the job has ended, because the job's own row goes sooner.
    """

    _table_ = "periodic_run"
    id = PrimaryKey(int, auto=True)
    task = Required(str, 100)
    due_at = Required(datetime)
    decided_at = Required(datetime)
    outcome = Required(str, 20)
    job_id = Optional(str, 36, nullable=True)
    end_state = Optional(str, 10, nullable=True)
    started_by = Optional(str, 200)
    composite_key(task, due_at)
