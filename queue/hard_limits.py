"""What a worker process does about jobs that do not stop in time, and about its own memory.

A thread cannot be killed. So the job's row is taken from it (what it may yet bring is refused), and if the thread does not come
back, the worker lets its other jobs end and makes room for a fresh process.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from studium.core.logs import get_logger
from studium.queue.errors import JobTimedOut
from studium.queue.heart import Heart
from studium.queue.kinds import find_kind
from studium.queue.queues import queues
from studium.queue.running import RunningJob
from studium.queue.worker import after_failure

log = get_logger(__name__)
STUCK, MEMORY = "a job does not stop", "too much memory"
STATM = Path("/proc/self/statm")
PAGE_BYTES = 4096
OVERRUN = (
    "The run took longer than its timeout of {timeout:g} s and did not stop at a checkpoint within {grace:g} s more, "
    "so it was ended from outside and its worker is started anew. Call job.checkpoint() more often, give network calls a "
    "timeout of their own, or raise the timeout of the kind {kind}."
)


class HardLimits:
    """Looked after by the heart. `grace` is in seconds; `most_mb` is resident memory in MB, 0 for no limit."""

    def __init__(self, heart: Heart, retire: Callable[[str], None], grace: float, most_mb: int) -> None:
        self._heart, self._retire = heart, retire
        self._grace, self._most_mb = grace, most_mb
        self._ended: set[str] = set()

    def look(self) -> None:
        """End the runs that are overdue, and retire for those that were ended a look ago and still run, or for too much memory."""
        if self.stuck():
            self._retire(STUCK)
        for job in self._heart.running():
            if job.overdue(self._grace) and not job.lost:
                self._end(job)
        if self._most_mb and resident_mb() > self._most_mb:
            self._retire(MEMORY)

    def stuck(self) -> int:
        """The number of threads whose run was ended and that have not come back."""
        return sum(job.claim.lease in self._ended for job in self._heart.running())

    def _end(self, job: RunningJob) -> None:
        where = _where_it_is(job)
        log.error("job_overran", job_id=job.id, kind=job.kind, attempt=job.attempt, timeout=job.timeout, grace=self._grace, stack=where)
        error = JobTimedOut(OVERRUN.format(timeout=job.timeout, grace=self._grace, kind=job.kind))
        error.add_note(where)
        after_failure(job.claim, find_kind(queues().kinds, job.kind), error)()
        job.lost = True
        self._ended.add(job.claim.lease)


def _where_it_is(job: RunningJob) -> str:
    frame = sys._current_frames().get(job.thread)
    return "".join(traceback.format_stack(frame)) if frame else ""


def resident_mb() -> float:
    """Resident memory of this process in MB; 0 where the system has no /proc, so there is no limit there."""
    try:
        return int(STATM.read_text().split()[1]) * PAGE_BYTES / 1_000_000
    except OSError:
        return 0.0
