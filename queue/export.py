"""The jobs of a person, for the copy of their data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pony.orm import select

from studium.core.database import reading
from studium.queue.entities import Job

COLUMNS = ("id", "kind", "state", "queue", "priority", "attempts", "progress", "message", "error", "run_at", "created_at", "started_at",
           "finished_at", "cancel_requested_at")
ROWS_AT_ONCE = 200


def export_jobs(user_id: int) -> Iterator[dict[str, Any]]:
    """Each job that is still kept, the oldest first; without what the workers note for themselves (leases, tracebacks)."""
    after = ""
    while True:
        with reading():
            wanted = select(job for job in Job if job.user_id == user_id and job.id > after)  # type: ignore[attr-defined]
            rows = [_values(job) for job in wanted.order_by(lambda job: job.id)[:ROWS_AT_ONCE]]
        yield from rows
        if len(rows) < ROWS_AT_ONCE:
            return
        after = rows[-1]["id"]


def _values(job: Job) -> dict[str, Any]:
    values: dict[str, Any] = job.to_dict(COLUMNS)
    return values | {"params": json.loads(job.params), "result": json.loads(job.result) if job.result else None}
