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
    max_crashes: int = Field(3, ge=1, description="number of lost workers after which a job is set aside as failed")
    keep_finished_days: float = Field(1.0, gt=0, description="days that succeeded and cancelled jobs are kept")
    keep_failed_days: float = Field(30.0, gt=0, description="days that failed jobs are kept")

    @model_validator(mode="after")
    def _renewed_in_time(self) -> QueueSettings:
        if self.heartbeat_seconds * 2 > self.lease_seconds:
            raise ValueError(
                "heartbeat_seconds must be at most half of lease_seconds, or a healthy worker loses its jobs"
            )
        return self
