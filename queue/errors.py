"""What can go wrong with jobs, and what stops a running one.

StudiumError
└── JobError
    ├── UnknownKind, UnknownQueue, InvalidParams, UnknownJob   the caller's mistake, raised by `jobs`
    ├── JobTimedOut                                            a run took longer than its kind allows; a failure
    └── Discard                                                raised by a job: it cannot succeed, do not try again
BaseException
└── Stopped                                                    leaves `run`; no `except Exception` stops it
    ├── Cancelled   somebody cancelled the job
    ├── Draining    the worker stops; the job goes back to its queue
    └── LeaseLost   the job was given to another worker; what this run brings is refused
"""

from __future__ import annotations

from typing import Any

from studium.core.errors import StudiumError


class JobError(StudiumError):
    """The root of the errors about jobs."""


class UnknownKind(JobError):
    """No plugin offers this kind of job."""


class UnknownQueue(JobError):
    """No worker serves a queue of this name."""


class InvalidParams(JobError):
    """The params do not fit the kind; `errors` lists {field, message}."""

    def __init__(self, text: str, errors: list[dict[str, Any]]) -> None:
        super().__init__(text)
        self.errors = errors


class UnknownJob(JobError):
    """There is no job of this id (any more)."""


class JobTimedOut(JobError):
    """The run took longer than the timeout of its kind."""


class Discard(JobError):
    """Raise it in a job that cannot succeed: the job fails at once, with this text as the reason."""


class Stopped(BaseException):
    """Leaves a running job; derived from BaseException so that a job's own `except Exception` does not swallow it."""


class Cancelled(Stopped):
    """The job was cancelled while it ran."""


class Draining(Stopped):
    """The worker is stopping; the job starts again elsewhere, no attempt is used up."""


class LeaseLost(Stopped):
    """This run was too long without a sign of life, and its job was given away."""
