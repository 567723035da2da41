"""A third-party plugin for fault tests: kinds with limits that write down when a run begins and ends, and tasks that tick each second."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pydantic import BaseModel, ConfigDict

from studium.core.plugins import hookimpl
from studium.core.runtime import runtime
from studium.queue.kinds import Discard, JobKind, job_kind
from studium.queue.periodic import PeriodicTask
from studium.queue.running import RunningJob

TRACE = "drills-trace"


class Drill(BaseModel):
    """Take `seconds`; then fail in the first runs, or for good."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    seconds: float = 0
    fail_first: int = 0
    fail: bool = False


@job_kind("free_drill", "A drill without a limit", params=Drill)
def free_drill(job: RunningJob, params: Drill) -> None:
    """Work."""
    _drill(job, params)


@job_kind("patient_drill", "A drill that waits long for its retry", params=Drill, backoff=1.5)
def patient_drill(job: RunningJob, params: Drill) -> None:
    """Work."""
    _drill(job, params)


@job_kind("single_drill", "One at once", params=Drill, limit=1)
def single_drill(job: RunningJob, params: Drill) -> None:
    """Work."""
    _drill(job, params)


@job_kind("double_drill", "Two at once", params=Drill, limit=2)
def double_drill(job: RunningJob, params: Drill) -> None:
    """Work."""
    _drill(job, params)


@job_kind("user_drill", "What greedy users ask for", params=Drill)
def user_drill(job: RunningJob, params: Drill) -> None:
    """Work."""
    _drill(job, params)


@job_kind("tick_drill", "What is due every second")
def tick_drill(job: RunningJob, params: BaseModel) -> None:
    """Only leave a trace."""
    with _traced(job):
        pass


def _drill(job: RunningJob, params: Drill) -> None:
    with _traced(job):
        end = time.monotonic() + params.seconds
        while time.monotonic() < end:
            job.checkpoint()
            time.sleep(0.02)
        if params.fail:
            raise Discard("it was asked to fail")
        if job.attempt <= params.fail_first:
            raise RuntimeError(f"the drill fails in attempt {job.attempt}")


@contextmanager
def _traced(job: RunningJob) -> Iterator[None]:
    _leave("begin", job)
    try:
        yield
    finally:
        _leave("end", job)


def _leave(event: str, job: RunningJob) -> None:
    """One line in one write, which a kill of the process cannot take back."""
    file = os.open(runtime().settings.core.data_dir / TRACE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, f"{event} {time.time():.6f} {os.getpid()} {job.id} {job.claim.lease}\n".encode())
    finally:
        os.close(file)


@hookimpl
def register_jobs() -> Sequence[JobKind[Any]]:
    """All drills."""
    return [free_drill, patient_drill, single_drill, double_drill, user_drill, tick_drill]


@hookimpl
def register_periodic_tasks() -> Sequence[PeriodicTask]:
    """One task that catches up on every period it missed, and one that does so once."""
    return [
        PeriodicTask(name="tick_all", title="Tick", kind="tick_drill", every_seconds=1, catch_up="all"),
        PeriodicTask(name="tick_once", title="Tick", kind="tick_drill", every_seconds=1, catch_up="once"),
    ]
