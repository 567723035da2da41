"""Every change of a job's state after it is enqueued. Each is one short transaction, and guarded: what a run brings
is only taken while the job still carries that run's lease, so a late or doubled result changes nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from pony.orm import desc

from studium.core.clock import now
from studium.core.database import transaction
from studium.core.logs import get_logger
from studium.queue import statements
from studium.queue.announcements import announce, send_message
from studium.queue.entities import CANCELLED, FAILED, MESSAGE_LENGTH, QUEUED, RETRYING, RUNNING, WAITING, Job

log = get_logger(__name__)
POISONOUS = (
    "The worker was lost {crashes} times while it ran this job (killed, out of memory, power failure). "
    "The job may be the cause, so it is set aside; read the log lines of its job_id before trying again."
)


@dataclass(frozen=True)
class Claim:
    """One run of a job: the lease that proves it, and what it needs to know; `failures` counts earlier failed runs."""

    id: str
    kind: str
    user_id: int | None
    params: str
    attempt: int
    failures: int
    lease: str


def claim(job_id: str | None, queue: str, worker: str, lease_seconds: float) -> Claim | None:
    """Take the job of this id if it is due, or without an id the best due one (priority, then time); or None."""
    with transaction():
        wanted, lease, moment = job_id or _best_due(queue), secrets.token_hex(16), now()
        until = moment + timedelta(seconds=lease_seconds)
        row = statements.claim(wanted, queue, worker, lease, moment, until) if wanted else None
        if row is None:
            return None
        announce("job_started", row, attempt=row.attempts)
        return Claim(row.id, row.kind, row.user_id, row.params, row.attempts, row.attempts - 1 - row.crashes, lease)


def renew(leases: Collection[str], lease_seconds: float) -> dict[str, bool]:
    """Prolong the leases; answers lease -> whether a cancellation is asked for, of those that still hold."""
    with transaction():
        held = list(Job.select(lambda job: job.lease in leases).for_update()) if leases else []
        for job in held:
            job.leased_until = now() + timedelta(seconds=lease_seconds)
        return {job.lease: job.cancel_requested_at is not None for job in held}


def record_progress(run: Claim, percent: int, message: str) -> bool:
    """Store how far the run is; False when its lease is lost."""
    with transaction():
        job = _held(run)
        if job is None:
            return False
        job.set(progress=percent, message=message[:MESSAGE_LENGTH])
        announce("job_progress", job, percent=percent, message=message)
        return True


def succeed(run: Claim, result: str | None) -> None:
    """The run is done; `result` is JSON text."""
    with transaction():
        row = statements.succeed(run.id, run.lease, result, now())
        if row is None:
            _refuse(run)
        else:
            announce("job_succeeded", row, attempt=run.attempt)


def fail(run: Claim, reason: str) -> None:
    """The job has failed for good."""
    with transaction():
        if job := _held(run):
            end_failed(job, reason)


def retry(run: Claim, reason: str, delay: float) -> None:
    """The run has failed; the job is tried again after `delay` seconds, unless it was cancelled meanwhile."""
    with transaction():
        job = _held(run)
        if job is None:
            return
        if job.cancel_requested_at:
            end_cancelled(job)
            return
        _free(job, RETRYING)
        job.set(error=reason, run_at=now() + timedelta(seconds=delay))
        announce("job_retrying", job, attempt=run.attempt, delay=round(delay, 1), error=reason)


def cancel_run(run: Claim) -> None:
    """The run has stopped at a checkpoint because the job was cancelled."""
    with transaction():
        if job := _held(run):
            end_cancelled(job)


def give_back(run: Claim) -> None:
    """The worker stops before the run is done: the job waits again, and this attempt does not count."""
    with transaction():
        job = _held(run)
        if job is None:
            return
        if job.cancel_requested_at:
            end_cancelled(job)
            return
        _free(job, QUEUED)
        job.attempts -= 1
        announce("job_given_back", job)
        send_message(job, ahead=True)


def crash(job_id: str, max_crashes: int) -> None:
    """If the job's lease is over, its worker was lost: it waits again, or is set aside after `max_crashes` of that."""
    with transaction():
        job = Job.get_for_update(id=job_id)
        if job is None or job.state != RUNNING or job.leased_until >= now():
            return
        job.crashes += 1
        announce("job_crashed", job, crashes=job.crashes, worker=job.worker)
        if job.cancel_requested_at:
            end_cancelled(job)
        elif job.crashes >= max_crashes:
            end_failed(job, POISONOUS.format(crashes=job.crashes))
        else:
            _free(job, QUEUED)
            send_message(job, ahead=True)


def end_cancelled(job: Job) -> None:
    """Within a transaction: the job ends as cancelled."""
    _end(job, CANCELLED)
    announce("job_cancelled", job)


def end_failed(job: Job, reason: str) -> None:
    """Within a transaction: the job ends as failed, with the reason in words."""
    job.error = reason
    _end(job, FAILED)
    announce("job_failed", job, attempt=job.attempts, error=reason)


def _best_due(queue: str) -> str | None:
    found = [job for state in WAITING if (job := _first_due(queue, state))]
    best = min(found, key=lambda job: (-job.priority, job.run_at, job.id), default=None)
    return best.id if best else None


def _first_due(queue: str, state: str) -> Job | None:
    """Of one state only, so that the index already has the order."""
    moment = now()
    due = Job.select(lambda job: job.state == state and job.queue == queue and job.run_at <= moment)
    first: Job | None = due.order_by(lambda job: (desc(job.priority), job.run_at, job.id)).first()
    return first


def _held(run: Claim) -> Job | None:
    job: Job | None = Job.get_for_update(id=run.id)
    if job is not None and job.state == RUNNING and job.lease == run.lease:
        return job
    _refuse(run)
    return None


def _refuse(run: Claim) -> None:
    log.warning(
        "job_result_refused",
        job_id=run.id,
        kind=run.kind,
        attempt=run.attempt,
        reason="the lease of this run is over; the job was given to another worker or has ended",
    )


def _free(job: Job, state: str) -> None:
    job.set(state=state, lease=None, worker=None, leased_until=None)


def _end(job: Job, state: str) -> None:
    job.set(state=state, active_key=None, lease=None, leased_until=None, finished_at=now())
