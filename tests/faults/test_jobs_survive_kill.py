"""Jobs through kill -9 and TERM of real processes at random moments: none lost, none ended twice, none stuck longer
than 15 s.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.stack import STUDIUM, Stack, running_stack, wait_until

pytestmark = pytest.mark.faults
ROUNDS = int(os.environ.get("STUDIUM_FAULT_ROUNDS", "15"))
LONGEST_STUCK = 15.0
WORKERS = {"default": ("--workers", "2", "--dispatcher"), "realtime": ("--dispatcher",)}
RECORD_CHANGES = """
create table change (id integer primary key, job text, state text, at real);
create trigger job_made after insert on job begin
  insert into change (job, state, at) values (new.id, new.state, (julianday('now') - 2440587.5) * 86400.0); end;
create trigger job_moved after update of state on job when old.state <> new.state begin
  insert into change (job, state, at) values (new.id, new.state, (julianday('now') - 2440587.5) * 86400.0); end;
"""
CHORES: list[dict[str, Any]] = [
    {"kind": "chore", "params": {}},
    {"kind": "chore", "params": {"seconds": 0.3}},
    {"kind": "chore", "params": {"seconds": 1.0}},
    {"kind": "chore", "params": {"fail_first": 1}},
    {"kind": "stubborn_chore", "params": {"seconds": 0.4}},
    {"kind": "hopeless_chore", "params": {}},
]


@pytest.fixture
def stack(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stack]:
    plugins = {"STUDIUM_PLUGINS": "studium.queue.plugin", "STUDIUM_EXTRA_PLUGINS": "chores"}
    with running_stack(tmp_path, **plugins | getattr(request, "param", {})) as stack:
        stack.script(RECORD_CHANGES)
        start_asker(stack)
        yield stack


def start_asker(stack: Stack) -> None:
    stack.start("asker", sys.executable, str(Path(__file__).with_name("asker.py")))


def start_worker(stack: Stack, queue: str) -> None:
    stack.start(queue, STUDIUM, "worker", queue, *WORKERS[queue])


def states(stack: Stack) -> dict[str, str]:
    return dict(stack.query("select id, state from job"))


def all_ended(stack: Stack) -> bool:
    return not {"queued", "running", "retrying"} & set(states(stack).values())


def trace(stack: Stack) -> list[str]:
    path = stack.data_dir / "chores-trace"
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.parametrize("stack", [{"STUDIUM_QUEUE_MAX_CRASHES": "100"}], indirect=True)
def test_killed_at_random_moments_every_job_ends_once(stack: Stack) -> None:
    chance = random.Random(ROUNDS)
    acknowledged, told, in_flight = set(), set(), []
    for queue in WORKERS:
        start_worker(stack, queue)
    for turn in range(ROUNDS):
        for number in range(8):
            question = dict(chance.choice(CHORES))
            if question["kind"] == "chore" and chance.random() < 0.5:
                question["params"] = question["params"] | {"tell": True, "word": f"{turn}.{number}"}
            if job_id := stack.ask("asker", question):
                acknowledged.add(job_id)
                told |= {question["params"]["word"]} if question["params"].get("tell") else set()
        time.sleep(chance.uniform(0, 1.5))
        in_flight += strike(stack, chance)
    wait_until(lambda: all_ended(stack), 60, "every job ends")
    check_ends(stack, acknowledged)
    check_facts(stack, told)
    assert longest_wait(stack, in_flight) < LONGEST_STUCK


def strike(stack: Stack, chance: random.Random) -> list[tuple[str, float]]:
    """Kill one process, start it again; the jobs that it had in flight, with the time."""
    victim = chance.choice(["default", "default", "realtime", "asker"])
    if victim == "asker":
        stack.kill("asker")
        start_asker(stack)
        return []
    if chance.random() < 0.3:
        stack.kill(victim, signal.SIGTERM)
        stack.wait(victim)
        start_worker(stack, victim)
        return []
    pid = stack.kill(victim)
    lost = [
        (job, time.time())
        for (job,) in stack.query("select id from job where state = 'running' and worker like ?", f"%/{pid}/%")
    ]
    start_worker(stack, victim)
    return lost


def check_ends(stack: Stack, acknowledged: set[str]) -> None:
    ends = Counter(
        job for (job,) in stack.query("select job from change where state in ('succeeded', 'failed', 'cancelled')")
    )
    assert acknowledged <= set(ends), "an acknowledged job is lost"
    assert set(ends.values()) == {1}, "a job ended twice"
    ran = {line.split()[0] for line in trace(stack)}
    assert acknowledged <= ran, "a job ended without having run"
    wrong = stack.query("select id, kind, state, error from job where (kind = 'hopeless_chore') <> (state = 'failed')")
    assert wrong == []


def check_facts(stack: Stack, told: set[str]) -> None:
    assert told <= {line.split()[1] for line in trace(stack) if line.startswith("told ")}
    twice = stack.query("select fact, subscriber from fact_delivery group by 1, 2 having count(*) > 1")
    undelivered = stack.query("select id from fact where id not in (select fact from fact_delivery)")
    assert (twice, undelivered) == ([], [])


def longest_wait(stack: Stack, in_flight: list[tuple[str, float]]) -> float:
    """Seconds from the kill of a worker to the next start of a job that it had in flight."""
    waits, noticed = [0.0], [0.0]
    for job, killed_at in in_flight:
        ((waiting,),) = stack.query(
            "select min(at) from change where job = ? and state = 'queued' and at > ?", job, killed_at
        )
        noticed.append((waiting or killed_at) - killed_at)
        ((again,),) = stack.query(
            "select min(at) from change where job = ? and state = 'running' and at > ?", job, killed_at
        )
        assert again is not None, f"{job} never ran again"
        waits.append(again - killed_at)
    print(
        f"{len(in_flight)} jobs were in flight when their worker was killed; "
        f"given back after at most {max(noticed):.1f} s, running again after {max(waits):.1f} s"
    )
    return max(waits)


def test_a_process_killed_between_commit_and_send_loses_no_job(stack: Stack) -> None:
    start_worker(stack, "default")
    assert stack.ask("asker", {"kind": "chore", "params": {"word": "orphan"}, "how": "die"}) is None
    assert stack.wait("asker") == -signal.SIGKILL
    assert len(states(stack)) == 1
    wait_until(lambda: set(states(stack).values()) == {"succeeded"}, LONGEST_STUCK, "the job runs without its message")
    assert len(trace(stack)) == 1


def test_a_rolled_back_job_never_exists(stack: Stack) -> None:
    start_worker(stack, "default")
    assert stack.ask("asker", {"kind": "chore", "params": {"word": "never"}, "how": "rollback"}) is None
    kept = stack.ask("asker", {"kind": "chore", "params": {"word": "kept"}})
    wait_until(lambda: all_ended(stack), LONGEST_STUCK, "the kept job ends")
    assert states(stack) == {kept: "succeeded"}
    assert trace(stack) == [f"{kept} kept"]


@pytest.mark.parametrize(
    "stack", [{"STUDIUM_QUEUE_LEASE_SECONDS": "2", "STUDIUM_QUEUE_HEARTBEAT_SECONDS": "0.5"}], indirect=True
)
def test_a_job_that_kills_its_worker_is_set_aside_after_three_times(stack: Stack) -> None:
    start_worker(stack, "realtime")
    job_id = stack.ask("asker", {"kind": "deadly_chore"})
    for _ in range(3):
        start_worker(stack, "default")
        assert stack.wait("default") == -signal.SIGKILL
    wait_until(lambda: states(stack)[job_id] == "failed", LONGEST_STUCK, "the job is set aside")
    assert trace(stack) == [job_id] * 3
    assert "The worker was lost 3 times" in stack.query("select error from job")[0][0]
    start_worker(stack, "default")
    after = stack.ask("asker", {"kind": "chore"})
    wait_until(lambda: states(stack)[after] == "succeeded", LONGEST_STUCK, "the queue goes on")


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_worker_finishes_or_gives_back_what_it_runs(stack: Stack, signum: int) -> None:
    start_worker(stack, "default")
    long = stack.ask("asker", {"kind": "chore", "params": {"seconds": 60}})
    short = stack.ask("asker", {"kind": "stubborn_chore", "params": {"seconds": 2}})
    wait_until(lambda: set(states(stack).values()) == {"running"}, LONGEST_STUCK, "both jobs run")
    stack.kill("default", signum)
    assert stack.wait("default", 10) == 0
    assert states(stack) == {long: "queued", short: "succeeded"}
    assert stack.query("select attempts, crashes from job where id = ?", long) == [(0, 0)]
    start_worker(stack, "default")
    wait_until(lambda: states(stack)[long] == "running", LONGEST_STUCK, "the job starts again")


@pytest.mark.parametrize("stack", [{"STUDIUM_QUEUE_DRAIN_SECONDS": "1"}], indirect=True)
def test_after_the_drain_limit_the_worker_ends_and_its_job_waits_again(stack: Stack) -> None:
    start_worker(stack, "default")
    job_id = stack.ask("asker", {"kind": "stubborn_chore", "params": {"seconds": 30}})
    wait_until(lambda: states(stack)[job_id] == "running", LONGEST_STUCK, "the job runs")
    stack.kill("default", signal.SIGTERM)
    assert stack.wait("default", 10) == 0
    assert stack.query("select state, attempts, crashes from job") == [("queued", 0, 0)]


@pytest.mark.parametrize(
    "stack", [{"STUDIUM_QUEUE_LEASE_SECONDS": "2", "STUDIUM_QUEUE_HEARTBEAT_SECONDS": "0.5"}], indirect=True
)
def test_the_result_of_a_worker_that_slept_past_its_lease_is_refused(stack: Stack) -> None:
    start_worker(stack, "default")
    job_id = stack.ask("asker", {"kind": "stubborn_chore", "params": {"seconds": 1.5}})
    wait_until(lambda: states(stack)[job_id] == "running", LONGEST_STUCK, "the job runs")
    stack.kill("default", signal.SIGSTOP)
    stack.start("second", STUDIUM, "worker", "default", "--dispatcher")
    wait_until(lambda: states(stack)[job_id] == "succeeded", LONGEST_STUCK, "another worker runs the job")
    stack.kill("default", signal.SIGCONT)
    wait_until(
        lambda: any(
            line["event"] in ("job_result_refused", "job_run_abandoned") for line in stack.log_lines("default")
        ),
        10,
        "the late result is refused",
    )
    ends = stack.query("select count(*) from change where state = 'succeeded'")
    assert (ends, len(trace(stack))) == ([(1,)], 2)
