"""Finds what no job carries any more, as that was removed by hand or set aside, or the clock was set back: nothing waits for ever."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.core.logs import get_logger
from studium.plugins.notifications.delivering import Entity, carry_later, settle
from studium.plugins.notifications.entities import DROPPED, FAILED, WAITING, Bundle, Delivery, Notification
from studium.plugins.notifications.gathering import DEFERRED, gather_at
from studium.queue.entities import ACTIVE
from studium.queue.jobs import Job
from studium.queue.kinds import job_kind
from studium.queue.periodic import PeriodicTask
from studium.queue.running import RunningJob
from studium.services.notifications.events import NotificationEvent
from studium.services.notifications.registry import events
from studium.services.translation import N_

log = get_logger(__name__)
BATCH = 200
PATIENCE = timedelta(minutes=10)
ENDS = {"failed": FAILED, "cancelled": DROPPED}  # state of the job: of what it carried
TEN_MINUTES = PeriodicTask("notification_sweep", N_("Look for notices that nothing carries"), "notification_sweep", cron="*/10 * * * *")


@job_kind("notification_sweep", N_("Look for notices that nothing carries"), timeout=120)
def sweep(job: RunningJob, _params: object) -> dict[str, Any]:
    """Give each stranded delivery and bundle a new job; what an ended job left behind ends as that did. Answers how many there were."""
    found = 0
    entities: tuple[Entity, ...] = (Delivery, Bundle)
    for entity in entities:
        while ids := stranded(entity):
            for row_id in ids:
                _pick_up(entity, row_id)
            found += len(ids)
            job.checkpoint()
    if found:
        log.warning("stranded_notices", found=found)
    return {"found": found}


def stranded(entity: Entity) -> list[int]:
    """Ids of rows that are long due and have no active job, at most BATCH."""
    before, states = now() - PATIENCE, tuple(ACTIVE)
    with reading():
        if entity is Bundle:
            rows = Bundle.select(lambda row: row.state == WAITING and row.created_at < before)
        else:
            rows = Delivery.select(lambda row: row.state == WAITING and row.due_at < before)
        rows = rows.filter(lambda row: not Job.exists(lambda job: job.id == row.job_id and job.state in states))
        return [row.id for row in rows[:BATCH]]


def _event_of(row: Delivery | Bundle) -> NotificationEvent | None:
    notice = Notification.get(id=row.notification_id) if isinstance(row, Delivery) else None
    return events().get(notice.event) if notice else None


def _pick_up(entity: Entity, row_id: int) -> None:
    with transaction():
        row = entity.get_for_update(id=row_id)
        job = Job.get(id=row.job_id) if row is not None and row.job_id else None
        if row is None or row.state != WAITING or (job is not None and job.state in ACTIVE):
            return
        if job is not None and job.state in ENDS:
            settle(entity, row_id, job.id, ENDS[job.state], error=f"its job {job.state}: {job.error or ''}")
        elif entity is Delivery and row.mode in DEFERRED:
            row.job_id = gather_at(row.user_id, row.channel, row.due_at)  # one for all that were to go together
        else:
            row.job_id = carry_later(entity, row_id, _event_of(row))
