"""Removes sign-ins and tokens that ended long ago: they are addresses and habits of people, of no use any more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pony.orm import delete, select

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.core.logs import get_logger
from studium.core.runtime import runtime
from studium.plugins.auth.entities import ApiToken, Session
from studium.plugins.auth.settings import AuthSettings
from studium.queue.kinds import job_kind
from studium.queue.periodic import PeriodicTask
from studium.queue.running import RunningJob
from studium.services.translation import N_

log = get_logger(__name__)
BATCH = 200
DAILY = PeriodicTask("trim_sessions", N_("Remove ended sign-ins"), "trim_sessions", cron="41 3 * * *")


@job_kind("trim_sessions", N_("Remove ended sign-ins"), timeout=600)
def trim_sessions(job: RunningJob, _params: object) -> dict[str, Any]:
    """Remove a small batch after the other, so that nobody waits long for the write lock; answers how many of each."""
    result = {"sessions": 0, "tokens": 0}
    while removed := remove_sessions():
        result["sessions"] += removed
        job.checkpoint()
    while removed := remove_tokens():
        result["tokens"] += removed
        job.checkpoint()
    if any(result.values()):
        log.info("sessions_trimmed", **result)
    return result


def remove_sessions() -> int:
    """Remove at most BATCH sessions that ended STUDIUM_AUTH_KEEP_ENDED_DAYS ago, in whatever way; answers how many."""
    settings = runtime().settings[AuthSettings]
    ended = now() - timedelta(days=settings.keep_ended_days)
    idle = ended - timedelta(days=settings.idle_days)
    with reading():
        old = list(select(row.id for row in Session if row.closed_at < ended or row.expires_at < ended or row.seen_at < idle)[:BATCH])  # type: ignore[attr-defined]
    return _delete(Session, old)


def remove_tokens() -> int:
    """Remove at most BATCH tokens that were revoked or expired that long ago; answers how many."""
    ended = now() - timedelta(days=runtime().settings[AuthSettings].keep_ended_days)
    with reading():
        old = list(select(row.id for row in ApiToken if row.closed_at < ended or row.expires_at < ended)[:BATCH])  # type: ignore[attr-defined]
    return _delete(ApiToken, old)


def _delete(entity: Any, ids: list[int]) -> int:
    if not ids:
        return 0
    with transaction():
        return int(delete(row for row in entity if row.id in ids))
