"""Puts right what went wrong: jobs whose worker was lost, jobs from a clock that was ahead, and due jobs without a message.

Every step is guarded or harmless when doubled, so two dispatchers at once do no damage. A round that finds nothing
only reads.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from pony.orm import desc, select
from pony.orm.core import Query

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.core.logs import get_logger
from studium.core.runtime import runtime
from studium.queue import lifecycle
from studium.queue.entities import QUEUED, RUNNING, WAITING, Job
from studium.queue.job_ids import first_id_at
from studium.queue.kinds import QUEUES
from studium.queue.queues import queues
from studium.queue.settings import QueueSettings

log = get_logger(__name__)
MOST_MESSAGES = 1000
CLOCK_STEP = timedelta(seconds=2)


def dispatch() -> None:
    """One round: crashed jobs first, so that they are due again in the same round."""
    expire_leases()
    hurry_early_born()
    for queue in QUEUES:
        send_missing(queue)


def expire_leases() -> int:
    """Treat each running job whose lease is over as crashed; returns how many there were."""
    moment = now()
    with reading():
        silent = list(Job.select(lambda job: job.state == RUNNING and job.leased_until < moment))
    for job in silent:
        lifecycle.crash(job.id, runtime().settings[QueueSettings].max_crashes)
    return len(silent)


def hurry_early_born() -> int:
    """Make due the jobs that were meant for at once by a clock that has been set back since; returns how many there were.

    A job with a time of its own keeps it: the clock is right now. Ids hold the time, so this looks at the end of the primary key only.
    """
    moment = now()
    with reading():
        if not _early_born(moment).exists():
            return 0
    with transaction():
        found = list(_early_born(moment).for_update()[:MOST_MESSAGES])
        for job in found:
            job.run_at = moment
    log.warning("clock_was_set_back", jobs=len(found))
    return len(found)


def send_missing(queue: str) -> int:
    """Send messages until there are as many as due jobs (or MOST_MESSAGES); returns how many were sent.

    They carry no id: "run the best due job". So only the number has to be right, not which job lost its message, and
    this covers commits whose message was never sent, run_at, retries, crashes and a lost transport file alike. One
    too many finds nothing to do.
    """
    transport = queues().transport(queue)
    with reading():
        due = _due_priorities(queue)
    missing = len(due) - transport.pending(MOST_MESSAGES)
    if missing <= 0:
        return 0
    transport.send_for_any(due[:missing])
    log.debug("messages_sent_again", queue=queue, messages=missing)
    return missing


def _early_born(moment: datetime) -> Query:
    later = first_id_at(moment + CLOCK_STEP)
    return Job.select(lambda job: job.id > later and job.state == QUEUED and job.run_at > moment and job.run_at <= job.created_at)


def _due_priorities(queue: str) -> list[int]:
    found = [priority for state in WAITING for priority in _priorities(queue, state)]
    return sorted(found, reverse=True)[:MOST_MESSAGES]


def _priorities(queue: str, state: str) -> list[int]:
    """Of one state only, so that the index already has the order; with the id, or equal ones would be one."""
    moment = now()
    due = Job.select(lambda job: job.state == state and job.queue == queue and job.run_at <= moment)
    best = select((job.priority, job.id) for job in due).order_by(desc(1))[:MOST_MESSAGES]
    return [priority for priority, _id in best]
