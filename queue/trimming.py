"""Removes ended jobs that are old enough, a small batch at a time, so that nobody waits long for the write lock."""

from __future__ import annotations

from datetime import timedelta

from pony.orm import delete, select

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.core.logs import get_logger
from studium.core.runtime import runtime
from studium.queue.entities import CANCELLED, FAILED, SUCCEEDED, Job
from studium.queue.settings import QueueSettings

log = get_logger(__name__)
BATCH = 200


def trim() -> int:
    """Remove at most BATCH jobs of each end state; returns how many, so the caller knows whether there are more."""
    settings = runtime().settings[QueueSettings]
    days = {
        SUCCEEDED: settings.keep_finished_days,
        CANCELLED: settings.keep_finished_days,
        FAILED: settings.keep_failed_days,
    }
    removed = sum(_trim(state, timedelta(days=kept)) for state, kept in days.items())
    if removed:
        log.info("jobs_trimmed", jobs=removed)
    return removed


def _trim(state: str, age: timedelta) -> int:
    before = now() - age
    with reading():
        old = list(select(job.id for job in Job if job.state == state and job.finished_at < before)[:BATCH])  # type: ignore[attr-defined]
    if not old:
        return 0
    with transaction():
        removed = delete(job for job in Job if job.id in old and job.state == state)  # type: ignore[attr-defined]
    return int(removed)
