"""Looking jobs up: one by its id, and those of a user."""

from __future__ import annotations

from typing import Any

from pony.orm import desc

from studium.core.database import query, reading
from studium.queue.entities import ACTIVE, CANCELLED, FAILED, SUCCEEDED, Job
from studium.queue.errors import UnknownJob
from studium.queue.job_ids import is_job_id
from studium.queue.job_view import JobView, view_of

ACTIVE_IDS = "select id from job where user_id = ? and state in ('queued', 'running', 'retrying')"
ENDED = (SUCCEEDED, FAILED, CANCELLED)


def find_job(job_id: str, *, user_id: int | None = None) -> JobView:
    """The job as it is now; with a `user_id` only that user's own. Raises UnknownJob."""
    with reading():
        return view_of(owned(Job.get(id=job_id) if is_job_id(job_id) else None, job_id, user_id))


def jobs_of(user_id: int, limit: int = 30) -> list[JobView]:
    """The user's newest jobs: active ones first, then ended ones, the newest first in both."""
    with reading():
        found = [job for states in (ACTIVE, ENDED) for job in _newest(user_id, states, limit)]
        return [view_of(job) for job in found[:limit]]


def active_ids_of(user_id: int) -> list[str]:
    """The ids of the user's active jobs, by one look at the index: every page asks for them."""
    with reading():
        return [job_id for (job_id,) in query(ACTIVE_IDS, (user_id,))]


def owned(job: Job | None, job_id: str, user_id: int | None) -> Job:
    """The job, if it is there and, when a user is given, that user's; raises UnknownJob, the same in both cases."""
    if job is None or (user_id is not None and job.user_id != user_id):
        raise UnknownJob(f"There is no job {job_id}; ended jobs are removed after a while.")
    return job


def _newest(user_id: int, states: tuple[str, ...], limit: int) -> list[Any]:
    """State by state, so that the index already has the order."""
    found: list[Any] = []
    for state in states:
        mine = Job.select(lambda job: job.user_id == user_id and job.state == state)  # noqa: B023  read at once
        found += mine.order_by(lambda job: desc(job.id))[:limit]
    return sorted(found, key=lambda job: job.id, reverse=True)[:limit]
