"""Kinds of job: what plugins declare by `@job_kind` and register by the hook `register_jobs`."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from studium.core.errors import PluginError
from studium.core.runtime import collect, runtime
from studium.queue.errors import Discard, InvalidParams, JobError, RetryLater, UnknownKind, UnknownQueue

if TYPE_CHECKING:
    from studium.queue.running import RunningJob

__all__ = ["QUEUES", "Discard", "JobKind", "NoParams", "RetryLater", "find_kind", "job_kind", "load_kinds", "parse_params"]

QUEUES = ("default", "realtime")
TOLD = frozenset({"succeeded", "failed"})  # ends that a kind may tell of
P = TypeVar("P", bound=BaseModel)
Result = dict[str, Any] | None


class NoParams(BaseModel):
    """The params of a kind that takes none."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class JobKind(Generic[P]):
    """A kind of job; `run(job, params)` must be idempotent, because a job runs at least once."""

    name: str
    title: str
    params: type[P]
    run: Callable[[RunningJob, P], Result]
    retries: int
    backoff: float
    timeout: float | None
    queue: str
    priority: int
    limit: int | None = None
    self_service: bool = False
    admit: Callable[[int, P], None] | None = None
    unique: Callable[[int | None, P], str] | None = None
    keep: Callable[[], timedelta] | None = None
    tells: frozenset[str] = frozenset()


def job_kind(
    name: str,
    title: str,
    params: type[P] = NoParams,  # type: ignore[assignment]
    retries: int = 3,
    backoff: float = 5.0,
    timeout: float | None = None,
    queue: str = "default",
    priority: int = 0,
    *,
    limit: int | None = None,
    self_service: bool = False,
    admit: Callable[[int, P], None] | None = None,
    unique: Callable[[int | None, P], str] | None = None,
    keep: Callable[[], timedelta] | None = None,
    tells: Collection[str] = (),
) -> Callable[[Callable[[RunningJob, P], Result]], JobKind[P]]:
    """Make a JobKind of the decorated function `run(job, params) -> dict | None`; a dict of JSON values is kept.

    A run that raises is tried again `retries` times after `backoff` seconds, doubled each time; `timeout` is in
    seconds and noticed at checkpoints; a higher `priority` goes first; at most `limit` run at once, over all
    processes. Raises UnknownQueue, and ValueError for a limit below 1 and an unknown state in `tells`.

    With `self_service` a student may start it by the API. That calls `admit(user_id, params)` first, outside a
    transaction, which raises a Problem such as NotFound to refuse, and takes `unique(user_id, params)` as the unique
    key, so that a double click makes one job. `keep()` is how long a succeeded job is kept when its result is of use for
    longer than STUDIUM_QUEUE_KEEP_FINISHED_DAYS.

    With `tells`, of "succeeded" and "failed", the fact `job_finished` is published when a job that belongs to a person ends so.
    """
    if limit is not None and limit < 1:
        raise ValueError(f"The job kind {name} has the limit {limit}; to stop it, pause its queue instead.")
    if not TOLD.issuperset(tells):
        raise ValueError(f"The job kind {name} tells of {sorted(set(tells) - TOLD)}; it may tell of: {', '.join(sorted(TOLD))}.")
    if queue not in QUEUES:
        raise UnknownQueue(f"The job kind {name} asks for the queue {queue!r}; there are: {', '.join(QUEUES)}.")

    if not (isinstance(params, type) and issubclass(params, BaseModel)):
        raise JobError(f"The params of the job kind {name} must be a pydantic model, not {params!r}; leave them out if it takes none.")

    def declare(run: Callable[[RunningJob, P], Result]) -> JobKind[P]:
        return JobKind(name, title, params, run, retries, backoff, timeout, queue, priority, limit, self_service, admit, unique, keep,
                       frozenset(tells))

    return declare


def load_kinds() -> dict[str, JobKind[Any]]:
    """The kinds of all plugins of the current app by name; raises PluginError when two share a name."""
    kinds: dict[str, JobKind[Any]] = {}
    for kind in collect(runtime().hooks.register_jobs):
        if kind.name in kinds:
            raise PluginError(f"Two plugins register the job kind {kind.name!r}; rename one of them.")
        kinds[kind.name] = kind
    return kinds


def find_kind(kinds: dict[str, JobKind[Any]], name: str) -> JobKind[Any]:
    """The kind of this name; raises UnknownKind listing those that there are."""
    try:
        return kinds[name]
    except KeyError:
        raise UnknownKind(
            f"There is no job kind {name!r}. Known kinds: {', '.join(sorted(kinds)) or 'none'}."
        ) from None


def parse_params(kind: JobKind[P], params: BaseModel | dict[str, Any] | str | None) -> P:
    """The params (model, dict or JSON text) as the kind's model; raises InvalidParams naming each wrong field."""
    if isinstance(params, BaseModel):
        params = params.model_dump(mode="json")
    try:
        if isinstance(params, str):
            return kind.params.model_validate_json(params)
        return kind.params.model_validate(params or {})
    except ValidationError as error:
        errors = [{"field": ".".join(map(str, found["loc"])), "message": found["msg"]} for found in error.errors()]
        told = "; ".join(f"{found['field'] or 'params'}: {found['message']}" for found in errors)
        raise InvalidParams(f"The params do not fit the job kind {kind.name}: {told}.", errors) from None
