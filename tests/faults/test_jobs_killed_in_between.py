"""A process killed (-9) at each point of a job's life: between the steps, inside the transaction of a step, and after its commit before
anybody is told. The job ends once, and never did less or more than it should.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from tests.faults.recorder import history
from tests.faults.stack import SHORT_LEASE, Stack, wait_until
from tests.faults.storm import start_worker

pytestmark = [pytest.mark.faults, pytest.mark.parametrize("jobs", [SHORT_LEASE], indirect=True)]
LONGEST = 10.0
CHORE, FAILING, HOPELESS = {"kind": "chore"}, {"kind": "chore", "params": {"fail_first": 1}}, {"kind": "hopeless_chore"}
ONCE = ["queued", "running", "succeeded"]
CRASHED = ["queued", "running", "queued", "running"]


def start_doomed(jobs: Stack, point: str, *command: str) -> None:
    jobs.start("doomed", sys.executable, str(Path(__file__).with_name("doomed.py")), point, *command)


def states(jobs: Stack, job: str) -> list[str]:
    return [change.state for change in history(jobs).changes[job]]


def runs(jobs: Stack) -> int:
    trace = jobs.data_dir / "chores-trace"
    return len(trace.read_text().splitlines()) if trace.exists() else 0


def wait_for_end(jobs: Stack, job: str) -> None:
    wait_until(lambda: states(jobs, job)[-1] in ("succeeded", "failed", "cancelled"), LONGEST, "the job ends")
    assert history(jobs).wrong == []
    assert jobs.query("select id from job where lease is not null or active_key is not null") == []
    assert jobs.query("select state, jobs from job_count where jobs <> 0") == [(states(jobs, job)[-1], 1)]


@pytest.mark.parametrize(
    ("point", "question", "expected", "ran"),
    [
        ("before job_started", CHORE, ONCE, 1),
        ("after job_started", CHORE, [*CRASHED, "succeeded"], 1),
        ("before the end", CHORE, [*CRASHED, "succeeded"], 2),
        ("before job_succeeded", CHORE, [*CRASHED, "succeeded"], 2),
        ("after job_succeeded", CHORE, ONCE, 1),
        ("before job_retrying", FAILING, [*CRASHED, "succeeded"], 2),
        ("after job_retrying", FAILING, ["queued", "running", "retrying", "running", "succeeded"], 2),
        ("before job_failed", HOPELESS, [*CRASHED, "failed"], 2),
        ("after job_failed", HOPELESS, ["queued", "running", "failed"], 1),
    ],
)
def test_a_worker_killed_at_any_point_of_a_run_leaves_a_job_that_ends_once(
    jobs: Stack, point: str, question: dict[str, object], expected: list[str], ran: int
) -> None:
    start_doomed(jobs, point, "worker", "default")
    job = jobs.ask("asker", question)
    assert jobs.wait("doomed") == -signal.SIGKILL
    start_worker(jobs, "default")
    wait_for_end(jobs, job)
    assert states(jobs, job) == expected
    assert runs(jobs) == ran


@pytest.mark.parametrize("point", ["before job_given_back", "after job_given_back"])
def test_a_worker_killed_while_it_gives_back_a_job_does_not_lose_it(jobs: Stack, point: str) -> None:
    start_doomed(jobs, point, "worker", "default")
    job = jobs.ask("asker", {"kind": "chore", "params": {"seconds": 1}})
    wait_until(lambda: runs(jobs) == 1, LONGEST, "the job runs")
    jobs.kill("doomed", signal.SIGTERM)
    assert jobs.wait("doomed") == -signal.SIGKILL
    start_worker(jobs, "default")
    wait_for_end(jobs, job)
    assert states(jobs, job) == [*CRASHED, "succeeded"]
    assert jobs.query("select crashes from job") == [(1 if point.startswith("before") else 0,)]


@pytest.mark.parametrize("point", ["before job_crashed", "after job_crashed"])
def test_a_dispatcher_killed_while_it_rescues_a_job_leaves_it_to_the_next_one(jobs: Stack, point: str) -> None:
    start_doomed(jobs, "before the end", "worker", "default")
    job = jobs.ask("asker", CHORE)
    assert jobs.wait("doomed") == -signal.SIGKILL
    start_doomed(jobs, point, "worker", "realtime", "--dispatcher")
    assert jobs.wait("doomed") == -signal.SIGKILL
    start_worker(jobs, "default")
    wait_for_end(jobs, job)
    assert states(jobs, job) == [*CRASHED, "succeeded"]
    assert jobs.query("select crashes from job") == [(1,)]


@pytest.mark.parametrize(("how", "expected"), [("die before commit", []), ("die", ONCE)])
def test_who_asks_and_is_killed_leaves_a_whole_job_or_none(jobs: Stack, how: str, expected: list[str]) -> None:
    start_worker(jobs, "default")
    assert jobs.ask("asker", {"kind": "chore", "params": {"word": "orphan"}, "how": how}) is None
    assert jobs.wait("asker") == -signal.SIGKILL
    made = [job for (job,) in jobs.query("select id from job")]
    assert len(made) == bool(expected)
    assert jobs.query("select name, value, job_id from job_argument where name = 'word'") == [("word", "orphan", job) for job in made]
    for job in made:  # it runs without its message
        wait_for_end(jobs, job)
        assert states(jobs, job) == expected


def test_a_rolled_back_job_never_exists(jobs: Stack) -> None:
    start_worker(jobs, "default")
    assert jobs.ask("asker", {"kind": "chore", "params": {"word": "never"}, "how": "rollback"}) is None
    kept = jobs.ask("asker", {"kind": "chore", "params": {"word": "kept"}})
    wait_for_end(jobs, kept)
    assert jobs.query("select id from job") == [(kept,)]
    assert (jobs.data_dir / "chores-trace").read_text() == f"{kept} kept\n"
