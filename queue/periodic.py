"""Periodic tasks as other code sees them: what there are and how they stand, pause, resume, run now, and the record of runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pony.orm import desc

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.core.logs import get_logger
from studium.queue.entities import Job
from studium.queue.periodic_declared import PeriodicTask, declared_tasks, find_task
from studium.queue.periodic_entities import PeriodicRun, PeriodicState
from studium.queue.periodic_rounds import record, state_of

__all__ = [
    "PeriodicRunView", "PeriodicTask", "PeriodicTaskView", "pause_task", "periodic_tasks", "resume_task", "run_task_now", "task_runs",
]  # fmt: skip
log = get_logger(__name__)


@dataclass(frozen=True)
class PeriodicTaskView:
    """A task and how it stands; times are naive UTC. The `last_` fields are of the last run that has a job.

    `paused_at` is None while it is not paused; `next_due_at` goes on while it is, but makes no job then.
    """

    name: str
    title: str
    kind: str
    schedule: str
    catch_up: str
    last_due_at: datetime | None
    last_job_id: str | None
    last_state: str | None
    next_due_at: datetime
    paused_at: datetime | None
    paused_by: str


@dataclass(frozen=True)
class PeriodicRunView:
    """What became of one period: `outcome` is enqueued, paused, missed or overlapped (the job of an earlier one was active).

    `state` is that of the job, as long as it is known, or "removed"; `by` is who started a run by hand.
    """

    due_at: datetime
    job_id: str | None
    outcome: str
    state: str | None
    by: str


def periodic_tasks() -> list[PeriodicTaskView]:
    """All tasks in the order of the plugins."""
    with reading():
        return [_task_view(task) for task in declared_tasks().values()]


def pause_task(name: str, by: str = "") -> None:
    """Make no jobs of its periods until it is resumed; `by` says who in words. Raises UnknownPeriodicTask."""
    with transaction():
        row = state_of(find_task(name))
        if row.paused_at is None:
            row.set(paused_at=now(), paused_by=by)
            log.info("periodic_task_paused", task=name, by=by)


def resume_task(name: str, by: str = "") -> None:
    """Go on with the next period; those that passed in the pause stay without a job. Raises UnknownPeriodicTask."""
    with transaction():
        row = state_of(find_task(name))
        if row.paused_at is not None:
            row.set(paused_at=None, paused_by="")
            log.info("periodic_task_resumed", task=name, by=by)


def run_task_now(name: str, by: str = "") -> str:
    """Make its job now, also while it is paused; returns the job's id, which is that of a run still active if there is one.

    Raises UnknownPeriodicTask.
    """
    task = find_task(name)
    with transaction():
        active = Job.get(active_key=f"{task.kind}:periodic:{name}")
        return str(active.id if active else record(task, now(), by=by).job_id)


def task_runs(name: str, before: datetime | None = None, limit: int = 50) -> list[PeriodicRunView]:
    """The record of its runs, newest first; of the next page, those due `before` the last of this one."""
    with reading():
        runs = PeriodicRun.select(lambda run: run.task == name)
        if before is not None:
            runs = runs.where(lambda run: run.due_at < before)
        return [
            PeriodicRunView(run.due_at, run.job_id, run.outcome, _state(run), run.started_by)
            for run in runs.order_by(lambda run: desc(run.due_at))[:limit]
        ]


def _task_view(task: PeriodicTask) -> PeriodicTaskView:
    row = PeriodicState.get(name=task.name)
    runs = PeriodicRun.select(lambda run: run.task == task.name and run.job_id is not None)
    last = runs.order_by(lambda run: desc(run.due_at)).first()
    return PeriodicTaskView(
        name=task.name,
        title=task.title,
        kind=task.kind,
        schedule=str(task.schedule),
        catch_up=task.catch_up,
        last_due_at=last.due_at if last else None,
        last_job_id=last.job_id if last else None,
        last_state=_state(last) if last else None,
        next_due_at=row.next_due_at if row else task.schedule.next_after(now()),
        paused_at=row.paused_at if row else None,
        paused_by=row.paused_by if row else "",
    )


def _state(run: PeriodicRun) -> str | None:
    if run.job_id is None:
        return None
    job = Job.get(id=run.job_id)
    return job.state if job else run.end_state or "removed"
