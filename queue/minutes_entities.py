"""The row of the statistics: what happened in a queue within one minute."""

from __future__ import annotations

from datetime import datetime

from pony.orm import LongStr, PrimaryKey, Required

from studium.core.database import db


class JobMinute(db.Entity):  # type: ignore[misc]
    """Counts of one minute and queue. `wait_ms` is a JSON list, one count a bucket of `minutes.BOUNDS`; `run_ms` is a sum."""

    _table_ = "job_minute"
    minute = Required(datetime)
    queue = Required(str, 40)
    started = Required(int)
    succeeded = Required(int)
    failed = Required(int)
    cancelled = Required(int)
    retried = Required(int)
    wait_ms = Required(LongStr, lazy=False)
    run_ms = Required(int, size=64)
    PrimaryKey(minute, queue)
