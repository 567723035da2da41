"""How many more jobs of a kind may run: its `limit` less what runs. Counted from rows, so nothing can leak when a worker is lost."""

from __future__ import annotations

from datetime import datetime

from studium.core.clock import now
from studium.core.database import after_commit, query, reading
from studium.queue.counting import Group, best, count_running, due_ids, groups
from studium.queue.kinds import QUEUES
from studium.queue.pauses import paused_queues
from studium.queue.queues import queues


def has_slot(kind: str) -> bool:
    """Whether one more job of this kind may run; decides only inside the transaction that claims it."""
    limit = queues().limits.get(kind)
    return limit is None or count_running(kind) < limit


def job_has_slot(job_id: str) -> bool:
    """As `has_slot`, of the kind of this job."""
    if not queues().limits:
        return True
    found = query("select kind from job where id = ?", (job_id,))
    return bool(found) and has_slot(found[0][0])


def best_due(queue: str, moment: datetime) -> str | None:
    """The job that a free worker of the queue should run: due, not held back by a limit, highest priority, longest wait."""
    found = best(group for group in groups(queue) if group.due(moment) and has_slot(group.kind))
    return found.id if found else None


def slot_freed(kind: str) -> None:
    """After the commit: a run of this kind has ended, so tell the workers of as many waiting ones as may run now."""
    limit = queues().limits.get(kind)
    if limit is not None:
        after_commit(lambda: _send_waiting(kind, limit))


def _send_waiting(kind: str, limit: int) -> None:
    """No more than are missing: where the limit is wide, the messages of the waiting jobs are still there, and each end would add many."""
    with reading():
        free = limit - count_running(kind)
        found = _next_of(kind, free) if free > 0 else []
    for queue in QUEUES:
        waiting = [(job_id, group.priority) for group, job_id in found if group.queue == queue]
        missing = len(waiting) - queues().transport(queue).pending(len(waiting)) if waiting else 0
        if missing > 0:
            queues().transport(queue).send_many(waiting[-missing:])


def _next_of(kind: str, most: int) -> list[tuple[Group, str]]:
    """The due jobs of a kind that go first, in whatever queue that is not paused."""
    moment = now()
    waiting = [group for queue in QUEUES if queue not in paused_queues() for group in groups(queue) if group.kind == kind]
    waiting.sort(key=lambda group: (-group.priority, group.run_at))
    return [(group, job_id) for group in waiting if group.due(moment) for job_id in due_ids(group, moment, most)][:most]
