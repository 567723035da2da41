"""Puts right what went wrong: jobs whose worker was lost, jobs from a clock that was ahead, and due jobs without a message.

Every step is guarded or harmless when doubled, so two dispatchers at once do no damage. A round that finds nothing
only reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from studium.core.clock import now
from studium.core.database import execute, query, reading, transaction
from studium.core.logs import get_logger
from studium.core.runtime import runtime
from studium.queue import lifecycle
from studium.queue.announcements import MOST_MESSAGES
from studium.queue.counting import Group, count_due, count_running, groups, next_lease_end, next_time
from studium.queue.entities import RUNNING, Job
from studium.queue.job_ids import first_id_at
from studium.queue.kinds import QUEUES
from studium.queue.pauses import paused_queues
from studium.queue.queues import queues
from studium.queue.settings import QueueSettings
from studium.queue.statements import stamp

log = get_logger(__name__)
CLOCK_STEP = timedelta(seconds=2)
SHORTEST_REST = 0.01
REST_WHEN_FULL = 0.2
LEASED_TOO_LONG = "state = 'running' and leased_until > ?"
# The primary key is to be used, which ends at once when there is no later id; not an index that begins with the state.
EARLY_BORN = "id > ? and coalesce(state, '') = 'queued' and run_at > ? and run_at <= created_at"


def dispatch() -> float:
    """One round: crashed jobs first, so that they are due again in the same round. Returns the seconds until the next one is useful.

    That is when the next job becomes due or the next lease ends, and STUDIUM_QUEUE_DISPATCH_SECONDS at the latest.
    """
    shorten_leases()
    expire_leases()
    hurry_early_born()
    full = max([send_missing(queue) for queue in QUEUES]) == MOST_MESSAGES
    longest = REST_WHEN_FULL if full else runtime().settings[QueueSettings].dispatch_seconds
    return min(longest, max(SHORTEST_REST, _seconds_to_next()))


def expire_leases() -> int:
    """Treat each running job whose lease is over as crashed; returns how many there were."""
    moment = now()
    with reading():
        silent = list(Job.select(lambda job: job.state == RUNNING and job.leased_until < moment))
    for job in silent:
        lifecycle.crash(job.id, runtime().settings[QueueSettings].max_crashes)
    return len(silent)


def shorten_leases() -> int:
    """Let no lease last longer than a lease from now, as those do that a clock gave which has been set back since; returns how many.

    Else the job of a worker that was lost then would wait as long as the clock was ahead. Workers that live renew theirs anyway.
    """
    longest = timedelta(seconds=runtime().settings[QueueSettings].lease_seconds)
    end, too_late = now() + longest, stamp(now() + longest + CLOCK_STEP)
    with reading():
        if not query(f"select 1 from job where {LEASED_TOO_LONG} limit 1", (too_late,)):
            return 0
    with transaction():
        shortened: int = execute(f"update job set leased_until = ? where {LEASED_TOO_LONG}", (stamp(end), too_late)).rowcount
    log.warning("leases_shortened", jobs=shortened)
    return shortened


def hurry_early_born() -> int:
    """Make due the jobs that were meant for at once by a clock that has been set back since; returns how many there were.

    A job with a time of its own keeps it: the clock is right now. Ids hold the time, so this looks at the end of the primary key only.
    """
    moment = now()
    early = (first_id_at(moment + CLOCK_STEP), stamp(moment))
    with reading():
        if not query(f"select 1 from job where {EARLY_BORN} limit 1", early):
            return 0
    with transaction():
        hurried: int = execute(f"update job set run_at = ? where {EARLY_BORN}", (stamp(moment), *early)).rowcount
    log.warning("clock_was_set_back", jobs=hurried)
    return hurried


def send_missing(queue: str) -> int:
    """Send messages until there are as many as jobs that may start (or MOST_MESSAGES); returns how many jobs there are.

    They carry no id: "run the best due job". So only the number has to be right, not which job lost its message, and
    this covers commits whose message was never sent, run_at, retries, crashes and a lost transport file alike. One
    too many finds nothing to do. Nothing is sent for a paused queue, nor for a job that its kind's limit holds back.
    """
    transport = queues().transport(queue)
    with reading():
        due = _due_priorities(queue)
    missing = len(due) - transport.pending(MOST_MESSAGES)
    if missing > 0:
        transport.send_for_any(due[:missing])
        log.debug("messages_sent_again", queue=queue, messages=missing)
    return len(due)


def _due_priorities(queue: str) -> list[int]:
    """The priority of each job that may start, best first."""
    moment, found = now(), []
    for group, room in _open_groups(queue):
        if group.due(moment):
            found += [group.priority] * count_due(group, moment, room)
    return sorted(found, reverse=True)[:MOST_MESSAGES]


def _open_groups(queue: str) -> Iterator[tuple[Group, int]]:
    """Each group of which at least one job may start as far as pauses and limits go, and how many."""
    if queue in paused_queues():
        return
    for group in groups(queue):
        limit = queues().limits.get(group.kind)
        room = MOST_MESSAGES if limit is None else min(MOST_MESSAGES, limit - count_running(group.kind))
        if room > 0:
            yield group, room


def _seconds_to_next() -> float:
    with reading():
        moment = now()
        times = [next_lease_end(), *(next_time(group, moment) for queue in QUEUES for group, _room in _open_groups(queue))]
    return min(((found - moment).total_seconds() for found in times if found), default=float("inf"))
