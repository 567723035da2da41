"""Every change of a job's state after it is enqueued. Each is one short transaction, and guarded: what a run brings
is only taken while the job still carries that run's lease, so a late or doubled result changes nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from studium.core.clock import now
from studium.core.database import transaction
from studium.core.logs import get_logger
from studium.queue import statements
from studium.queue.announcements import announce, send_message
from studium.queue.entities import CANCELLED, FAILED, MESSAGE_LENGTH, QUEUED, RETRYING, RUNNING, Job
from studium.queue.lines import Line, add_lines, shortened, with_traceback
from studium.queue.slots import best_due, job_has_slot, slot_freed
from studium.queue.telling import tell_of_end

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
    """Take the job of this id if it is due, or without an id the best due one (priority, then time); or None.

    The limit of its kind is counted inside the transaction that also takes it, so no two workers count the same free place.
    """
    with transaction():
        lease, moment = secrets.token_hex(16), now()
        wanted = best_due(queue, moment) if job_id is None else job_id
        if wanted is None or (job_id is not None and not job_has_slot(job_id)):
            return None
        row = statements.claim(wanted, queue, worker, lease, moment, moment + timedelta(seconds=lease_seconds))
        if row is None:
            return None
        announce("job_started", row, attempt=row.attempts)
        return Claim(row.id, row.kind, row.user_id, row.params, row.attempts, row.attempts - 1 - row.crashes, lease)


def renew(leases: Collection[str], lease_seconds: float) -> dict[str, bool]:
    """Prolong the leases; answers lease -> whether a cancellation is asked for, of those that still hold."""
    with transaction():
        held = list(Job.select(lambda job: job.state == RUNNING and job.lease in leases).for_update()) if leases else []
        for job in held:
            job.leased_until = now() + timedelta(seconds=lease_seconds)
        return {job.lease: job.cancel_requested_at is not None for job in held}


def record(run: Claim, progress: tuple[int, str] | None, lines: Sequence[Line] = ()) -> bool:
    """Store how far the run is (percent, message), and what it wrote; False, and nothing, when its lease is lost."""
    with transaction():
        job = _held(run)
        if job is None:
            return False
        if lines:
            add_lines(run.id, lines)
        if progress is not None:
            percent, message = progress
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
            tell_of_end(row)
            slot_freed(row.kind)


def fail(run: Claim, reason: str, error: BaseException | None = None) -> None:
    """The job has failed for good, or is cancelled if that was asked for; the traceback of `error` is kept in its story."""
    with transaction():
        if job := _held(run):
            _end_cancelled_or(job, lambda job: end_failed(job, reason, error))


def retry(run: Claim, reason: str, delay: float, error: BaseException | None = None, *, counted: bool = True) -> None:
    """The run has failed; the job is tried again after `delay` seconds, or cancelled if that was asked for. Not `counted`, it was none."""

    def wait(job: Job) -> None:
        job.attempts -= not counted
        _free(job, RETRYING)
        job.set(error=shortened(reason), run_at=now() + timedelta(seconds=delay))
        announce("job_retrying", job, line=_why(reason, error), attempt=run.attempt, delay=round(delay, 1), error=reason)

    with transaction():
        if job := _held(run):
            _end_cancelled_or(job, wait)


def cancel_run(run: Claim) -> None:
    """The run has stopped at a checkpoint because the job was cancelled."""
    with transaction():
        if job := _held(run):
            end_cancelled(job)
            slot_freed(job.kind)


def give_back(run: Claim) -> None:
    """The worker stops before the run is done: the job waits again, and this attempt does not count."""

    def wait(job: Job) -> None:
        job.attempts -= 1
        _free(job, QUEUED)
        announce("job_given_back", job, line="the worker stopped")
        send_message(job, ahead=True)

    with transaction():
        if job := _held(run):
            _end_cancelled_or(job, wait)


def crash(job_id: str, max_crashes: int) -> None:
    """If the job's lease is over, its worker was lost: it waits again, or is set aside after `max_crashes` of that."""

    def wait(job: Job) -> None:
        _free(job, QUEUED)
        send_message(job, ahead=True)

    def set_aside(job: Job) -> None:
        end_failed(job, POISONOUS.format(crashes=job.crashes))

    with transaction():
        job = Job.get_for_update(id=job_id)
        if job is None or job.state != RUNNING or job.leased_until >= now():
            return
        job.crashes += 1
        announce("job_crashed", job, line=f"the worker {job.worker} was lost", crashes=job.crashes, worker=job.worker)
        _end_cancelled_or(job, set_aside if job.crashes >= max_crashes else wait)


def end_cancelled(job: Job, line: str = "") -> None:
    """Within a transaction: the job ends as cancelled."""
    _end(job, CANCELLED)
    announce("job_cancelled", job, line=line)


def end_failed(job: Job, reason: str, error: BaseException | None = None) -> None:
    """Within a transaction: the job ends as failed, with the reason in words."""
    job.error = shortened(reason)
    _end(job, FAILED)
    announce("job_failed", job, line=_why(reason, error), attempt=job.attempts, error=reason)
    tell_of_end(job, reason if error is None else "")


def _end_cancelled_or(job: Job, other: Callable[[Job], object]) -> None:
    """What was asked to be cancelled is neither tried again nor failed."""
    if job.cancel_requested_at:
        end_cancelled(job)
    else:
        other(job)
    slot_freed(job.kind)


def _why(reason: str, error: BaseException | None) -> str:
    return with_traceback(reason, error) if error else reason


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
