"""Removes ended jobs that are old or too many, in small batches with pauses, so that nobody waits long for the write lock."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta

from studium.core.clock import now
from studium.core.database import query, reading, transaction
from studium.core.logs import get_logger
from studium.core.runtime import runtime
from studium.queue.entities import CANCELLED, FAILED, SUCCEEDED
from studium.queue.job_ids import first_id_at
from studium.queue.queues import queues
from studium.queue.removing import remove_jobs
from studium.queue.settings import QueueSettings
from studium.queue.statements import stamp

log = get_logger(__name__)
BATCH = 200
LONGEST = 0.5
PAUSE = 0.005
TOO_OLD = "select id from job where state = ? and finished_at < ? and kind not in ({others}) order by finished_at limit ?"
TOO_OLD_OF_KIND = "select id from job where kind = ? and state = ? and id < ? and finished_at < ? order by id limit ?"
OLDEST = "select id from job where state = ? and finished_at is not null order by finished_at limit ?"  # as its partial index
COUNTED = "select coalesce(sum(jobs), 0) from job_count where state = ?"


@dataclass(frozen=True)
class Rule:
    """How long the jobs of an end state are kept, and how many at most."""

    state: str
    age: timedelta
    most: int


def trim() -> int:
    """Remove for about half a second at most; returns how many jobs, 0 when there were none to remove."""
    end, removed, batch = time.monotonic() + LONGEST, 0, 1
    while batch and time.monotonic() < end:
        batch = sum(_trim(rule) for rule in _rules(runtime().settings[QueueSettings]))
        removed += batch
        time.sleep(PAUSE if batch else 0)
    if removed:
        log.info("jobs_trimmed", jobs=removed)
    return removed


def _rules(settings: QueueSettings) -> list[Rule]:
    finished, failed = timedelta(days=settings.keep_finished_days), timedelta(days=settings.keep_failed_days)
    return [
        Rule(SUCCEEDED, finished, settings.keep_finished_jobs),
        Rule(CANCELLED, finished, settings.keep_finished_jobs),
        Rule(FAILED, failed, settings.keep_failed_jobs),
    ]


def _trim(rule: Rule) -> int:
    """One batch. Looked up before the write lock is taken, so those that were tried again meanwhile stay."""
    with reading():
        ids = _too_old(rule) or _beyond(rule)
    if not ids:
        return 0
    with transaction():
        return remove_jobs([job_id for (job_id,) in ids], rule.state)


def _too_old(rule: Rule) -> list[tuple[str]]:
    """Kinds that keep their succeeded jobs for longer are asked for one by one."""
    kept = _kept_longer(rule)
    others = TOO_OLD.format(others=", ".join("?" * len(kept)))
    ids = query(others, (rule.state, stamp(now() - rule.age), *kept, BATCH))
    for kind, age in kept.items():
        before = now() - age
        ids += query(TOO_OLD_OF_KIND, (kind, rule.state, first_id_at(before), stamp(before), BATCH - len(ids)))
    return ids


def _kept_longer(rule: Rule) -> dict[str, timedelta]:
    if rule.state != SUCCEEDED:
        return {}
    ages = {kind.name: kind.keep() for kind in queues().kinds.values() if kind.keep}
    return {kind: age for kind, age in ages.items() if age > rule.age}


def _beyond(rule: Rule) -> list[tuple[str]]:
    """The counters tell how many there are, so nothing is counted here."""
    over = int(query(COUNTED, (rule.state,))[0][0]) - rule.most
    return query(OLDEST, (rule.state, min(over, BATCH))) if over > 0 else []
