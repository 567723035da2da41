"""What happened to one job, in order: its own times and the lines that were written down about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from studium.core.database import reading
from studium.queue.entities import JobLine
from studium.queue.job_view import JobView
from studium.queue.jobs import find_job


@dataclass(frozen=True)
class StoryLine:
    """One event; `at` is naive UTC, `text` may be empty or have many lines (a traceback)."""

    at: datetime
    event: str
    text: str


@dataclass(frozen=True)
class JobStory:
    """A job as it is now, and its lines, the oldest first."""

    job: JobView
    lines: list[StoryLine]


def story(job_id: str) -> JobStory:
    """The job's story; raises UnknownJob.

    Usual events are not written down: enqueued, started (the last run) and how it ended come from the job's own times.
    """
    with reading():
        job = find_job(job_id)
        rows = JobLine.select(lambda row: row.job_id == job_id).order_by(JobLine.id)
        written = [StoryLine(row.at, row.event, row.text or "") for row in rows]
    ends = [line for line in _ends(job) if line.event not in {known.event for known in written}]
    return JobStory(job, sorted([*_beginnings(job), *written, *ends], key=lambda line: line.at))


def _beginnings(job: JobView) -> Iterator[StoryLine]:
    later = job.run_at if job.state == "queued" and job.run_at > job.created_at and not job.started_at else None
    yield StoryLine(job.created_at, "enqueued", f"to run at {later:%Y-%m-%d %H:%M:%S} UTC" if later else "")
    if job.started_at:
        yield StoryLine(job.started_at, "started", f"attempt {job.attempts}")


def _ends(job: JobView) -> Iterator[StoryLine]:
    if job.finished_at:
        yield StoryLine(job.finished_at, job.state, "")
