"""One periodic task: its schedule, its record of runs, and pausing, resuming or running it now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from studium.core.errors import NotFound
from studium.queue.errors import JobError
from studium.queue.periodic import PeriodicTaskView, pause_task, periodic_tasks, resume_task, run_task_now, task_runs

from .gate import who
from .refusals import refusal

PAGE = 50


def show(name: str) -> str:
    """GET /ops/jobs/periodic/<name>?before=<due time>: the runs, newest first."""
    task = _find(name)
    runs = task_runs(name, before=_moment(request.args.get("before")), limit=PAGE + 1)
    older = runs[PAGE - 1].due_at if len(runs) > PAGE else None
    return render_template("ops/periodic.html", task=task, runs=runs[:PAGE], older=older, paged="before" in request.args)


def pause(name: str) -> Response:
    """POST /ops/jobs/periodic/<name>/pause."""
    return _act(name, lambda: pause_task(name, by=who()), _("Paused: it makes no jobs until it is resumed."))


def resume(name: str) -> Response:
    """POST /ops/jobs/periodic/<name>/resume."""
    return _act(name, lambda: resume_task(name, by=who()), _("Resumed."))


def run(name: str) -> Response:
    """POST /ops/jobs/periodic/<name>/run."""
    return _act(name, lambda: run_task_now(name, by=who()), _("The job starts as soon as a worker is free."))


def _find(name: str) -> PeriodicTaskView:
    task = next((task for task in periodic_tasks() if task.name == name), None)
    if task is None:
        raise NotFound("There is no such periodic task.")
    return task


def _act(name: str, act: Callable[[], object], done: str) -> Response:
    _find(name)
    try:
        act()
        flash(done, "done")
    except JobError as error:
        flash(refusal(error), "error")
    return redirect(url_for("ops.periodic", name=name), 303)


def _moment(text: str | None) -> datetime | None:
    """The moment of the address as naive UTC; None for none, and for what is none."""
    try:
        moment = datetime.fromisoformat(text) if text else None
        return moment.astimezone(UTC).replace(tzinfo=None) if moment and moment.tzinfo else moment
    except (ValueError, OverflowError):
        return None
