"""What can go wrong with jobs, and what stops a running one.

StudiumError
└── JobError
    ├── UnknownKind, UnknownState, WrongBulk, UnknownQueue, InvalidParams, UnknownJob   the caller's mistake, raised by `jobs`
    ├── UnknownPeriodicTask                                    no plugin declares it
    ├── TooManyJobs                                            the user has as many active jobs as one may have
    ├── NotRetryable, NotDiscardable, NotWaiting               the state of the job does not allow it
    ├── JobTimedOut                                            a run took longer than its kind allows; a failure
    ├── Discard                                                raised by a job: it cannot succeed, do not try again
    └── RetryLater                                             raised by a job: it may succeed after so many seconds
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


class UnknownState(JobError):
    """Jobs have no state of this name."""


class WrongBulk(JobError):
    """There is no such work on many jobs, or it is for none of the wanted states."""


class UnknownQueue(JobError):
    """No worker serves a queue of this name."""


class InvalidParams(JobError):
    """The params do not fit the kind; `errors` lists {field, message}."""

    def __init__(self, text: str, errors: list[dict[str, Any]]) -> None:
        super().__init__(text)
        self.errors = errors


class UnknownJob(JobError):
    """There is no job of this id (any more)."""


class TooManyJobs(JobError):
    """The user has, or would have, more active jobs than the `limit`; `active` is how many there are now."""

    def __init__(self, active: int, more: int, limit: int) -> None:
        asked = "another one" if more == 1 else f"{more} more"
        super().__init__(f"You have {active} active jobs, and {limit} at once is the most, so {asked} cannot be started now. "
                         "Wait until one has ended, or cancel one.")
        self.active, self.limit = active, limit


class NotRetryable(JobError):
    """Only a failed job can be tried again, and not beside an active one of the same unique key."""


class NotDiscardable(JobError):
    """An active job cannot be removed; cancel it first."""


class NotWaiting(JobError):
    """Only a waiting job can be started now."""


class JobTimedOut(JobError):
    """The run took longer than the timeout of its kind."""


class UnknownPeriodicTask(JobError):
    """No plugin declares a periodic task of this name."""


class Discard(JobError):
    """Raise it in a job that cannot succeed: the job fails at once, with this text as the reason."""


class RetryLater(JobError):
    """Raise it in a job that knows when another try makes sense: this one failed, the next begins `seconds` from now instead of after the
    backoff of the kind. The text is the reason. It uses up one of the kind's retries, unless it is not `counted`: nothing was tried.
    """

    def __init__(self, text: str, seconds: float, *, counted: bool = True) -> None:
        super().__init__(text)
        self.seconds = max(0.0, seconds)
        self.counted = counted


class Stopped(BaseException):
    """Leaves a running job; derived from BaseException so that a job's own `except Exception` does not swallow it."""


class Cancelled(Stopped):
    """The job was cancelled while it ran."""


class Draining(Stopped):
    """The worker is stopping; the job starts again elsewhere, no attempt is used up."""


class LeaseLost(Stopped):
    """This run was too long without a sign of life, and its job was given away."""
