"""Removes addresses that nobody confirmed: somebody may have typed a stranger's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.core.logs import get_logger
from studium.plugins.email.entities import EmailAddress
from studium.queue.kinds import job_kind
from studium.queue.periodic import PeriodicTask
from studium.queue.running import RunningJob
from studium.services.translation import N_

log = get_logger(__name__)
BATCH = 200
KEPT = timedelta(days=7)
DAILY = PeriodicTask("trim_email_addresses", N_("Remove addresses that were not confirmed"), "trim_email_addresses", cron="23 4 * * *")


@job_kind("trim_email_addresses", N_("Remove addresses that were not confirmed"), timeout=600)
def trim_email_addresses(job: RunningJob, _params: object) -> dict[str, Any]:
    """Remove those whose link expired a week ago, a small batch after the other; answers how many."""
    removed = 0
    while gone := remove_some():
        removed += gone
        job.checkpoint()
    if removed:
        log.info("email_addresses_trimmed", addresses=removed)
    return {"addresses": removed}


def remove_some() -> int:
    """Remove at most BATCH of them; answers how many."""
    before = now() - KEPT
    with reading():  # past all that were confirmed long ago, so without the write lock
        old = [row.id for row in EmailAddress.select(lambda row: row.confirmed_at is None and row.expires_at < before)[:BATCH]]
    with transaction():
        rows = list(EmailAddress.select(lambda row: row.id in old and row.confirmed_at is None and row.expires_at < before))
        for row in rows:
            row.delete()
    return len(rows)
