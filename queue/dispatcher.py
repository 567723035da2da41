"""Puts right what went wrong: jobs whose worker was lost, and due jobs that have no message.

Every step is guarded or harmless when doubled, so two dispatchers at once do no damage. A round that finds nothing
only reads.
"""

from __future__ import annotations

from pony.orm import desc, select

from studium.core.clock import now
from studium.core.database import reading
from studium.core.logs import get_logger
from studium.core.runtime import runtime
from studium.queue import lifecycle
from studium.queue.entities import RUNNING, WAITING, Job
from studium.queue.kinds import QUEUES
from studium.queue.queues import queues
from studium.queue.settings import QueueSettings

log = get_logger(__name__)
MOST_MESSAGES = 1000


def dispatch() -> None:
    """One round: crashed jobs first, so that they are due again in the same round."""
    expire_leases()
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


def _due_priorities(queue: str) -> list[int]:
    found = [priority for state in WAITING for priority in _priorities(queue, state)]
    return sorted(found, reverse=True)[:MOST_MESSAGES]


def _priorities(queue: str, state: str) -> list[int]:
    """Of one state only, so that the index already has the order; with the id, or equal ones would be one."""
    moment = now()
    due = Job.select(lambda job: job.state == state and job.queue == queue and job.run_at <= moment)
    best = select((job.priority, job.id) for job in due).order_by(desc(1))[:MOST_MESSAGES]
    return [priority for priority, _id in best]
