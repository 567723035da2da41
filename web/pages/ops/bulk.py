"""One action for all jobs that match a filter: what it would do, in words and to be confirmed; then a job does it, with progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from flask import flash, redirect, render_template, request, url_for
from flask_babel import format_decimal
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from studium.core.errors import NotFound
from studium.queue.bulk import STATES_OF, start_bulk
from studium.queue.job_filter import JobFilter
from studium.queue.overview import overview
from studium.queue.search import JobPage, search

from .filters import AskedFilter, read_filter
from .gate import who
from .words import STATES, in_sentence

SAMPLE = 200


@dataclass(frozen=True)
class Verb:
    """What can be done to many jobs, in words that are made when they are read."""

    name: str
    title: Callable[[], str]
    about: Callable[[], str]

    @property
    def destroys(self) -> bool:
        """Whether it ends or removes something."""
        return self.name in ("cancel", "discard")


VERBS = {
    verb.name: verb
    for verb in (
        Verb("retry", lambda: _("Retry all"), lambda: _("They wait in their queue again, and their attempts are counted anew.")),
        Verb("run_now", lambda: _("Run all now"), lambda: _("Those that wait for their time start as soon as a worker is free.")),
        Verb(
            "cancel",
            lambda: _("Cancel all"),
            lambda: _("Waiting jobs end at once, running ones at their next checkpoint. They are not tried again by themselves."),
        ),
        Verb(
            "discard",
            lambda: _("Discard all"),
            lambda: _("Their rows, results and stories are removed for good. This cannot be undone."),
        ),
    )
}


def verbs_for(found: JobFilter) -> list[Verb]:
    """The verbs that are possible for some of the states that the filter lets through."""
    return [verb for verb in VERBS.values() if states_of(verb, found)]


def states_of(verb: Verb, found: JobFilter) -> tuple[str, ...]:
    """Of the filter's states (all when it names none) those that the verb is possible for."""
    return tuple(state for state in STATES if state in STATES_OF[verb.name] and (not found.states or state in found.states))


def how_many(found: JobFilter, page: JobPage | None = None) -> str:
    """The number of jobs that match, in words: exact where it is counted anyway, else as far as a look shows; `page` is the first one."""
    if not (found.queue or found.user_id is not None or found.argument or found.since or found.until):
        kinds = [counts for kind, counts in overview().kinds.items() if found.kind in (None, kind)]
        return str(format_decimal(sum(counts.get(state, 0) for counts in kinds for state in found.states or STATES)))
    seen = page or search(found, limit=SAMPLE)
    return _("more than %(number)s", number=len(seen.jobs)) if seen.next else str(len(seen.jobs))


def confirm() -> str:
    """GET /ops/jobs/bulk?verb=...: what would happen to which jobs, and the button."""
    verb, asked = _asked()
    states = states_of(verb, asked.filter)
    count = how_many(replace(asked.filter, states=states))
    return render_template("ops/bulk.html", verb=verb, asked=asked, states=_(" or ").join(map(in_sentence, states)), count=count)


def start() -> Response:
    """POST /ops/jobs/bulk: goes on to the job that does it."""
    verb, asked = _asked()
    job_id = start_bulk(verb.name, replace(asked.filter, states=states_of(verb, asked.filter)), who())
    flash(_("Started. This page shows how far it is."), "done")
    return redirect(url_for("ops.job", job=job_id), 303)


def _asked() -> tuple[Verb, AskedFilter]:
    """Verb and filter of this request; NotFound for those that no button leads to."""
    verb, asked = VERBS.get(request.values.get("verb", "")), read_filter(request.values)
    if verb is None or asked.errors or not states_of(verb, asked.filter):
        raise NotFound("There is no such action.")
    return verb, asked
