"""What a student may ask of jobs: start, look up, cancel, retry. The one place where the queue's errors become answers to requests.

A job that carries a user's id belongs to that person: it counts in their limit, and they may see, cancel and retry it. Work of the
school's own carries no user id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask_babel import gettext as _
from pydantic import BaseModel

from studium.core.database import transaction
from studium.core.errors import Conflict, NotFound, TooManyRequests, Unauthorized, Unprocessable
from studium.queue import jobs
from studium.queue.entities import FAILED
from studium.queue.errors import InvalidParams, NotRetryable, TooManyJobs, UnknownJob, UnknownKind
from studium.queue.jobs import JobView
from studium.queue.kinds import JobKind, parse_params
from studium.queue.queues import queues
from studium.services.people import find_person
from studium.services.users import SignedInUser

from .job_words import limit_in_words

RETRY_AFTER_SECONDS = 10
REQUEST_KEY = re.compile(r"[!-~]{1,100}")  # visible ASCII; a UUID in practice


def start(user: SignedInUser, kind_name: str, params: dict[str, Any], request_key: str | None = None) -> JobView:
    """Start a job of a kind that students may start; two equal requests at once make one job.

    A kind that declares `unique` knows itself what is equal. For the others the client may say so by `request_key` (the header
    Idempotency-Key), which holds while the job is active. Raises Unprocessable, TooManyRequests, Conflict, or what the kind's
    `admit` refuses with.
    """
    kind = _kind_for_students(kind_name)
    parsed = _parse(kind, params)
    key = _unique_key(kind, user, parsed, request_key)
    if kind.admit is not None:
        kind.admit(user.id, parsed)
    with _refusals(), transaction():
        _require_account(user)
        job = jobs.enqueue(kind, parsed, user_id=user.id, unique_key=key)
        if job.user_id != user.id:
            raise Conflict(_("Exactly this is being made for somebody else right now. Please try again in a minute."))
        if kind.unique is None and job.params != parsed.model_dump_json():
            raise _wrong("Idempotency-Key", "This key belongs to an active job with other params; use a new key.")
        job_id = job.id
    return find(user, job_id)


def find(user: SignedInUser, job_id: str) -> JobView:
    """The user's job; raises NotFound, also for somebody else's."""
    with _refusals():
        return jobs.find_job(job_id, user_id=user.id)


def cancel(user: SignedInUser, job_id: str) -> JobView:
    """Cancel the user's job: a waiting one at once, a running one at its next checkpoint; an ended one stays as it is."""
    with _refusals(), transaction():
        return jobs.cancel(job_id, by=_who(user), user_id=user.id)


def retry(user: SignedInUser, job_id: str) -> JobView:
    """Try the user's failed job once more; raises Conflict for one that has not failed, TooManyRequests at the limit."""
    job = find(user, job_id)
    kind = queues().kinds.get(job.kind)
    if job.state != FAILED:
        raise Conflict(_("Only a task that did not work can be tried again."))
    if kind is not None and kind.admit is not None:
        kind.admit(user.id, _parse(kind, job.params))
    with _refusals(), transaction():
        _require_account(user)
        return jobs.retry(job_id, by=_who(user), user_id=user.id)


def _require_account(user: SignedInUser) -> None:
    """Within the transaction: an account that was deleted since the request began gets no job any more, as nobody would remove it."""
    if find_person(user.id) is None:
        raise Unauthorized(_("This account was deleted."))


def _kind_for_students(name: str) -> JobKind[Any]:
    """Kinds that students may not start look as if they were none."""
    kind = queues().kinds.get(name)
    if kind is None or not kind.self_service:
        offered = sorted(one.name for one in queues().kinds.values() if one.self_service)
        raise _wrong("kind", f"There is no such kind of job. You can start: {', '.join(offered) or 'none'}.")
    return kind


def _parse(kind: JobKind[Any], params: dict[str, Any]) -> BaseModel:
    try:
        return parse_params(kind, params)
    except InvalidParams as error:
        errors = [{"field": ".".join(filter(None, ("params", item["field"]))), "message": item["message"]} for item in error.errors[:20]]
        told = "; ".join(f"{item['field']}: {item['message']}" for item in errors)
        raise Unprocessable(f"{told}.", errors=errors) from None


def _unique_key(kind: JobKind[Any], user: SignedInUser, params: BaseModel, request_key: str | None) -> str | None:
    if kind.unique is not None:
        return kind.unique(user.id, params)
    if request_key is None:
        return None
    if not REQUEST_KEY.fullmatch(request_key):
        raise _wrong("Idempotency-Key", "The key must be 1 to 100 visible ASCII characters, such as a UUID.")
    return f"request {user.id} {request_key}"


@contextmanager
def _refusals() -> Iterator[None]:
    """Errors of the queue as answers to a request."""
    try:
        yield
    except UnknownJob:
        raise NotFound(_("There is no such task; finished ones are removed after a while.")) from None
    except TooManyJobs as error:
        raise TooManyRequests(
            limit_in_words(error.limit),
            code="too-many-jobs",
            title="Too many jobs at once",
            headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
            limit=error.limit,
        ) from None
    except NotRetryable:
        raise Conflict(_("The same task is in progress already.")) from None
    except (UnknownKind, InvalidParams):
        raise Conflict(_("This task cannot be tried again, because the school no longer offers it. Please start a new one.")) from None


def _wrong(field: str, message: str) -> Unprocessable:
    return Unprocessable(f"{field}: {message}", errors=[{"field": field, "message": message}])


def _who(user: SignedInUser) -> str:
    return f"{user.display_name} (user {user.id})"
