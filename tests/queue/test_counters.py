"""`job_count` is the number of job rows by kind, queue and state, exactly, after whatever was done to them."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from contextlib import closing

from studium.core.app import load
from studium.core.database import DATABASE_FILE, execute, transaction
from studium.core.migrator import Migrator
from studium.core.runtime import collect
from studium.queue import jobs, trimming
from studium.queue.sqlite_counters import TRIGGERS
from tests.queue.conftest import enqueue

OLD_JOB = (
    "insert into job (id, kind, params, state, queue, priority, run_at, attempts, crashes, progress, message, created_at)"
    " values (?, ?, '{}', ?, 'default', 0, '2026-01-01', 0, 0, 0, '', '2026-01-01')"
)


def rows(sql):
    with transaction():
        return execute(sql).fetchall()


def counted():
    return {tuple(key): jobs for *key, jobs in rows("select kind, queue, state, jobs from job_count where jobs <> 0")}


def truly():
    return {tuple(key): jobs for *key, jobs in rows("select kind, queue, state, count(*) from job group by 1, 2, 3")}


def test_all_migrations_together_leave_the_triggers(app):
    assert set(TRIGGERS) <= {name for (name,) in rows("select name from sqlite_master where type = 'trigger' and tbl_name = 'job'")}


def test_the_counts_are_exact_after_a_mix_of_everything(app, runner, clock):
    chance = random.Random(7)
    for turn in range(60):
        ids = [enqueue(chance.choice(["chore", "hopeless_chore"]), queue=chance.choice(["default", "realtime"])) for _ in range(3)]
        if turn % 3 == 0:
            with transaction():
                jobs.cancel(chance.choice(ids))
        runner.run_one(None)
        if turn % 20 == 0:
            clock.advance(86400)
            trimming.trim()
        assert counted() == truly(), turn
    with transaction():
        execute("update job set kind = 'renamed', queue = 'other' where state = 'queued'")
    assert counted() == truly()
    assert sum(counted().values()) > 0
    with transaction():
        execute("delete from job where state = 'succeeded'")
    assert counted() == truly()


def test_what_is_rolled_back_is_not_counted(app):
    before = counted()
    try:
        with transaction():
            jobs.enqueue("chore")
            raise KeyError
    except KeyError:
        pass
    assert counted() == before


def test_the_migration_counts_the_jobs_that_there_are(environ, tmp_path):
    _settings, plugins = load(environ)
    migrator = Migrator(tmp_path, collect(plugins.hook.register_migrations))
    migrator.migrate()
    later = [step.revision for step in migrator.status() if step.plugin == "queue" and step.revision > "queue_0001"]
    migrator.rollback("queue", len(later))
    with closing(sqlite3.connect(tmp_path / DATABASE_FILE)) as connection, connection:
        connection.executemany(OLD_JOB, [("a", "tea", "queued"), ("b", "tea", "queued"), ("c", "tea", "failed"), ("d", "cake", "failed")])
    migrator.migrate()
    with closing(sqlite3.connect(tmp_path / DATABASE_FILE)) as connection:
        found = Counter({(kind, state): number for kind, state, number in connection.execute("select kind, state, jobs from job_count")})
    assert found == {("tea", "queued"): 2, ("tea", "failed"): 1, ("cake", "failed"): 1}
