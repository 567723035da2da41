"""Which index seeks answer a question about jobs: each yields ids, the newest first, so that their merge does too.

A branch is one seek. What its index does not hold is checked row by row, for a limited number of rows. Plain SQL, the same for SQLite and
PostgreSQL; the indexes are those of `entities.py`.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from studium.core.database import query
from studium.queue.entities import JobCount
from studium.queue.job_filter import STATES, JobFilter

OF_JOB = "select job.id from job where {conditions}job.id >= ? and job.id < ? order by job.id desc limit ?"
OF_ARGUMENT = "select job_id as id from job_argument where {conditions}job_id >= ? and job_id < ? order by job_id desc limit ?"
HAS_ARGUMENT = "exists (select 1 from job_argument where name = ? and value = ? and job_id = job.id)"
CHECKED = "select job.id, case when {rest} then 1 else 0 end from ({seek}) seek join job on job.id = seek.id order by job.id desc"
SIZE = "select count(*) from ({seek}) seek"
PORTION = 250


@dataclass(frozen=True)
class Condition:
    """A piece of SQL and the values of its `?` marks."""

    sql: str
    values: tuple[object, ...]


@dataclass(frozen=True)
class Branch:
    """One seek: `sought` is what the index answers, `rest` what is to be checked in each row that it yields."""

    seek: str
    sought: tuple[Condition, ...] = ()
    rest: tuple[Condition, ...] = ()

    @property
    def sql(self) -> str:
        """The seek; its last marks are low, high and limit."""
        return self.seek.format(conditions="".join(f"{condition.sql} and " for condition in self.sought))


@dataclass(frozen=True)
class Limits:
    """How much one branch may be checked: rows (one PORTION at least), and until which time of time.monotonic()."""

    rows: int
    until: float


def best_branches(wanted: JobFilter, low: str, high: str, most: int) -> list[Branch]:
    """The branches whose merge answers the question: such as need no check, else those with the fewest rows between the ids."""
    ways = list(_ways(wanted))
    for way in ways:
        if not any(branch.rest for branch in way):
            return way
    return ways[0] if len(ways) == 1 else min(ways, key=lambda way: _size(way, low, high, most))


def look_through(branch: Branch, low: str, high: str, wanted: int, limits: Limits) -> tuple[list[str], str]:
    """The newest ids of the branch from `low` to before `high`: `wanted` of them or some more, or those found within the limits.

    Answers also the id down to which it has looked, or "" when there is nothing below.
    """
    if not branch.rest:
        return [job_id for (job_id,) in query(branch.sql, [*_values(branch.sought), low, high, wanted])], ""
    found: list[str] = []
    for portion in range(max(1, limits.rows // PORTION)):
        if portion and time.monotonic() > limits.until:
            break
        rows = _check(branch, low, high)
        found += [job_id for job_id, fits in rows if fits]
        if len(rows) < PORTION:
            return found, ""
        high = rows[-1][0]
        if len(found) >= wanted:
            break
    return found, high


def _check(branch: Branch, low: str, high: str) -> list[tuple[str, int]]:
    """The next PORTION of ids, and whether each fits the rest."""
    sql = CHECKED.format(rest=" and ".join(condition.sql for condition in branch.rest), seek=branch.sql)
    return query(sql, [*_values(branch.rest), *_values(branch.sought), low, high, PORTION])


def _ways(wanted: JobFilter) -> Sequence[list[Branch]]:
    """Every index that answers at least a part of the question."""
    kind, queue, user = _equal("kind", wanted.kind), _equal("queue", wanted.queue), _equal("user_id", wanted.user_id)
    argument = (Condition(HAS_ARGUMENT, wanted.argument),) if wanted.argument else ()
    states = tuple(dict.fromkeys(wanted.states))
    ways = []
    if wanted.argument:
        sought = (Condition("name = ? and value = ?", wanted.argument),)
        ways.append([Branch(OF_ARGUMENT, sought, (*kind, *queue, *_in_states(states), *user))])
    if user:
        ways.append([Branch(OF_JOB, (*user, *_equal("state", state)), (*kind, *queue, *argument)) for state in states or STATES])
    if kind or queue or states:
        ways.append(_by_kind_and_state(wanted, (*user, *argument)))
    return ways or [[Branch(OF_JOB)]]


def _by_kind_and_state(wanted: JobFilter, rest: tuple[Condition, ...]) -> list[Branch]:
    """A branch for each kind and state of which there are such jobs now; the queue is checked only where these are in several."""
    branches = []
    for (kind, state), queues in sorted(_counted(wanted).items()):
        if wanted.queue is None or wanted.queue in queues:
            mixed = _equal("queue", wanted.queue) if len(queues) > 1 else ()
            branches.append(Branch(OF_JOB, (*_equal("kind", kind), *_equal("state", state)), (*mixed, *rest)))
    return branches


def _counted(wanted: JobFilter) -> dict[tuple[str, str], set[str]]:
    queues = defaultdict(set)
    for count in JobCount.select(lambda count: count.jobs > 0):
        if wanted.kind in (None, count.kind) and (not wanted.states or count.state in wanted.states):
            queues[count.kind, count.state].add(count.queue)
    return queues


def _equal(column: str, value: object) -> tuple[Condition, ...]:
    return () if value is None else (Condition(f"job.{column} = ?", (value,)),)


def _in_states(states: tuple[str, ...]) -> tuple[Condition, ...]:
    return (Condition(f"job.state in ({', '.join('?' * len(states))})", states),) if states else ()


def _size(branches: Sequence[Branch], low: str, high: str, most: int) -> int:
    """The number of rows that the branches seek, counted up to about `most`."""
    total = 0
    for branch in branches:
        if total <= most:
            total += query(SIZE.format(seek=branch.sql), [*_values(branch.sought), low, high, most + 1])[0][0]
    return total


def _values(conditions: Sequence[Condition]) -> list[object]:
    return [value for condition in conditions for value in condition.values]
