"""The state of the queue on one page: what needs attention, queues, charts, workers, periodic tasks, counts; and pausing a queue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from studium.core.clock import now
from studium.core.errors import NotFound
from studium.queue import pausing
from studium.queue.entities import FAILED
from studium.queue.kinds import QUEUES
from studium.queue.overview import Overview, overview
from studium.queue.periodic import PeriodicTaskView, periodic_tasks
from studium.queue.workers import WorkerView, workers

from .gate import who
from .throughput import FIRST_RANGE, RANGES, find_throughput
from .words import STATES, lasting

SLOW_SECONDS = 60


def front() -> Response:
    """GET /ops: jobs are what there is to look after."""
    return redirect(url_for("ops.overview"))


def show() -> str:
    """GET /ops/jobs?range=1h|24h|7d."""
    return render_template("ops/overview.html", **_words())


def parts() -> str:
    """GET /ops/jobs/parts: what changes on the page, for the page itself."""
    return render_template("ops/overview_parts.html", **_words())


def pause(queue: str) -> Response:
    """POST /ops/jobs/queues/<queue>/pause: nothing of it starts any more; what runs goes on."""
    _refuse_unknown(queue)
    pausing.pause(queue, by=who())
    flash(_("The queue %(queue)s is paused. What runs goes on, nothing else starts.", queue=queue), "done")
    return redirect(url_for("ops.overview"), 303)


def resume(queue: str) -> Response:
    """POST /ops/jobs/queues/<queue>/resume."""
    _refuse_unknown(queue)
    pausing.resume(queue, by=who())
    flash(_("The queue %(queue)s goes on.", queue=queue), "done")
    return redirect(url_for("ops.overview"), 303)


def find_troubles(found: Overview, crew: Sequence[WorkerView], tasks: Sequence[PeriodicTaskView]) -> list[str]:
    """What needs somebody's attention now, in sentences."""
    troubles = [_("Nobody works on the queue %(queue)s.", queue=queue) for queue in QUEUES if not _is_served(queue, crew)]
    for queue in found.queues:
        if queue.paused_at and now() - queue.paused_at > timedelta(seconds=SLOW_SECONDS):
            troubles.append(_("The queue %(queue)s is paused.", queue=queue.name))
        elif (queue.oldest_due_seconds or 0) > SLOW_SECONDS:
            long = lasting(queue.oldest_due_seconds)
            troubles.append(_("The queue %(queue)s is behind: its oldest job waits for %(long)s.", queue=queue.name, long=long))
    troubles += [_("The last run of the periodic task %(name)s failed.", name=task.name) for task in tasks if task.last_state == FAILED]
    return troubles


def _words() -> dict[str, object]:
    asked = request.args.get("range", "")
    found, crew, tasks = overview(), workers(), periodic_tasks()
    return {
        "overview": found,
        "workers": crew,
        "tasks": tasks,
        "troubles": find_troubles(found, crew, tasks),
        "throughput": find_throughput(asked if asked in RANGES else FIRST_RANGE),
        "ranges": {"1h": _("Last hour"), "24h": _("Last 24 hours"), "7d": _("Last 7 days")},
        "states": STATES,
    }


def _is_served(queue: str, crew: Sequence[WorkerView]) -> bool:
    return any(worker.alive and worker.queue == queue for worker in crew)


def _refuse_unknown(queue: str) -> None:
    if queue not in QUEUES:
        raise NotFound("There is no such queue.")
