"""The signed-in user's jobs as JSON: start, list, look at, cancel and retry them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, cast

from flask import Response, request

from studium.core.api import data, read_json
from studium.core.errors import Problem, Unprocessable
from studium.core.operations import operation
from studium.queue.entities import ACTIVE, FAILED
from studium.queue.job_ids import is_job_id
from studium.queue.jobs import JobView
from studium.queue.search import JobFilter, search
from studium.services.users import require_user

from . import job_requests
from .job_words import reason_of, title_of
from .schemas import JobShape, NewJobShape

LARGEST_REQUEST = 16_000  # bytes; params name things, they do not carry them
PAGE, LARGEST_PAGE = 30, 100
YES_OR_NO = {"true": True, "false": False}

BEFORE = {"type": "string", "description": "`meta.next` of the page before"}
LIMIT = {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE}
REQUEST_KEY = {"type": "string", "pattern": "^[!-~]{1,100}$", "description": "two requests with one key make one job while it is active"}


@operation(JobShape, body=NewJobShape, status=202, headers={"Idempotency-Key": REQUEST_KEY}, errors=(404, 409))
def start() -> Response:
    """POST /api/v1/jobs {kind, params}: 202 with the job; 422 naming what is wrong, 429 at the user's limit.

    With the header Idempotency-Key a second request with the same key and params answers the same job while that is active.
    """
    user = require_user()
    if len(request.get_data(cache=True)) > LARGEST_REQUEST:
        told = f"A job is asked for in at most {LARGEST_REQUEST} bytes."
        raise Problem(told, status=413, code="request-too-large", title="That is too big")
    asked = read_json(NewJobShape)
    job = job_requests.start(user, asked.kind, asked.params, request.headers.get("Idempotency-Key"))
    response = data(_shape(job), status=202)
    response.headers["Location"] = f"/api/v1/jobs/{job.id}"
    return response


@operation(JobShape, many=True, query={"before": BEFORE, "limit": LIMIT, "active": {"type": "boolean"}})
def show_all() -> Response:
    """GET /api/v1/jobs?before=&limit=&active=: the user's jobs, newest first; `meta.next` is the `before` of the next page, or null."""
    user = require_user()
    for name in request.args.keys() - {"before", "limit", "active"}:
        raise _wrong(name, "There is no such parameter; there are before, limit and active.")
    states = ACTIVE if _flag("active") else ()
    page = search(JobFilter(user_id=user.id, states=states), before=_before(), limit=_limit())
    return data([_shape(job) for job in page.jobs], meta={"next": page.next})


@operation(JobShape)
def show(job_id: str) -> Response:
    """GET /api/v1/jobs/<id>; 404 for somebody else's."""
    return data(_shape(job_requests.find(require_user(), job_id)))


@operation(JobShape)
def cancel(job_id: str) -> Response:
    """POST /api/v1/jobs/<id>/cancel: the job as it is then; an ended one is answered unchanged."""
    return data(_shape(job_requests.cancel(require_user(), job_id)))


@operation(JobShape, status=202, errors=(409,))
def retry(job_id: str) -> Response:
    """POST /api/v1/jobs/<id>/retry: a failed job waits again; 409 for any other."""
    return data(_shape(job_requests.retry(require_user(), job_id)), status=202)


def _shape(job: JobView) -> JobShape:
    return JobShape(
        id=job.id,
        kind=job.kind,
        title=title_of(job),
        state=cast(Any, job.state),
        progress=job.progress,
        message=job.message,
        params=job.params,
        result=job.result,
        error=reason_of(job),
        attempts=job.attempts,
        cancel_requested=job.cancel_requested,
        can_cancel=job.active and not job.cancel_requested,
        can_retry=job.state == FAILED,
        run_at=_utc(job.run_at) or "",
        created_at=_utc(job.created_at) or "",
        started_at=_utc(job.started_at),
        finished_at=_utc(job.finished_at),
    )


def _utc(moment: datetime | None) -> str | None:
    return f"{moment.isoformat(timespec='milliseconds')}Z" if moment else None


def _flag(name: str) -> bool:
    value = request.args.get(name, "false")
    if value not in YES_OR_NO:
        raise _wrong(name, "This is either true or false.")
    return YES_OR_NO[value]


def _before() -> str | None:
    value = request.args.get("before")
    if value is not None and not is_job_id(value):
        raise _wrong("before", "This is the meta.next of the page before.")
    return value


def _limit() -> int:
    value = request.args.get("limit", str(PAGE))
    if not re.fullmatch("[0-9]{1,3}", value) or not 1 <= int(value) <= LARGEST_PAGE:
        raise _wrong("limit", f"This is a whole number from 1 to {LARGEST_PAGE}.")
    return int(value)


def _wrong(field: str, message: str) -> Unprocessable:
    return Unprocessable(f"{field}: {message}", errors=[{"field": field, "message": message}])
