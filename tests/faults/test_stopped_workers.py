"""Workers that are told to stop, that sleep past their lease, and jobs that take their worker with them."""

from __future__ import annotations

import signal

import pytest

from tests.faults.recorder import history
from tests.faults.stack import SHORT_LEASE, STUDIUM, Stack, wait_until
from tests.faults.storm import start_worker

pytestmark = pytest.mark.faults
LONGEST_STUCK = 15.0


def states(jobs: Stack) -> dict[str, str]:
    return dict(jobs.query("select id, state from job"))


def trace(jobs: Stack) -> list[str]:
    return [line.split()[0] for line in (jobs.data_dir / "chores-trace").read_text().splitlines()]


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_worker_finishes_or_gives_back_what_it_runs(jobs: Stack, signum: int) -> None:
    start_worker(jobs, "default")
    long = jobs.ask("asker", {"kind": "chore", "params": {"seconds": 60}})
    short = jobs.ask("asker", {"kind": "stubborn_chore", "params": {"seconds": 2}})
    wait_until(lambda: set(states(jobs).values()) == {"running"}, LONGEST_STUCK, "both jobs run")
    jobs.kill("default", signum)
    assert jobs.wait("default", 10) == 0
    assert states(jobs) == {long: "queued", short: "succeeded"}
    assert jobs.query("select attempts, crashes from job where id = ?", long) == [(0, 0)]
    start_worker(jobs, "default")
    wait_until(lambda: states(jobs)[long] == "running", LONGEST_STUCK, "the job starts again")


@pytest.mark.parametrize("jobs", [{"STUDIUM_QUEUE_DRAIN_SECONDS": "1"}], indirect=True)
def test_after_the_drain_limit_the_worker_ends_and_its_job_waits_again(jobs: Stack) -> None:
    start_worker(jobs, "default")
    job = jobs.ask("asker", {"kind": "stubborn_chore", "params": {"seconds": 30}})
    wait_until(lambda: states(jobs)[job] == "running", LONGEST_STUCK, "the job runs")
    jobs.kill("default", signal.SIGTERM)
    assert jobs.wait("default", 10) == 0
    assert jobs.query("select state, attempts, crashes from job") == [("queued", 0, 0)]


@pytest.mark.parametrize("jobs", [SHORT_LEASE], indirect=True)
@pytest.mark.parametrize(
    ("question", "refused", "end"),
    [
        ({"kind": "stubborn_chore", "params": {"seconds": 1.5}}, "job_result_refused", "succeeded"),  # its result comes late
        ({"kind": "late_failure", "params": {"seconds": 1.5}}, "job_result_refused", "failed"),  # and here its failure
        ({"kind": "chore", "params": {"seconds": 1.5}}, "job_run_abandoned", "succeeded"),  # stops at its next checkpoint
    ],
)
def test_what_a_worker_brings_after_its_lease_is_refused(jobs: Stack, question: dict[str, object], refused: str, end: str) -> None:
    start_worker(jobs, "default")
    job = jobs.ask("asker", question)
    wait_until(lambda: states(jobs)[job] == "running", LONGEST_STUCK, "the job runs")
    jobs.pause("default")
    jobs.start("other", STUDIUM, "worker", "default", "--dispatcher")
    wait_until(lambda: states(jobs)[job] == end, LONGEST_STUCK, "another worker runs the job")
    row = jobs.query("select * from job")
    jobs.kill("default", signal.SIGCONT)
    wait_until(lambda: any(line["event"] == refused for line in jobs.log_lines("default")), 10, "what comes late is refused")
    assert [change.state for change in history(jobs).changes[job]] == ["queued", "running", "queued", "running", end]
    assert jobs.query("select * from job") == row
    assert trace(jobs) == [job, job]


@pytest.mark.parametrize("jobs", [SHORT_LEASE], indirect=True)
def test_a_job_that_kills_its_worker_is_set_aside_after_three_times_while_others_go_on(jobs: Stack) -> None:
    start_worker(jobs, "realtime")
    deadly = jobs.ask("asker", {"kind": "deadly_chore"})
    others = []
    for number in range(3):
        start_worker(jobs, "default")
        assert jobs.wait("default") == -signal.SIGKILL
        others.append(jobs.ask("asker", {"kind": "chore", "params": {"word": str(number)}}))
    wait_until(lambda: states(jobs)[deadly] == "failed", LONGEST_STUCK, "the job is set aside")
    start_worker(jobs, "default")
    wait_until(lambda: {states(jobs)[other] for other in others} == {"succeeded"}, LONGEST_STUCK, "the other jobs go on")
    assert trace(jobs).count(deadly) == 3
    ((error, crashes, attempts),) = jobs.query("select error, crashes, attempts from job where id = ?", deadly)
    assert "The worker was lost 3 times" in error
    assert (crashes, attempts) == (3, 3)
    assert history(jobs).wrong == []
    assert jobs.query("select count(*) from job_line where job_id = ? and event like '%crashed'", deadly) == [(3,)]
