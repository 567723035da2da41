"""How pages and API speak of jobs to students: titles, states and reasons in plain words, never a traceback or anything internal."""

from __future__ import annotations

import re

from flask_babel import gettext as _
from flask_babel import ngettext

from studium.core.clock import now
from studium.queue.entities import CANCELLED, FAILED, QUEUED, RETRYING, RUNNING, SUCCEEDED
from studium.queue.jobs import JobView
from studium.queue.lifecycle import POISONOUS
from studium.queue.queues import queues

LONGEST_REASON = 500
# What the queue itself writes as the reason of a failure; all else is the text of a `Discard`, which is written for people.
INTERNAL = re.compile(
    r"[A-Za-z_]\w*: "  # the name of an exception's class
    rf"|{re.escape(POISONOUS.split('{', maxsplit=1)[0])}"
    r"|No plugin offers the job kind |The params do not fit the job kind |The job is done, but its result "
    r"|The job was discarded without a reason|Traceback "
)


def title_of(job: JobView) -> str:
    """What the job does, in the reader's language; of a kind whose plugin is gone, only that it is a task."""
    kind = queues().kinds.get(job.kind)
    return str(_(kind.title)) if kind else str(_("Task"))


def state_in_words(job: JobView) -> str:
    """The state as a student understands it."""
    if job.active and job.cancel_requested:
        return str(_("Stopping"))
    return str(
        {
            QUEUED: _("Waiting"),
            RUNNING: _("In progress"),
            RETRYING: _("Trying again soon"),
            SUCCEEDED: _("Ready"),
            FAILED: _("Did not work"),
            CANCELLED: _("Cancelled"),
        }[job.state]
    )


def reason_of(job: JobView) -> str | None:
    """Why the job failed or has to be tried again, as a sentence for its owner; None when nothing went wrong.

    The text of a `Discard` is shown as it is; of anything else only that it went wrong, since the details are for the school.
    """
    if job.state == RETRYING:
        return str(_("Something went wrong. It is tried again without you having to do anything."))
    if job.state != FAILED:
        return None
    if job.error and not INTERNAL.match(job.error) and "\n" not in job.error.strip() and len(job.error) <= LONGEST_REASON:
        return job.error
    return str(_("Something went wrong on our side, and the error was recorded. Please try again."))


def limit_in_words(limit: int) -> str:
    """Why one job more is refused, and what to do."""
    return str(
        ngettext(
            "%(num)d task of yours is waiting or in progress, and more are not possible at once. Wait until it is ready, or cancel it.",
            "%(num)d tasks of yours are waiting or in progress, and more are not possible at once. Wait until one is ready, or cancel one.",
            limit,
        )
    )


def starts_later(job: JobView) -> bool:
    """Whether the job waits for a time that is more than a moment away."""
    return job.state == QUEUED and (job.run_at - now()).total_seconds() > 5
