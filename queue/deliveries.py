"""The kind of job that delivers one fact to one subscriber."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from studium.core import facts
from studium.queue.kinds import job_kind
from studium.queue.running import RunningJob


class Delivery(BaseModel):
    """Which fact, to which plugin."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    fact_id: int
    subscriber: str


@job_kind("deliver_fact", "Tell a plugin what happened", params=Delivery, retries=12, queue="realtime")
def deliver_fact(job: RunningJob, params: Delivery) -> None:
    """Deliver the fact; retries go on for about six hours (5 s, doubled twelve times), each subscriber by itself."""
    facts.deliver(params.fact_id, params.subscriber)
