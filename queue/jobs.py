"""The queue's public face: what other code does with jobs."""

from __future__ import annotations

from studium.queue.asking import enqueue, enqueue_many
from studium.queue.changing import cancel, discard, retry, run_now
from studium.queue.entities import Job
from studium.queue.finding import find_job, jobs_of
from studium.queue.job_view import JobView

__all__ = ["Job", "JobView", "cancel", "discard", "enqueue", "enqueue_many", "find_job", "jobs_of", "retry", "run_now"]
