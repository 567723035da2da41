"""The dispatcher's part of periodic tasks: each period that has come is decided once, by whichever dispatcher is first.

The row of the task names the next undecided period. Moving it on, the record of the run and the job are one transaction, and a
period has one record at most (unique), so neither two dispatchers nor a clock that is set back make two jobs of one period.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.core.logs import get_logger
from studium.queue import jobs
from studium.queue.entities import Job
from studium.queue.kinds import find_kind
from studium.queue.periodic_declared import PeriodicTask, declared_tasks
from studium.queue.periodic_entities import ENQUEUED, MISSED, OVERLAPPED, PAUSED, PeriodicRun, PeriodicState
from studium.queue.queues import queues

log = get_logger(__name__)
MOST_CAUGHT_UP = 100
ON_TIME = timedelta(seconds=60)
CLOCK_STEP = timedelta(seconds=2)


class PeriodicRounds:
    """The rounds of one dispatcher."""

    def __init__(self) -> None:
        self._last: datetime | None = None

    def round(self) -> None:
        """Decide about every period that has come. One that finds nothing reads one row."""
        if self._last is None or now() < self._last - CLOCK_STEP:
            align()
        self._last = moment = now()
        with reading():
            due = [row.name for row in PeriodicState.select(lambda row: row.next_due_at <= moment)]
        known = declared_tasks()
        for name in due:
            if name in known:
                _decide_safely(known[name])


def align() -> None:
    """Give new tasks and changed schedules their next period, and wait for no period that only a clock ahead has put off.

    Called when a dispatcher starts and when the clock was set back. A new task begins with its next period.
    """
    with reading():
        states = {row.name: (row.schedule, row.next_due_at) for row in PeriodicState.select()}
    for task in declared_tasks().values():
        upcoming = task.schedule.next_after(now())
        schedule, due = states.get(task.name, ("", upcoming))
        if schedule != str(task.schedule) or due > upcoming:
            with transaction():
                state_of(task, upcoming)


def state_of(task: PeriodicTask, upcoming: datetime | None = None) -> PeriodicState:
    """Within a transaction: the row of the task, made if there is none, and never later than the `upcoming` period."""
    row = PeriodicState.get_for_update(name=task.name)
    schedule = str(task.schedule)
    if row is None:
        return PeriodicState(name=task.name, schedule=schedule, next_due_at=upcoming or task.schedule.next_after(now()))
    if upcoming is not None and (row.schedule != schedule or row.next_due_at > upcoming):
        log.info("periodic_task_aligned", task=task.name, schedule=schedule, next_due_at=str(upcoming))
        row.set(schedule=schedule, next_due_at=upcoming)
    return row


def decide(task: PeriodicTask) -> None:
    """If a period of the task has come that nobody has decided about, decide: make its job, or record why there is none."""
    with transaction():
        row, at = PeriodicState.get_for_update(name=task.name), now()
        if row is None or row.next_due_at > at or row.schedule != str(task.schedule):
            return
        due = task.schedule.newest(row.next_due_at, at, MOST_CAUGHT_UP)
        row.next_due_at = task.schedule.next_after(at)  # of the same moment, or a period that comes in between is left out
        for moment in due:
            if not PeriodicRun.exists(task=task.name, due_at=moment):
                record(task, moment, PAUSED if row.paused_at else _fate(task, moment, moment == due[-1]))


def record(task: PeriodicTask, due_at: datetime, outcome: str = ENQUEUED, by: str = "") -> PeriodicRun:
    """Within a transaction: record what becomes of a period, and make its job if it is to have one."""
    run = PeriodicRun(task=task.name, due_at=due_at, decided_at=now(), outcome=outcome, started_by=by)
    if outcome == ENQUEUED:
        key = f"periodic:{task.name}" + (f":{due_at.isoformat()}" if task.catch_up == "all" else "")
        if Job.exists(active_key=f"{task.kind}:{key}"):
            run.outcome = OVERLAPPED
        else:
            run.job_id = jobs.enqueue(task.kind, _params(task, due_at), unique_key=key).id
    log.info("periodic_task_decided", task=task.name, due_at=str(due_at), outcome=run.outcome, job_id=run.job_id, by=by)
    return run


def _decide_safely(task: PeriodicTask) -> None:
    """One task that fails must not keep the others waiting; it is tried again in the next round."""
    try:
        decide(task)
    except Exception:
        log.exception("periodic_task_failed", task=task.name)


def _fate(task: PeriodicTask, due_at: datetime, newest: bool) -> str:
    late = not newest or now() - due_at > ON_TIME
    if task.catch_up == "all" or (task.catch_up == "once" and newest) or not late:
        return ENQUEUED
    return MISSED


def _params(task: PeriodicTask, due_at: datetime) -> dict[str, object]:
    told = "due_at" in find_kind(queues().kinds, task.kind).params.model_fields
    return dict(task.params) | ({"due_at": due_at.isoformat()} if told else {})
