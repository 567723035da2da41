"""A third-party plugin for tests of the queue: chores that leave a trace, take time, fail, and tell a fact."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from datetime import timedelta
from types import ModuleType
from typing import Any

from pydantic import BaseModel, ConfigDict

from chores import hookspecs
from studium.core.database import transaction
from studium.core.facts import FactPayload, fact, publish
from studium.core.plugins import hookimpl
from studium.core.runtime import runtime
from studium.queue.kinds import Discard, JobKind, RetryLater, job_kind
from studium.queue.running import RunningJob

TRACE = "chores-trace"


class Chore(BaseModel):
    """What a chore does: fail in its first runs, then take `seconds`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    word: str = ""
    seconds: float = 0
    fail_first: int = 0
    tell: bool = False


@fact("chore_done", version=1)
class ChoreDone(FactPayload):
    """A chore was done."""

    word: str


@job_kind("chore", "Do a chore", params=Chore, retries=3, backoff=0.05)
def chore(job: RunningJob, params: Chore) -> dict[str, Any]:
    """Leave a trace, fail as told, then work with checkpoints."""
    leave_trace(f"{job.id} {params.word}")
    if job.attempt <= params.fail_first:
        raise RuntimeError(f"the broom broke in attempt {job.attempt}")
    _work(job, params.seconds)
    if params.tell:
        with transaction():
            publish(ChoreDone(word=params.word), unique_key=params.word)
    return {"word": params.word}


@job_kind("stubborn_chore", "Do a chore without looking up", params=Chore)
def stubborn_chore(job: RunningJob, params: Chore) -> None:
    """Take the time without checkpoints."""
    leave_trace(f"{job.id} {params.word}")
    time.sleep(params.seconds)


@job_kind("hopeless_chore", "Cannot be done", params=Chore)
def hopeless_chore(job: RunningJob, params: Chore) -> None:
    """Discard."""
    leave_trace(f"{job.id} {params.word}")
    raise Discard("there is no broom")


@job_kind("patient_chore", "Waits until the shop is open", params=Chore, retries=2, backoff=1000.0)
def patient_chore(job: RunningJob, params: Chore) -> None:
    """Say when to come back as often as told."""
    leave_trace(f"{job.id} {params.word}")
    if job.attempt <= params.fail_first:
        raise RetryLater("the shop is closed", params.seconds, counted=params.word != "no try")


@job_kind("late_failure", "Finds out at the end that it cannot be done", params=Chore)
def late_failure(job: RunningJob, params: Chore) -> None:
    """Take the time without checkpoints, then discard."""
    stubborn_chore.run(job, params)
    raise Discard("there was no broom")


@job_kind("deadly_chore", "Kills its worker")
def deadly_chore(job: RunningJob, params: Any) -> None:
    """Die as if out of memory."""
    leave_trace(job.id)
    os.kill(os.getpid(), 9)


@job_kind("odd_chore", "Answers what JSON cannot say")
def odd_chore(job: RunningJob, params: Any) -> dict[str, Any]:
    """Return a set."""
    leave_trace(job.id)
    return {"set": {1, 2}}


@job_kind("short_chore", "Has little time", params=Chore, timeout=0.3, retries=0)
def short_chore(job: RunningJob, params: Chore) -> None:
    """Work, with checkpoints."""
    _work(job, params.seconds)


@job_kind("kept_chore", "Its result is wanted for a week", keep=lambda: timedelta(days=7))
def kept_chore(job: RunningJob, params: Any) -> dict[str, Any]:
    """Return something."""
    return {"word": "kept"}


def leave_trace(line: str) -> None:
    """Append a line that survives a kill: O_APPEND and fsync."""
    file = os.open(runtime().settings.core.data_dir / TRACE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, f"{line}\n".encode())
        os.fsync(file)
    finally:
        os.close(file)


def _work(job: RunningJob, seconds: float) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        job.progress(100 * (1 - left / seconds), f"{left:.1f} s left")
        job.checkpoint()
        time.sleep(min(0.02, left))
    job.checkpoint()


@hookimpl
def register_hookspecs() -> Sequence[ModuleType]:
    """The fact `chore_done`."""
    return [hookspecs]


@hookimpl
def register_jobs() -> Sequence[JobKind[Any]]:
    """All chores."""
    return [chore, stubborn_chore, hopeless_chore, patient_chore, deadly_chore, odd_chore, short_chore, kept_chore, late_failure]


@hookimpl
def chore_done(fact: ChoreDone) -> None:
    """Take the fact."""
    leave_trace(f"told {fact.word}")
