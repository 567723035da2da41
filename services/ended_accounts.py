"""The jobs of somebody who deleted their account: stopped first, then removed, since params and results tell of the person."""

from __future__ import annotations

from studium.core.database import transaction
from studium.core.errors import StudiumError
from studium.queue import jobs
from studium.queue.errors import NotDiscardable, UnknownJob

BATCH = 100


class StillRunning(StudiumError):
    """A job of the deleted account has not ended yet; the delivery of the fact is tried again."""


def stop_jobs_of(user_id: int) -> None:
    """Cancel the person's active jobs; raises StillRunning while one has not ended, as what it writes has to be removed after it."""
    while active := [job for job in jobs.jobs_of(user_id, BATCH) if job.active]:
        with transaction():
            states = [jobs.cancel(job.id, by="deletion of the account") for job in active]
        running = [job for job in states if job.active]
        if running:
            raise StillRunning(f"The job {running[0].id} of a deleted account is still running; it was told to stop.")


def remove_jobs_of(user_id: int) -> int:
    """Remove the person's ended jobs with all that belongs to them; answers how many."""
    removed = 0
    while gone := _remove_some(user_id):
        removed += gone
    return removed


def _remove_some(user_id: int) -> int:
    with transaction():
        return sum(_discard(job.id) for job in jobs.jobs_of(user_id, BATCH) if not job.active)


def _discard(job_id: str) -> bool:
    try:
        jobs.discard(job_id, by="deletion of the account")
    except (UnknownJob, NotDiscardable):
        return False  # removed or tried again meanwhile
    return True
