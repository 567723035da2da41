"""The state of all queues at a glance, from counters and index seeks: it costs the same with one job and with a million."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from studium.core.clock import now
from studium.core.database import query, reading
from studium.queue.entities import RUNNING, WAITING, Job, JobCount, QueuePause
from studium.queue.job_filter import STATES
from studium.queue.kinds import QUEUES
from studium.queue.queues import queues

MOST_PRIORITIES = 50
HIGHEST = "select max(priority) from job where state = ? and queue = ? and kind = ? and priority < ?"
ABOVE_ALL = 2**31


@dataclass(frozen=True)
class QueueOverview:
    """One queue; `oldest_due_seconds` is how long the job that has waited longest is overdue, its latency; None when nothing is due."""

    name: str
    waiting: int
    running: int
    oldest_due_seconds: float | None
    paused_by: str | None
    paused_at: datetime | None


@dataclass(frozen=True)
class Overview:
    """The queues, and the exact number of jobs by state and by kind and state; what a number is missing for is 0."""

    queues: list[QueueOverview]
    states: dict[str, int]
    kinds: dict[str, dict[str, int]]


def overview() -> Overview:
    """How everything stands now."""
    with reading():
        counts = [(row.kind, row.queue, row.state, row.jobs) for row in JobCount.select(lambda row: row.jobs > 0)]
        found = [_queue(name, [count for count in counts if count[1] == name]) for name in QUEUES]
    states = dict.fromkeys(STATES, 0)
    kinds = {kind: dict.fromkeys(STATES, 0) for kind in sorted({*queues().kinds, *(count[0] for count in counts)})}
    for kind, _queue_name, state, jobs in counts:
        states[state] += jobs
        kinds[kind][state] += jobs
    return Overview(found, states, kinds)


def _queue(name: str, counts: list[tuple[str, str, str, int]]) -> QueueOverview:
    waiting = [(kind, state) for kind, _queue_name, state, _jobs in counts if state in WAITING]
    due = [moment for kind, state in waiting if (moment := _first_due(name, kind, state))]
    late = (now() - min(due)).total_seconds() if due else 0.0
    pause = QueuePause.get(queue=name)
    return QueueOverview(
        name=name,
        waiting=sum(jobs for _kind, _queue_name, state, jobs in counts if state in WAITING),
        running=sum(jobs for _kind, _queue_name, state, jobs in counts if state == RUNNING),
        oldest_due_seconds=late if late > 0 else None,
        paused_by=pause.paused_by if pause else None,
        paused_at=pause.paused_at if pause else None,
    )


def _first_due(queue: str, kind: str, state: str) -> datetime | None:
    """The earliest `run_at`: the first entry of each priority in the index that claims use."""
    found = [_first_of_priority(queue, kind, state, priority) for priority in _priorities(queue, kind, state)]
    return min((job.run_at for job in found if job), default=None)


def _first_of_priority(queue: str, kind: str, state: str, priority: int) -> Job | None:
    waiting = Job.select(lambda job: job.state == state and job.queue == queue and job.kind == kind and job.priority == priority)
    first: Job | None = waiting.order_by(Job.run_at).first()
    return first


def _priorities(queue: str, kind: str, state: str) -> Iterator[int]:
    """The priorities in use, the highest first, by one seek each."""
    priority = ABOVE_ALL
    for _ in range(MOST_PRIORITIES):
        ((found,),) = query(HIGHEST, (state, queue, kind, priority))
        if found is None:
            return
        priority = found
        yield priority
