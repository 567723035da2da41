"""What people do with a job that is there: cancel, retry, discard, start now. Each joins the open transaction, or opens its own."""

from __future__ import annotations

from pydantic import BaseModel

from studium.core.clock import now
from studium.core.database import after_commit, execute, transaction
from studium.core.logs import get_logger
from studium.queue import lifecycle
from studium.queue.announcements import announce, send_message
from studium.queue.arguments import store_arguments
from studium.queue.asking import active_key
from studium.queue.entities import FAILED, QUEUED, RUNNING, WAITING, Job
from studium.queue.errors import NotDiscardable, NotRetryable, NotWaiting
from studium.queue.finding import owned
from studium.queue.job_ids import is_job_id
from studium.queue.job_view import JobView, view_of
from studium.queue.kinds import find_kind, parse_params
from studium.queue.queues import queues
from studium.queue.removing import remove_jobs
from studium.queue.user_limit import refuse_too_many

log = get_logger(__name__)


def cancel(job_id: str, *, by: str = "", user_id: int | None = None) -> JobView:
    """Cancel: a waiting job at once, a running one at its next checkpoint; an ended one stays as it is.

    `by` says who, in words, for the job's story; with a `user_id`, only that user's own job. Raises UnknownJob.
    """
    with transaction():
        job = _find(job_id, user_id)
        if job.state in WAITING:
            lifecycle.end_cancelled(job, _by(by))
        elif job.state == RUNNING and job.cancel_requested_at is None:
            job.cancel_requested_at = now()
            announce("job_cancel_requested", job, line=_by(by))
        return view_of(job)


def retry(job_id: str, *, params: BaseModel | dict[str, object] | None = None, by: str = "", user_id: int | None = None) -> JobView:
    """Start a failed job again from the beginning: attempts and crashes count from 0; with `params`, with these instead.

    Raises UnknownJob, NotRetryable, UnknownKind, InvalidParams and TooManyJobs.
    """
    with transaction():
        job = _find(job_id, user_id)
        _refuse_unless_retryable(job)
        kind = find_kind(queues().kinds, job.kind)
        refuse_too_many(job.user_id, 1)
        if params is not None:
            _edit(job, parse_params(kind, params).model_dump_json(), by)
        job.set(state=QUEUED, active_key=active_key(job.kind, job.unique_key), run_at=now(), attempts=0, crashes=0, progress=0,
                message="", result=None, error=None, worker=None, cancel_requested_at=None, started_at=None, finished_at=None)
        announce("job_retried", job, line=_by(by))
        send_message(job)
        return view_of(job)


def discard(job_id: str, *, by: str = "") -> None:
    """Remove an ended job with all that belongs to it. Raises UnknownJob and NotDiscardable."""
    with transaction():
        job = _find(job_id, None)
        if job.finished_at is None:
            raise NotDiscardable(f"The job {job_id} is {job.state}; cancel it first.")
        kind, state, user_id = job.kind, job.state, job.user_id
        remove_jobs([job_id], state)
        after_commit(lambda: log.info("job_discarded", job_id=job_id, kind=kind, state=state, user_id=user_id, by=by))


def run_now(job_id: str, *, by: str = "") -> JobView:
    """Make a waiting job due at once, before its `run_at` or the end of its wait for a retry. Raises UnknownJob and NotWaiting."""
    with transaction():
        job = _find(job_id, None)
        if job.state not in WAITING:
            raise NotWaiting(f"The job {job_id} is {job.state}; only a waiting job can be started now.")
        job.run_at = min(job.run_at, now())
        announce("job_run_now", job, line=_by(by))
        send_message(job, ahead=True)
        return view_of(job)


def _find(job_id: str, user_id: int | None) -> Job:
    return owned(Job.get_for_update(id=job_id) if is_job_id(job_id) else None, job_id, user_id)


def _refuse_unless_retryable(job: Job) -> None:
    if job.state != FAILED:
        raise NotRetryable(f"The job {job.id} is {job.state}; only a failed job can be tried again.")
    key = active_key(job.kind, job.unique_key)
    active = Job.get(active_key=key) if key else None
    if active is not None:
        raise NotRetryable(f"The job {active.id} is doing the same already (its state is {active.state}).")


def _edit(job: Job, params: str, by: str) -> None:
    announce("job_params_edited", job, line=f"{_by(by)}\nbefore: {job.params}\nafter: {params}".strip())
    execute("delete from job_argument where job_id = ?", (job.id,))
    store_arguments([(job.id, params)])
    job.params = params


def _by(who: str) -> str:
    return f"by {who}" if who else ""
