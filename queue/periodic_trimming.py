"""Keeps the record of periodic runs small and complete: takes over how jobs ended, and removes what is old."""

from __future__ import annotations

from datetime import timedelta

from pony.orm import count, desc, select

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.queue.entities import ACTIVE, Job
from studium.queue.periodic_declared import declared_tasks
from studium.queue.periodic_entities import PeriodicRun, PeriodicState

KEPT = timedelta(days=90)
KEPT_RUNS = 1000
SLACK = 100
REMOVED = "removed"


def settle_runs() -> int:
    """Note in each run how its job ended, before the job's own row is trimmed; returns how many were noted."""
    with reading():
        open_runs = PeriodicRun.select(lambda run: run.job_id is not None and run.end_state is None)
        ended = {run.id: state for run in open_runs if (state := _end_state(run.job_id))}
    if ended:
        with transaction():
            for run_id, state in ended.items():
                PeriodicRun.get_for_update(id=run_id).end_state = state
    return len(ended)


def trim_runs() -> int:
    """Remove runs older than 90 days, all but the newest 1,000 of a task, and tasks that no plugin has had for 90 days.

    Returns how many rows were removed. Reads only when there are none; a task may have a hundred runs too many, so that one
    that runs each minute is not trimmed each minute.
    """
    before, names = now() - KEPT, set(declared_tasks())
    with reading():
        old = PeriodicRun.exists(lambda run: run.due_at < before)
        many = select((run.task, count(run)) for run in PeriodicRun)  # type: ignore[attr-defined]
        crowded = [task for task, runs in many if runs > KEPT_RUNS + SLACK]
        gone = [row.name for row in PeriodicState.select(lambda row: row.next_due_at < before) if row.name not in names]
    if not (old or crowded or gone):
        return 0
    with transaction():
        removed = PeriodicRun.select(lambda run: run.due_at < before).delete(bulk=True)
        removed += PeriodicState.select(lambda row: row.name in gone).delete(bulk=True) if gone else 0
        return int(removed + sum(_keep_newest(task) for task in crowded))


def _keep_newest(task: str) -> int:
    runs = PeriodicRun.select(lambda run: run.task == task)
    oldest_kept = runs.order_by(lambda run: desc(run.due_at))[KEPT_RUNS - 1 : KEPT_RUNS][0].due_at
    return int(PeriodicRun.select(lambda run: run.task == task and run.due_at < oldest_kept).delete(bulk=True))


def _end_state(job_id: str) -> str | None:
    job = Job.get(id=job_id)
    if job is None:
        return REMOVED
    return None if job.state in ACTIVE else str(job.state)
