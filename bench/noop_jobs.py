"""A plugin for `bench/jobs.py` and `bench/backlog.py`: a job that does nothing, the same one at a time, and one that notes how long it
took to start.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from studium.core.plugins import hookimpl
from studium.core.runtime import runtime
from studium.queue.kinds import JobKind, job_kind
from studium.queue.running import RunningJob

STARTS_FILE = "bench-starts"


class Asked(BaseModel):
    """When the job was asked for: CLOCK_MONOTONIC of this box, in nanoseconds."""

    at_ns: int


@job_kind("bench_noop", "Do nothing")
def noop(job: RunningJob, params: Any) -> None:
    """Nothing."""


@job_kind("bench_narrow", "Do nothing, one at a time", limit=1)
def narrow(job: RunningJob, params: Any) -> None:
    """Nothing."""


@job_kind("bench_start", "Note the time from asking to starting", params=Asked)
def start(job: RunningJob, params: Asked) -> None:
    """Append the nanoseconds as one line."""
    waited = time.monotonic_ns() - params.at_ns
    file = os.open(runtime().settings.core.data_dir / STARTS_FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(file, b"%d\n" % waited)
    os.close(file)


@hookimpl
def register_jobs() -> Sequence[JobKind[Any]]:
    """All."""
    return [noop, narrow, start]
