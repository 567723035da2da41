"""Jobs through a storm of kill -9, TERM and SIGSTOP against workers and those who ask: none lost, none ended twice, no limit exceeded, none
stuck longer than 15 s, and everything that counts or points at jobs agrees with them.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import trace
from tests.faults.orders import Orders
from tests.faults.recorder import ENDS, RECORD_CHANGES, History, history
from tests.faults.stack import Stack, running_stack, wait_until
from tests.faults.storm import Storm

pytestmark = pytest.mark.faults
ROUNDS = int(os.environ.get("STUDIUM_FAULT_ROUNDS", "100"))
LONGEST_STUCK = 15.0
LIMITS = {"single_drill": 1, "double_drill": 2}
USER_LIMIT = 10
UNLIMITED = {"chore", "stubborn_chore", "hopeless_chore", "patient_drill", "free_drill", "tick_drill", "deliver_fact"}
SETTINGS = {
    "STUDIUM_PLUGINS": "studium.queue.plugin",
    "STUDIUM_EXTRA_PLUGINS": "chores,drills",
    "STUDIUM_QUEUE_MAX_CRASHES": "1000",
}


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with running_stack(tmp_path, **SETTINGS) as stack:
        stack.script(RECORD_CHANGES)
        yield stack


def test_in_a_storm_of_kills_every_job_ends_once_within_all_limits(stack: Stack) -> None:
    chance = random.Random(ROUNDS)
    storm, orders = Storm(stack, chance), Orders(stack, chance)
    storm.begin()
    for _ in range(ROUNDS):
        orders.place(4)
        orders.meddle()
        storm.strike(orders.order())
        time.sleep(chance.uniform(0, 1.3))  # the random moment
        storm.mend()
    let_everything_end(stack, storm, orders)
    found = history(stack)
    print(f"{dict(storm.strikes)}; {len(found.lives)} jobs in {sum(found.lives.values())} lives, {orders.retried} retried by hand;",
          f"cancelled from {dict(found.cancelled_from)}")
    assert found.wrong == []
    check_ends(stack, found, orders)
    check_runs(stack, found, storm, orders)
    check_limits(stack, found, storm)
    check_facts(stack, orders.told)
    check_periods(stack)
    check_what_belongs_to_jobs(stack)
    check_nothing_was_stuck(found, storm)
    check_logs(stack)


def let_everything_end(stack: Stack, storm: Storm, orders: Orders) -> None:
    """The storm is over: everybody is up again, nobody asks for more."""
    for name in ("greedy-1", "greedy-2"):
        stack.kill(name)
    orders.finish()
    wait_until(storm.mend, 40, "all are up again")
    began = time.monotonic()
    active = "select 1 from job where state in ('queued', 'running', 'retrying') limit 1"
    wait_until(lambda: not stack.query(active), 60, "every job ends")
    print(f"everything had ended {time.monotonic() - began:.1f} s after the storm")


def check_ends(stack: Stack, found: History, orders: Orders) -> None:
    """Each life of each job ended once, and as it had to."""
    assert {job: ends for job, ends in found.ends.items() if ends != found.lives[job]} == {}
    assert orders.acknowledged <= set(found.lives), "an acknowledged job is lost"
    states = dict(stack.query("select id, state from job"))
    assert states == {job: changes[-1].state for job, changes in found.changes.items()}
    cancelled = {job for job, state in states.items() if state == "cancelled"}
    assert orders.surely_cancelled <= cancelled <= orders.cancelled
    assert all(found.cancelled_from[state] for state in ("queued", "running", "retrying"))
    hopeless = "kind = 'hopeless_chore' or coalesce(json_extract(params, '$.fail'), 0)"
    assert stack.query(f"select id, kind, state, error from job where state <> 'cancelled' and ({hopeless}) <> (state = 'failed')") == []


def check_runs(stack: Stack, found: History, storm: Storm, orders: Orders) -> None:
    """What ended otherwise than cancelled has run, and what has ended does not run again."""
    chores = {line.split()[0] for line in (stack.data_dir / "chores-trace").read_text().splitlines()}
    drills = trace.runs(stack, storm.ended, storm.stopped)
    ran = chores | {run.job for run in drills}
    assert {job for job in orders.acknowledged if found.state(job) != "cancelled"} <= ran, "a job ended without having run"
    greedy = {line.split()[2] for line in (stack.data_dir / "greedy").read_text().splitlines() if line.startswith("enqueued")}
    assert {job for job in greedy if found.state(job) != "cancelled"} <= ran, "a job that the greedy asked for is lost"
    late = [
        run
        for run in drills
        if run.began > found.changes[run.job][-1].at + 0.05 and not trace.started_while_asleep(run, storm.stopped)
    ]
    assert late == [], "an ended job ran again"


def check_limits(stack: Stack, found: History, storm: Storm) -> None:
    """By the rows at each commit, and by what the runs themselves wrote down."""
    kinds = dict(stack.query("select id, kind from job"))
    drills = trace.runs(stack, storm.ended, storm.stopped)
    for kind, limit in LIMITS.items():
        at_once = trace.most_at_once(run for run in drills if kinds[run.job] == kind)
        print(f"{kind}: at most {found.most_running[kind]} rows and {at_once} runs at once, limit {limit}")
        assert found.most_running[kind] == limit, "the limit was reached, and never exceeded"
        assert at_once <= limit
    refused = Counter(
        line.split()[2] for line in (stack.data_dir / "greedy").read_text().splitlines() if line.startswith("refused")
    )
    print(f"active jobs of each user: at most {dict(found.most_active)}; the greedy were refused: {dict(refused)}")
    assert set(found.most_active.values()) == {USER_LIMIT}
    assert refused["TooManyJobs"] > 0


def check_facts(stack: Stack, told: set[str]) -> None:
    delivered = {line.split()[1] for line in (stack.data_dir / "chores-trace").read_text().splitlines() if line.startswith("told ")}
    cancelled = {word for (word,) in stack.query("select json_extract(params, '$.word') from job where state = 'cancelled'")}
    assert told - cancelled <= delivered
    twice = stack.query("select fact, subscriber from fact_delivery group by 1, 2 having count(*) > 1")
    undelivered = stack.query("select id from fact where id not in (select fact from fact_delivery)")
    assert (twice, undelivered) == ([], [])


def check_periods(stack: Stack) -> None:
    """Three dispatchers decided each second once, left none out, and each job of a task belongs to one second."""
    for task in ("tick_all", "tick_once"):
        due = [row[0] for row in stack.query("select strftime('%s', due_at) + 0 from periodic_run where task = ? order by due_at", task)]
        assert due == list(range(due[0], due[-1] + 1)), f"{task} left out a second, or decided it twice"
    ticks = {job for (job,) in stack.query("select id from job where kind = 'tick_drill'")}
    jobs = [job for (job,) in stack.query("select job_id from periodic_run where job_id is not null")]
    print(f"{len(ticks)} ticks of {len(due)} s")
    assert len(jobs) == len(set(jobs))
    assert ticks == set(jobs)


def check_what_belongs_to_jobs(stack: Stack) -> None:
    """The counters are exact; no argument or line is left of a job that is not there; nobody holds anything any more."""
    counted = dict(stack.query("select kind || ' ' || queue || ' ' || state, jobs from job_count where jobs <> 0"))
    assert counted == dict(stack.query("select kind || ' ' || queue || ' ' || state, count(*) from job group by kind, queue, state"))
    for table in ("job_argument", "job_line"):
        assert stack.query(f"select * from {table} where job_id not in (select id from job)") == []
    assert stack.query("select id from job where lease is not null or leased_until is not null or active_key is not null") == []
    assert stack.query("select id from job where finished_at is null or state not in (?, ?, ?)", *ENDS) == []
    bare = "select id from job where params like '%fail_first%' and id not in (select job_id from job_argument where name = 'fail_first')"
    assert stack.query(bare) == [], "a job without its arguments"


def check_nothing_was_stuck(found: History, storm: Storm) -> None:
    lost = sorted(found.seconds_until_next(job, at) for job, at in storm.lost)
    waits = found.waits(UNLIMITED)
    median, most = waits[len(waits) // 2], waits[len(waits) * 99 // 100]
    print(f"{len(lost)} jobs were in flight when their worker was struck; running or ended after at most {max(lost):.1f} s;",
          f"from due to started: median {median:.2f} s, 99 % {most:.1f} s, at most {waits[-1]:.1f} s")
    assert max(lost) < LONGEST_STUCK
    assert waits[-1] < LONGEST_STUCK


def check_logs(stack: Stack) -> None:
    """No part of a worker failed by itself."""
    bad = {"heartbeat_failed", "dispatch_failed", "after_commit_failed", "job_end_not_stored"}
    lines = [line for name in ("default", "second", "realtime") for line in stack.log_lines(name)]
    print(f"log: {dict(Counter(line['event'] for line in lines))}")
    assert [line for line in lines if line["event"] in bad] == []
