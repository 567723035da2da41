"""What is due, whatever the number of rows: jumps from group to group of (kind, priority) over the index of `job`, one seek each.

A million jobs that wait for next week, or behind a limit, are one group, so they cost one seek and not a million steps. Called inside
`reading()` or `transaction()`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from studium.core.database import query
from studium.queue.statements import stamp

GROUPS = """
with recursive earliest (id) as (
    select (select id from job where state = 'queued' and queue = ? order by kind, priority, run_at limit 1)
    union all
    select (select id from job where state = 'retrying' and queue = ? order by kind, priority, run_at limit 1)
    union all
    select coalesce(
        (select next.id from job next where next.state = job.state and next.queue = job.queue and next.kind = job.kind
            and next.priority > job.priority order by next.priority, next.run_at limit 1),
        (select next.id from job next where next.state = job.state and next.queue = job.queue and next.kind > job.kind
            order by next.kind, next.priority, next.run_at limit 1))
    from earliest join job on job.id = earliest.id
)
select job.state, job.queue, job.kind, job.priority, job.run_at, job.id from earliest join job on job.id = earliest.id"""
IN_GROUP = "from job where state = ? and queue = ? and kind = ? and priority = ?"
DUE_IDS = f"select id {IN_GROUP} and run_at <= ? order by run_at limit ?"
DUE_COUNT = f"select count(*) from (select 1 {IN_GROUP} and run_at <= ? limit ?) as due"
NEXT_TIME = f"select min(run_at) {IN_GROUP} and run_at > ?"
NEXT_LEASE_END = "select min(leased_until) from job where state = 'running'"
RUNNING_OF = "select count(*) from job where kind = ? and state = 'running'"


class Group(NamedTuple):
    """The waiting jobs of one state, queue, kind and priority; `run_at` and `id` are those of the earliest."""

    state: str
    queue: str
    kind: str
    priority: int
    run_at: str
    id: str

    def due(self, moment: datetime) -> bool:
        """Whether its earliest job may start."""
        return self.run_at <= stamp(moment)


def groups(queue: str) -> list[Group]:
    """All groups of a queue."""
    return [Group(*row) for row in query(GROUPS, (queue, queue))]


def best(found: Iterable[Group]) -> Group | None:
    """The group whose earliest job goes first: highest priority, then longest wait."""
    return min(found, key=lambda group: (-group.priority, group.run_at, group.id), default=None)


def due_ids(group: Group, moment: datetime, most: int) -> list[str]:
    """The ids of its due jobs, earliest first."""
    return [job_id for (job_id,) in query(DUE_IDS, (*group[:4], stamp(moment), most))]


def count_due(group: Group, moment: datetime, most: int) -> int:
    """The number of its due jobs, counted up to `most`."""
    return int(query(DUE_COUNT, (*group[:4], stamp(moment), most))[0][0])


def next_time(group: Group, moment: datetime) -> datetime | None:
    """When the first of its jobs that are not due yet will be."""
    return _time(query(NEXT_TIME, (*group[:4], stamp(moment)))[0][0])


def next_lease_end() -> datetime | None:
    """When the first lease of a running job will be over, unless it is renewed."""
    return _time(query(NEXT_LEASE_END)[0][0])


def count_running(kind: str) -> int:
    """The number of running jobs of a kind, in all queues and processes."""
    return int(query(RUNNING_OF, (kind,))[0][0])


def _time(found: str | datetime | None) -> datetime | None:
    return datetime.fromisoformat(found) if isinstance(found, str) else found
