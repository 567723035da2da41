"""Tells the owner's open pages that a job changed, and every page how many of the reader's jobs are active."""

from __future__ import annotations

from studium.queue.finding import active_ids_of
from studium.queue.jobs import JobView
from studium.services import cable
from studium.services.users import current_user

from .job_phase import phase_of


def publish_change(job: JobView) -> None:
    """Send the change to the stream of the job's owner; a page that comes back within a day gets at least the newest one.

    Messages of several processes may overtake each other, so the page takes progress only within the same `phase`, and never less;
    when the phase is another one it asks for the card.
    """
    if job.user_id is None:
        return
    told = {"type": "job", "id": job.id, "state": job.state, "progress": job.progress, "message": job.message, "phase": phase_of(job)}
    cable.publish(cable.user_stream(job.user_id), {"data": told}, collapse=f"job:{job.id}")


def active_job_ids() -> list[str]:
    """Ids of the reader's active jobs, for the sign in the header; empty for visitors."""
    user = current_user()
    return active_ids_of(user.id) if user else []
