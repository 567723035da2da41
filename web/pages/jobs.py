"""Jobs for pages without JavaScript: forms that start, cancel and retry, and the card of one job as a fragment of HTML."""

from __future__ import annotations

import json

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from studium.core.errors import BadRequest, Problem
from studium.queue.entities import CANCELLED
from studium.services.users import require_user

from .. import job_requests
from ..job_cards import card_of
from ..job_words import title_of

SAID, REFUSED = "jobs", "jobs-refused"  # categories of flash messages that the dashboard shows beside the jobs


def start() -> Response:
    """POST /jobs {kind, params as JSON text, key}: back to the dashboard, with what happened in words."""
    user = require_user()
    form = request.form
    try:
        job = job_requests.start(user, form.get("kind", ""), _params(form.get("params")), form.get("key") or None)
    except Problem as problem:
        return _refused(problem)
    return _back(_("Started: %(title)s", title=title_of(job)))


def cancel(job_id: str) -> Response:
    """POST /jobs/<id>/cancel."""
    job = job_requests.cancel(require_user(), job_id)
    title = title_of(job)
    if job.active:
        return _back(_("Stopping: %(title)s", title=title))
    if job.state == CANCELLED:
        return _back(_("Cancelled: %(title)s", title=title))
    return _back(_("Already over: %(title)s", title=title))


def retry(job_id: str) -> Response:
    """POST /jobs/<id>/retry; 404 for somebody else's, any other refusal comes back to the dashboard."""
    user = require_user()
    job_requests.find(user, job_id)
    try:
        job = job_requests.retry(user, job_id)
    except Problem as problem:
        return _refused(problem)
    return _back(_("Trying again: %(title)s", title=title_of(job)))


def card(job_id: str) -> Response:
    """GET /jobs/<id>/card: the list item of the dashboard, in the reader's language."""
    job = job_requests.find(require_user(), job_id)
    response = make_response(render_template("partials/job_card.html", card=card_of(job)))
    response.headers["Cache-Control"] = "no-store"
    return response


def _params(text: str | None) -> dict[str, object]:
    try:
        params = json.loads(text or "{}")
    except (ValueError, RecursionError):
        params = None
    if not isinstance(params, dict):
        raise BadRequest("The params of the form are not a JSON object.")
    return params


def _refused(problem: Problem) -> Response:
    if problem.status not in (404, 409, 422, 429):
        raise problem
    # What names a field is for programs. Other details are sentences of the kind's plugin or of the queue, in the reader's language.
    words = problem.detail if problem.detail and "errors" not in problem.extra else _("This did not work. Please try again in a moment.")
    flash(words, REFUSED)
    return redirect(_jobs(), 303)


def _back(words: str) -> Response:
    flash(words, SAID)
    return redirect(_jobs(), 303)


def _jobs() -> str:
    return url_for("web.dashboard", _anchor="jobs")
