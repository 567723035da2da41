"""The adapter of `job_count` to SQLite: triggers that keep the number of jobs by kind, queue and state exact, whoever writes.

A migration that rebuilds the table `job` (Alembic's batch mode does) loses its triggers: it must call `drop_counters` before, and
`make_counters` after.
"""

from __future__ import annotations

from collections.abc import Callable

ADD = """insert into job_count (kind, queue, state, jobs) values (new.kind, new.queue, new.state, 1)
    on conflict (kind, queue, state) do update set jobs = jobs + 1;"""
TAKE = "update job_count set jobs = jobs - 1 where kind = old.kind and queue = old.queue and state = old.state;"
MOVED = "old.state <> new.state or old.kind <> new.kind or old.queue <> new.queue"
TRIGGERS = {
    "job_count_insert": f"after insert on job begin {ADD} end",
    "job_count_update": f"after update of kind, queue, state on job when {MOVED} begin {TAKE} {ADD} end",
    "job_count_delete": f"after delete on job begin {TAKE} end",
}
COUNT = "insert into job_count (kind, queue, state, jobs) select kind, queue, state, count(*) from job group by kind, queue, state"


def make_counters(run: Callable[[str], object]) -> None:
    """Count the rows that there are, and make the triggers; `run` executes one statement of SQL."""
    run("delete from job_count")
    run(COUNT)
    for name, body in TRIGGERS.items():
        run(f"create trigger {name} {body}")


def drop_counters(run: Callable[[str], object]) -> None:
    """Remove the triggers; the counters stand still from here on."""
    for name in TRIGGERS:
        run(f"drop trigger if exists {name}")
