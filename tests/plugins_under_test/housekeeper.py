"""A plugin with periodic tasks that are due each second, a job that never looks up, and one that eats memory."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from studium.core.plugins import hookimpl
from studium.queue.kinds import JobKind, job_kind
from studium.queue.periodic import PeriodicTask
from studium.queue.running import RunningJob

_eaten: list[bytes] = []


class Round(BaseModel):
    """Which period this is."""

    due_at: str


class Meal(BaseModel):
    """How much is eaten, and how long the nap after it is."""

    megabytes: int
    seconds: float


@job_kind("round", "Look into each room", params=Round)
def look_around(job: RunningJob, params: Round) -> dict[str, Any]:
    """Answer the period."""
    return {"due_at": params.due_at}


@job_kind("dust", "Dust the shelves")
def dust(job: RunningJob, params: Any) -> None:
    """Be done at once."""


@job_kind("daydream", "Never looks up", timeout=0.2, retries=0)
def daydream(job: RunningJob, params: Any) -> None:
    """Sleep without a checkpoint."""
    time.sleep(300)


@job_kind("feast", "Eats memory and keeps it", params=Meal)
def feast(job: RunningJob, params: Meal) -> None:
    """Hold on to the memory after the job."""
    _eaten.append(b"x" * params.megabytes * 1_000_000)
    time.sleep(params.seconds)


@hookimpl
def register_jobs() -> Sequence[JobKind[Any]]:
    """All of them."""
    return [look_around, dust, daydream, feast]


@hookimpl
def register_periodic_tasks() -> Sequence[PeriodicTask]:
    """Every second: one that has a job for each period, and one that skips."""
    return [
        PeriodicTask("rounds", "Look into each room", "round", every_seconds=1, catch_up="all"),
        PeriodicTask("dusting", "Dust the shelves", "dust", every_seconds=1, catch_up="skip"),
    ]
