"""Finds jobs among very many, a page at a time and the newest first, at the price of a page and not of the table."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

from studium.core.database import reading
from studium.queue.candidates import Branch, Limits, best_branches, look_through
from studium.queue.entities import Job
from studium.queue.job_filter import STATES, JobFilter
from studium.queue.job_ids import first_id_at, made_at
from studium.queue.job_view import JobView, view_of

__all__ = ["STATES", "JobFilter", "JobPage", "search"]

MOST_LOOKED_AT = 5000
MOST_SECONDS = 0.04
EPOCH = datetime(1970, 1, 1)
OLDEST, NEWEST = "", "g"  # the ids of all jobs sort between them


@dataclass(frozen=True)
class JobPage:
    """Some of the jobs that were wanted, the newest first; `next` is the `before` of the following page, or None at the end.

    With `looked_back_to` (naive UTC) the page is short because looking further would have taken too long: what was enqueued
    before that time has not been looked at yet, `next` goes on there.
    """

    jobs: list[JobView]
    next: str | None = None
    looked_back_to: datetime | None = None


def search(wanted: JobFilter, before: str | None = None, limit: int = 50) -> JobPage:
    """One page of at most `limit` jobs, older than the job id `before`.

    Paged by id, so a page costs the same wherever it is, and jobs that come or go meanwhile shift nothing. Where no index answers the
    whole question, at most MOST_LOOKED_AT jobs or so are looked at, and as many as can be in MOST_SECONDS on a cold disk.
    """
    low = _first_id(wanted.since) or OLDEST
    high = min(before or NEWEST, _first_id(wanted.until) or NEWEST)
    with reading():
        branches = best_branches(wanted, low, high, MOST_LOOKED_AT)
        ids, reached = _merge(branches, low, high, limit)
        shown = _views(ids[:limit])
    if len(ids) > limit:
        return JobPage(shown, next=ids[limit - 1])
    if reached:
        return JobPage(shown, next=reached, looked_back_to=made_at(reached))
    return JobPage(shown)


def _merge(branches: list[Branch], low: str, high: str, limit: int) -> tuple[list[str], str]:
    """The newest ids of all branches, one more than `limit` if there are more; and the id down to which no branch misses one, or ""."""
    limits = Limits(MOST_LOOKED_AT // max(1, len(branches)), time.monotonic() + MOST_SECONDS)
    found: list[str] = []
    complete_to = ""
    for branch in branches:
        ids, reached = look_through(branch, low, high, limit + 1, limits)
        found += ids
        complete_to = max(complete_to, reached)
    once = {job_id for job_id in found if job_id >= complete_to}  # a job that changed its state meanwhile may be found in two branches
    return sorted(once, reverse=True)[: limit + 1], complete_to


def _views(ids: list[str]) -> list[JobView]:
    rows = Job.select(lambda job: job.id in ids) if ids else ()
    return sorted((view_of(job) for job in rows), key=lambda job: job.id, reverse=True)


def _first_id(moment: datetime | None) -> str | None:
    return first_id_at(max(moment, EPOCH)) if moment else None
