"""A job as plain frozen values, for hooks, pages and the API."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from studium.queue.entities import ACTIVE, Job
from studium.queue.statements import JobRow


@dataclass(frozen=True)
class JobView:
    """The public side of a job at one moment; times are naive UTC, progress is a whole percentage."""

    id: str
    kind: str
    user_id: int | None
    state: str
    queue: str
    priority: int
    run_at: datetime
    attempts: int
    crashes: int
    progress: int
    message: str
    result: dict[str, Any] | None
    error: str | None
    cancel_requested: bool
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    params: dict[str, Any]
    worker: str | None
    unique_key: str | None

    @property
    def active(self) -> bool:
        """Whether the job waits or runs."""
        return self.state in ACTIVE


def view_of(job: Job | JobRow) -> JobView:
    """The view of a row, taken inside the transaction."""
    return JobView(
        id=job.id,
        kind=job.kind,
        user_id=job.user_id,
        state=job.state,
        queue=job.queue,
        priority=job.priority,
        run_at=job.run_at,
        attempts=job.attempts,
        crashes=job.crashes,
        progress=job.progress,
        message=job.message,
        result=json.loads(job.result) if job.result else None,
        error=job.error,
        cancel_requested=job.cancel_requested_at is not None,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        params=json.loads(job.params),
        worker=job.worker,
        unique_key=job.unique_key,
    )
