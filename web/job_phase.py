"""Which stretch of a job's life its progress belongs to; a worker that tells of it needs none of the words of the pages."""

from __future__ import annotations

from studium.queue.jobs import JobView


def phase_of(job: JobView) -> str:
    """Which run and state this is. Progress is compared within one phase only: between phases it may well go back."""
    started = job.started_at.isoformat() if job.started_at else ""
    return f"{job.state}/{started}/{'stopping' if job.cancel_requested else ''}"
