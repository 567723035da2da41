"""Writes down every change of a job's state in the order of the commits, by triggers of the database, and replays it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

NOW = "(julianday('now') - 2440587.5) * 86400.0"
SEEN = f"new.id, new.kind, new.queue, new.user_id, new.unique_key, new.run_at, {NOW}"
COLUMNS = "job, kind, queue, user_id, unique_key, run_at, at, state"
RECORD_CHANGES = f"""
create table change (
  id integer primary key, job text, kind text, queue text, user_id int, unique_key text, run_at text, at real, state text);
create trigger job_made after insert on job begin insert into change ({COLUMNS}) values ({SEEN}, new.state); end;
create trigger job_moved after update of state on job when old.state <> new.state begin
  insert into change ({COLUMNS}) values ({SEEN}, new.state); end;
create trigger job_gone after delete on job begin insert into change (job, kind, queue, at, state)
  values (old.id, old.kind, old.queue, {NOW}, 'gone'); end;
create trigger job_cancel_asked after update of cancel_requested_at on job
  when new.cancel_requested_at is not null and old.cancel_requested_at is null begin
  insert into change (job, kind, queue, at, state) values (new.id, new.kind, new.queue, {NOW}, 'cancel asked'); end;
create trigger queue_paused after insert on queue_pause begin
  insert into change (job, queue, at, state) values ('', new.queue, {NOW}, 'paused'); end;
create trigger queue_resumed after delete on queue_pause begin
  insert into change (job, queue, at, state) values ('', old.queue, {NOW}, 'resumed'); end;
"""
ACTIVE = {"queued", "running", "retrying"}
ENDS = {"succeeded", "failed", "cancelled"}
MOVES = {
    "": {"queued"},
    "queued": {"running", "cancelled"},
    "running": {"queued", "retrying"} | ENDS,
    "retrying": {"running", "cancelled"},
    "failed": {"queued"},  # somebody retries it
    "succeeded": set(),
    "cancelled": set(),
}


class Change(NamedTuple):
    """One committed change: a job is in a new state, "cancel asked" while it runs, or (without a job) a queue is "paused" or "resumed"."""

    job: str
    kind: str
    queue: str
    user: int | None
    unique_key: str | None
    run_at: float
    at: float
    state: str


@dataclass
class History:
    """What a replay of all changes shows. `lives` are the times a job began waiting anew: once, and once more a manual retry."""

    changes: dict[str, list[Change]] = field(default_factory=lambda: defaultdict(list))
    lives: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    most_running: Counter[str] = field(default_factory=Counter)
    most_active: Counter[int] = field(default_factory=Counter)
    cancelled_from: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    _paused: set[str] = field(default_factory=set)
    _asked: set[str] = field(default_factory=set)
    _running: Counter[str] = field(default_factory=Counter)
    _active: Counter[int] = field(default_factory=Counter)
    _keys: dict[str, str] = field(default_factory=dict)

    def state(self, job: str) -> str:
        """The last known state; "" before the first."""
        return self.changes[job][-1].state if job in self.changes else ""

    def waits(self, kinds: Iterable[str]) -> list[float]:
        """Seconds from the moment a job of these kinds was due until it started, for each start; sorted."""
        return sorted(
            start.at - max(waiting.at, waiting.run_at)
            for found in self.changes.values()
            if found[0].kind in kinds
            for waiting, start in pairwise(found)
            if start.state == "running"
        )

    def seconds_until_next(self, job: str, lost_at: float) -> float:
        """From the loss of a job's worker to its next start or end; infinite if there was none."""
        after = (change.at for change in self.changes[job] if change.at > lost_at and change.state in ENDS | {"running"})
        return next(after, float("inf")) - lost_at

    def add(self, change: Change) -> None:
        """Take the next change."""
        if not change.job:
            (self._paused.add if change.state == "paused" else self._paused.discard)(change.queue)
            return
        if change.state == "cancel asked":
            self._asked.add(change.job)
            return
        before = self.state(change.job)
        if change.job in self._asked and change.state in ACTIVE and before != "failed":
            self.wrong.append(f"{change.kind} {change.job}: {before} -> {change.state} although its end was asked for")
        if change.state in ENDS:
            self._asked.discard(change.job)
        if change.state not in MOVES[before]:
            self.wrong.append(f"{change.kind} {change.job}: {before} -> {change.state}")
        if change.state == "running" and change.queue in self._paused:
            self.wrong.append(f"{change.kind} {change.job} started while {change.queue} was paused")
        self.lives[change.job] += before in ("", "failed")
        self.ends[change.job] += change.state in ENDS
        self.cancelled_from[before] += change.state == "cancelled"
        self._count(change, before)
        self._check_key(change)
        self.changes[change.job].append(change)

    def _count(self, change: Change, before: str) -> None:
        self._running[change.kind] += (change.state == "running") - (before == "running")
        self.most_running[change.kind] = max(self.most_running[change.kind], self._running[change.kind])
        if change.user is not None:
            self._active[change.user] += (change.state in ACTIVE) - (before in ACTIVE)
            self.most_active[change.user] = max(self.most_active[change.user], self._active[change.user])

    def _check_key(self, change: Change) -> None:
        """`unique_key` stays on the row; it counts while the job is active."""
        if change.unique_key is None:
            return
        key = f"{change.kind}:{change.unique_key}"
        if change.state in ACTIVE and self._keys.setdefault(key, change.job) != change.job:
            self.wrong.append(f"{key} is active twice")
        if change.state in ENDS and self._keys.get(key) == change.job:
            del self._keys[key]


class Queried(Protocol):
    """What has a database to look into."""

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows."""


def history(stack: Queried) -> History:
    """Replay all changes, as they were committed."""
    found = History()
    for job, kind, queue, user, key, run_at, at, state in stack.query(f"select {COLUMNS} from change order by id"):
        found.add(Change(job, kind, queue, user, key, _epoch(run_at), at, state))
    return found


def _epoch(moment: str | None) -> float:
    return datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp() if moment else 0.0
