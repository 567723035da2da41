"""Which jobs somebody wants, for searches and for bulk work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from studium.queue.entities import CANCELLED, FAILED, QUEUED, RETRYING, RUNNING, SUCCEEDED
from studium.queue.errors import UnknownState

STATES = (QUEUED, RUNNING, RETRYING, SUCCEEDED, FAILED, CANCELLED)


@dataclass(frozen=True)
class JobFilter:
    """What is empty does not matter; all conditions have to hold, of `states` one.

    `argument` is a param's name and value, the value as text ("7", "true"). `since` (inclusive) and `until` (exclusive) are the times
    at which jobs were enqueued, naive UTC, to the millisecond. Raises UnknownState.
    """

    states: tuple[str, ...] = ()
    kind: str | None = None
    queue: str | None = None
    user_id: int | None = None
    argument: tuple[str, str] | None = None
    since: datetime | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        for state in self.states:
            if state not in STATES:
                raise UnknownState(f"There is no state {state!r}; there are: {', '.join(STATES)}.")
