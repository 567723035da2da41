"""Why something could not be done to a job, in the reader's language: mostly because it changed after the page was drawn."""

from __future__ import annotations

from flask_babel import gettext as _

from studium.queue.errors import (
    JobError,
    NotDiscardable,
    NotRetryable,
    NotWaiting,
    TooManyJobs,
    UnknownJob,
    UnknownKind,
    UnknownPeriodicTask,
)


def refusal(error: JobError) -> str:
    """One sentence that says why and what to do; an error that is not foreseen here speaks for itself."""
    sentences = {
        UnknownJob: _("This job is no longer there: ended jobs are removed after a while, or somebody has discarded it."),
        UnknownKind: _("No plugin offers this kind of job any more, so it cannot run."),
        NotRetryable: _("Only a failed job can be retried, and only while no other one with its unique key is active."),
        NotWaiting: _("Only a waiting job can be run now, and this one does not wait any more."),
        NotDiscardable: _("A job that waits or runs cannot be discarded. Cancel it first."),
        TooManyJobs: _("Its user has as many active jobs as one may have. Wait until some have ended, or cancel them."),
        UnknownPeriodicTask: _("No plugin has this periodic task any more."),
    }
    return next((text for kind, text in sentences.items() if isinstance(error, kind)), str(error))
