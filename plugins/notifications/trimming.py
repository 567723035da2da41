"""Removes notices that are a year old, and the record of how they were carried."""

from __future__ import annotations

from typing import Any

from studium.core.clock import now
from studium.core.database import execute, reading, transaction
from studium.plugins.notifications.entities import GATHERED, WAITING, Delivery, Notification
from studium.plugins.notifications.settings import kept_for
from studium.queue.kinds import job_kind
from studium.queue.periodic import PeriodicTask
from studium.queue.running import RunningJob
from studium.services.translation import N_

BATCH = 200
NIGHTLY = PeriodicTask("trim_notifications", N_("Remove old notices"), "trim_notifications", cron="41 3 * * *")


@job_kind("trim_notifications", N_("Remove old notices"), timeout=600)
def trim_notifications(job: RunningJob, _params: object) -> dict[str, Any]:
    """Remove a small batch after the other, so that nobody waits long for the write lock; answers how many."""
    removed = 0
    while some := remove_some():
        removed += some
        job.checkpoint()
    return {"removed": removed}


def remove_some() -> int:
    """Remove at most BATCH notices that are too old, with their deliveries and what bundled those; answers how many.

    What is still on its way keeps its notice.
    """
    before, open_states = now() - kept_for(), (WAITING, GATHERED)
    with reading():
        old = Notification.select(lambda row: row.created_at < before)
        old = old.filter(lambda row: not Delivery.exists(lambda one: one.notification_id == row.id and one.state in open_states))
        ids = [row.id for row in old.order_by(Notification.created_at)[:BATCH]]
    if not ids:
        return 0
    with transaction():
        _remove(ids)
    return len(ids)


def _remove(ids: list[int]) -> None:
    """A bundle goes with the last of its deliveries."""
    marks = ", ".join("?" * len(ids))
    mine = f"SELECT bundle_id FROM notification_delivery WHERE notification_id IN ({marks}) AND bundle_id IS NOT NULL"
    others = f"SELECT 1 FROM notification_delivery one WHERE one.bundle_id = notification_bundle.id AND notification_id NOT IN ({marks})"
    execute(f"DELETE FROM notification_bundle WHERE id IN ({mine}) AND NOT EXISTS ({others})", [*ids, *ids])
    execute(f"DELETE FROM notification_delivery WHERE notification_id IN ({marks})", ids)
    execute(f"DELETE FROM notification WHERE id IN ({marks})", ids)
