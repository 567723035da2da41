"""The greeting: a job to try the whole way with, from the button to the live bar."""

from __future__ import annotations

import time

from pydantic import BaseModel, ConfigDict, Field

from studium.queue.kinds import job_kind
from studium.queue.running import RunningJob

STEPS_A_SECOND = 4


class Hello(BaseModel):
    """Whom to greet, and how many seconds to think about it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field("", max_length=100)
    seconds: float = Field(3, ge=0, le=60)


@job_kind("hello", "Greeting", params=Hello, self_service=True, tells={"succeeded", "failed"})
def hello(job: RunningJob, params: Hello) -> dict[str, str]:
    """Count to the end, with a checkpoint at each step, then greet."""
    steps = round(params.seconds * STEPS_A_SECOND)
    for step in range(steps):
        job.checkpoint()
        job.progress(100 * step / steps, f"{step} / {steps}")
        time.sleep(1 / STEPS_A_SECOND)
    job.checkpoint()
    return {"greeting": f"Hello, {params.name}!" if params.name else "Hello!"}
