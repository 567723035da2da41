"""Settings of the job queue: `STUDIUM_QUEUE_*`."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, model_validator

from studium.core.settings import Section


class QueueSettings(Section):
    """How long a lost job is missed, how stubborn it is tried, and how long ended jobs are kept."""

    prefix: ClassVar[str] = "QUEUE"

    lease_seconds: float = Field(
        10.0, gt=0, description="seconds after which a job of a silent worker is given to another one"
    )
    heartbeat_seconds: float = Field(3.0, gt=0, description="seconds between two renewals of the leases by a worker")
    dispatch_seconds: float = Field(1.0, gt=0, description="seconds between two rounds of the dispatcher")
    drain_seconds: float = Field(30.0, gt=0, description="seconds that a stopping worker waits for its running jobs")
    timeout_grace_seconds: float = Field(
        30.0, gt=0, description="seconds past its timeout after which a job that does not stop is ended from outside"
    )
    max_memory_mb: int = Field(0, ge=0, description="resident MB above which a worker lets a fresh process take its place; 0 for no limit")
    user_limit: int = Field(10, ge=1, description="active jobs that one user may have at once")
    max_crashes: int = Field(3, ge=1, description="number of lost workers after which a job is set aside as failed")
    keep_finished_days: float = Field(1.0, gt=0, le=36_500, description="days that succeeded and cancelled jobs are kept")
    keep_failed_days: float = Field(30.0, gt=0, le=36_500, description="days that failed jobs are kept")

    keep_finished_jobs: int = Field(500_000, ge=0, description="most succeeded, and most cancelled, jobs that are kept; older ones go")
    keep_failed_jobs: int = Field(100_000, ge=0, description="most failed jobs that are kept; older ones go")

    @model_validator(mode="after")
    def _renewed_in_time(self) -> QueueSettings:
        if self.heartbeat_seconds * 2 > self.lease_seconds:
            raise ValueError(
                "heartbeat_seconds must be at most half of lease_seconds, or a healthy worker loses its jobs"
            )
        return self
