"""Removes in a worker what the cache should not hold any more, so that an idle site is trimmed as well and its file shrinks."""

from __future__ import annotations

import time
from collections.abc import Callable

from studium.queue.kinds import job_kind
from studium.queue.periodic import PeriodicTask
from studium.queue.running import RunningJob
from studium.services.cache.entries import cache
from studium.services.cache.making_room import PAUSE_SECONDS
from studium.services.translation import N_

EVERY_TEN_MINUTES = PeriodicTask("trim_cache", N_("Trim the cache"), "trim_cache", every_seconds=600, catch_up="skip")


@job_kind("trim_cache", "Trim the cache", timeout=300)
def trim_cache(job: RunningJob, _params: object) -> dict[str, int]:
    """Answers how many entries went."""
    return {"entries": trim_all(job.checkpoint)}


def trim_all(between: Callable[[], object] = lambda: None) -> int:
    """Remove all that is too much, then give free parts of the file back; how many entries went.

    One small batch after the other, and between two of them time for those who wait to write.
    """
    entries = 0
    while (removed := cache().trim()) or cache().shrink():
        entries += removed
        between()
        time.sleep(PAUSE_SECONDS)
    return entries
