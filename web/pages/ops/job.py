"""Everything about one job, and what can be done to it. What has changed meanwhile is said in a sentence, never an error page."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from studium.core.database import reading, transaction
from studium.core.errors import NotFound
from studium.queue import jobs
from studium.queue.entities import ACTIVE, FAILED, WAITING
from studium.queue.errors import InvalidParams, JobError, UnknownJob
from studium.queue.job_view import JobView
from studium.queue.queues import queues
from studium.queue.story import JobStory, story
from studium.services.people import find_person

from .gate import who
from .refusals import refusal


def show(job: str) -> str:
    """GET /ops/jobs/<job>."""
    return render_template("ops/job.html", **_words(_find(job)))


def parts(job: str) -> str:
    """GET /ops/jobs/<job>/parts: what changes on the page, for the page itself."""
    return render_template("ops/job_parts.html", **_words(_find(job)))


def retry(job: str) -> Response:
    """POST /ops/jobs/<job>/retry."""
    return _act(job, lambda: jobs.retry(job, by=who()), _("The job waits to be run again."))


def cancel(job: str) -> Response:
    """POST /ops/jobs/<job>/cancel."""
    return _act(job, lambda: jobs.cancel(job, by=who()), _("The job is cancelled, or will be at its next checkpoint."))


def run_now(job: str) -> Response:
    """POST /ops/jobs/<job>/run-now."""
    return _act(job, lambda: jobs.run_now(job, by=who()), _("The job starts as soon as a worker is free."))


def confirm_discard(job: str) -> str:
    """GET /ops/jobs/<job>/discard: what would be lost, and the button."""
    return render_template("ops/discard.html", **_words(_find(job)))


def discard(job: str) -> Response:
    """POST /ops/jobs/<job>/discard: goes on to the list."""
    return _act(job, lambda: jobs.discard(job, by=who()), _("The job is discarded."), removes=True)


def edit(job: str) -> str:
    """GET /ops/jobs/<job>/edit: the params as JSON in a form."""
    found = _find(job)
    return _edit_page(found.job, pretty(found.job.params), "", [])


def retry_edited(job: str) -> Response | tuple[str, int]:
    """POST /ops/jobs/<job>/edit {params}: retries with these params; 422 with the text as it was typed when they do not fit."""
    text = request.form.get("params", "")
    found = _find(job).job
    try:
        params = json.loads(text)
        pretty(params).encode()  # half a character (RFC 8259, section 8.2) can be read, but not be stored
    except (ValueError, RecursionError) as error:
        return _edit_page(found, text, _("This is not JSON: %(error)s.", error=error), []), 422
    if not isinstance(params, dict):
        return _edit_page(found, text, _("Params are a JSON object: {...}."), []), 422
    try:
        with transaction():
            jobs.retry(job, params=params, by=who())
    except InvalidParams as error:
        return _edit_page(found, text, _("These params do not fit the kind of job."), error.errors), 422
    except JobError as error:
        return _edit_page(found, text, refusal(error), []), 409
    flash(_("The job waits to be run again, with the new params."), "done")
    return redirect(url_for("ops.job", job=job), 303)


def pretty(value: object) -> str:
    """JSON as people read it."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def _find(job_id: str) -> JobStory:
    try:
        return story(job_id)
    except UnknownJob as error:
        raise NotFound(str(error)) from None


def _words(found: JobStory) -> dict[str, object]:
    job = found.job
    return {
        "job": job,
        "lines": found.lines,
        "leased_until": _leased_until(job.id),
        "person": find_person(job.user_id),
        "kind": queues().kinds.get(job.kind),
        "can": _possible(job),
        "pretty": pretty,
    }


def _leased_until(job_id: str) -> datetime | None:
    """Until when its worker holds it without another sign of life; None when it does not run."""
    with reading():
        row = jobs.Job.get(id=job_id)
        return row.leased_until if row else None


def _possible(job: JobView) -> dict[str, bool]:
    return {
        "retry": job.state == FAILED,
        "cancel": job.state in ACTIVE and not job.cancel_requested,
        "run_now": job.state in WAITING,
        "discard": job.state not in ACTIVE,
    }


def _edit_page(job: JobView, text: str, problem: str, errors: list[dict[str, str]]) -> str:
    return render_template("ops/edit.html", job=job, text=text, problem=problem, errors=errors)


def _act(job_id: str, act: Callable[[], object], done: str, removes: bool = False) -> Response:
    """Do it, say so, and show the job; or, when it is no longer there, the list."""
    gone = removes
    try:
        with transaction():
            act()
        flash(done, "done")
    except JobError as error:
        flash(refusal(error), "error")
        gone = isinstance(error, UnknownJob)
    return redirect(url_for("ops.job_list") if gone else url_for("ops.job", job=job_id), 303)
