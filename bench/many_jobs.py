"""Fills a migrated database with very many jobs of a month, with arguments, stories, minutes and periodic runs, by plain SQL.

One transaction without indexes and triggers, which are made again afterwards: a million jobs take about a minute.
"""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from studium.queue.minutes import BOUNDS
from studium.queue.sqlite_counters import drop_counters, make_counters

KINDS = ("hello", "certificate", "learning_report", "account_export", "deliver_fact", "jobs_in_bulk", "gone_kind")
STATES = ("succeeded",) * 920 + ("failed",) * 50 + ("cancelled",) * 20 + ("queued",) * 8 + ("retrying",) * 2
USERS, COURSES = 5_000, 300
MONTH = timedelta(days=30)
JOB = (
    "insert into job (id, kind, user_id, params, state, queue, priority, run_at, attempts, crashes, progress, message, result, error, "
    "created_at, started_at, finished_at) values (?, ?, ?, ?, ?, ?, 0, ?, ?, 0, ?, '', ?, ?, ?, ?, ?)"
)
ARGUMENT = "insert into job_argument (name, value, job_id) select '{name}', json_extract(params, '$.{name}'), id from job where {which}"
LINE = "insert into job_line (job_id, at, event, text) values (?, ?, 'failed', 'ValueError: The course has no lessons')"
MINUTE = (
    "insert into job_minute (minute, queue, started, succeeded, failed, cancelled, retried, wait_ms, run_ms) "
    "values (?, ?, 30, 27, 2, 1, 3, ?, 4000)"
)
RUN = "insert into periodic_run (task, due_at, decided_at, outcome, started_by) values (?, ?, ?, 'paused', '')"


def fill(database: Path, number: int, tasks: tuple[str, ...] = ()) -> None:
    """Put `number` jobs of the last 30 days into the database, minutes of a week, and 20,000 runs of each of the periodic tasks."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("pragma synchronous = off")
        connection.execute("begin immediate")
        drop_counters(connection.execute)
        indexes = connection.execute("select name, sql from sqlite_master where type = 'index' and sql like '%job%'").fetchall()
        for name, _sql in indexes:
            connection.execute(f'drop index "{name}"')
        now = datetime.now(UTC).replace(tzinfo=None)
        connection.executemany(JOB, _jobs(number, now))
        connection.execute(ARGUMENT.format(name="course", which="true order by 2, 3"))
        connection.execute(ARGUMENT.format(name="number", which="rowid % 4 = 0"))
        failed = connection.execute("select id, finished_at from job where state = 'failed'").fetchall()
        connection.executemany(LINE, failed)
        connection.executemany(MINUTE, _minutes(now))
        for task in tasks:
            connection.executemany(RUN, ((task, *[_stamp(now - timedelta(minutes=ago))] * 2) for ago in range(20_000)))
        for _name, sql in indexes:
            connection.execute(sql)
        make_counters(connection.execute)
        connection.execute("commit")


def _jobs(number: int, now: datetime) -> Iterator[tuple[object, ...]]:
    chance = random.Random(7)
    begin = now - MONTH
    for index in range(number):
        made = begin + MONTH * (index / number)
        state = "running" if index > number - 3 else chance.choice(STATES)
        ends = state in ("succeeded", "failed", "cancelled")
        due = now + timedelta(hours=index % 50 - 2) if state in ("queued", "retrying") else made
        milliseconds = int(made.replace(tzinfo=UTC).timestamp() * 1000)
        params = {"course": f"course-{chance.randrange(COURSES)}", "language": "en", "number": index}
        yield (
            f"{milliseconds >> 16:08x}-{milliseconds & 0xFFFF:04x}-7{index & 0xFFF:03x}-8000-{index:012x}",
            chance.choice(KINDS),
            chance.randrange(1, USERS),
            json.dumps(params),
            state,
            "realtime" if index % 10 == 0 else "default",
            _stamp(due),
            1,
            100 if state == "succeeded" else 0,
            '{"bytes": 48213}' if state == "succeeded" else None,
            "ValueError: The course has no lessons" if state in ("failed", "retrying") else None,
            _stamp(made),
            _stamp(made + timedelta(milliseconds=5)) if state != "queued" else None,
            _stamp(made + timedelta(milliseconds=900)) if ends else None,
        )


def _minutes(now: datetime) -> Iterator[tuple[str, str, str]]:
    chance = random.Random(7)
    this_minute = now.replace(second=0, microsecond=0)
    for ago in range(7 * 1440):
        for queue in ("default", "realtime"):
            waits = json.dumps([chance.randrange(9) for _bucket in range(len(BOUNDS) + 1)])
            yield _stamp(this_minute - timedelta(minutes=ago)), queue, waits


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")
