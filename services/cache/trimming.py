"""Removes in a worker what the cache should not hold any more, so that an idle site is trimmed as well and its file shrinks."""

from __future__ import annotations

from studium.queue.kinds import job_kind
from studium.queue.periodic import PeriodicTask
from studium.queue.running import RunningJob
from studium.services.cache.entries import cache
from studium.services.translation import N_

EVERY_TEN_MINUTES = PeriodicTask("trim_cache", N_("Trim the cache"), "trim_cache", every_seconds=600, catch_up="skip")


@job_kind("trim_cache", "Trim the cache", timeout=300)
def trim_cache(job: RunningJob, _params: object) -> dict[str, int]:
    """One small batch after the other, so that nobody waits long for the lock; answers how many went."""
    entries = 0
    while removed := cache().trim():
        entries += removed
        job.checkpoint()
    while cache().shrink():
        job.checkpoint()
    return {"entries": entries}
