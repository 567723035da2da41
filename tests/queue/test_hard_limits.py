"""Jobs that do not stop in time, and workers that grow: in threads here, and by a real worker process."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from studium.queue import jobs
from studium.queue.entities import Job
from studium.queue.hard_limits import MEMORY, STUCK, HardLimits, resident_mb
from studium.queue.kinds import job_kind
from studium.queue.queues import queues
from studium.queue.story import story
from tests.faults import stack as stacks
from tests.faults.stack import STUDIUM, Stack, running_stack, wait_until
from tests.queue.conftest import enqueue, state_of, wait_for
from tests.queue.test_cancelling import in_a_thread

pytestmark = pytest.mark.slow

ASKER = str(Path(stacks.__file__).with_name("asker.py"))


@pytest.fixture
def gate(app: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Lets the kind `dreamer` go on, which looks at nothing else; it may take 10 ms."""
    opened = threading.Event()
    for retries in (0, 1):
        name = f"dreamer_{retries}"
        kind = job_kind(name, "Dream", timeout=0.01, retries=retries)(lambda job, params: opened.wait(10) and None)
        monkeypatch.setitem(queues().kinds, name, kind)
    yield opened
    opened.set()


def dream(app: Any, runner: Any, retries: int) -> tuple[str, threading.Thread]:
    job_id = enqueue(f"dreamer_{retries}")
    thread = in_a_thread(app, lambda: runner.run_one(job_id))
    wait_for(lambda: bool(runner.heart.running()) and runner.heart.running()[0].overdue(0.01))
    return job_id, thread


def test_a_run_within_its_grace_is_left_alone(app, runner, gate):
    job_id, thread = dream(app, runner, 0)
    HardLimits(runner.heart, pytest.fail, 60.0, 0).look()
    assert state_of(job_id) == "running"
    gate.set()
    thread.join(5)
    assert state_of(job_id) == "succeeded"


@pytest.mark.parametrize(("retries", "state"), [(0, "failed"), (1, "retrying")])
def test_a_run_that_does_not_stop_in_time_ends_as_a_failure_that_may_be_tried_again(app, runner, gate, log_lines, retries, state):
    job_id, thread = dream(app, runner, retries)
    HardLimits(runner.heart, pytest.fail, 0.01, 0).look()
    job = jobs.find_job(job_id)
    assert (job.state, job.crashes) == (state, 0)
    assert (job.error or "").startswith("JobTimedOut: The run took longer than its timeout of 0.01 s and did not stop")
    assert f"raise the timeout of the kind dreamer_{retries}" in (job.error or "")
    assert any("opened.wait" in line.text for line in story(job_id).lines), "the story tells where the thread hangs"
    gate.set()
    thread.join(5)
    assert (state_of(job_id), jobs.find_job(job_id).result) == (state, None)
    assert "job_result_refused" in [line["event"] for line in log_lines], "what it brought too late is not taken"


def test_a_thread_that_comes_back_costs_no_worker(app, runner, gate):
    _job_id, thread = dream(app, runner, 0)
    limits = HardLimits(runner.heart, pytest.fail, 0.01, 0)
    limits.look()
    gate.set()
    thread.join(5)
    limits.look()
    assert limits.stuck() == 0


def test_a_thread_that_does_not_come_back_makes_the_worker_retire(app, runner, gate):
    reasons: list[str] = []
    _job_id, thread = dream(app, runner, 0)
    limits = HardLimits(runner.heart, reasons.append, 0.01, 0)
    limits.look()
    assert (reasons, limits.stuck()) == ([], 1)
    limits.look()
    assert reasons == [STUCK]
    gate.set()
    thread.join(5)


def test_a_worker_retires_above_its_memory_limit_only(app, runner):
    reasons: list[str] = []
    for limit in (0, int(resident_mb()) + 1000, 1):
        HardLimits(runner.heart, reasons.append, 30.0, limit).look()
    assert reasons == [MEMORY]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A folder with somebody who asks for jobs; start the worker with `start_worker`."""
    plugins = {"STUDIUM_PLUGINS": "studium.queue.plugin", "STUDIUM_EXTRA_PLUGINS": "chores,housekeeper", "STUDIUM_ENTRY_POINTS": "false"}
    with running_stack(tmp_path_factory.mktemp("limits"), **plugins, STUDIUM_QUEUE_DRAIN_SECONDS="60") as stack:
        stack.start("asker", sys.executable, ASKER)
        yield stack


def start_worker(stack: Stack, name: str, **settings: str) -> str:
    """A worker with two threads, one of which has two seconds to work; the id of that job."""
    with mock.patch.dict(stack.environ, settings):
        stack.start(name, STUDIUM, "worker", "default", "--workers", "2")
    job_id: str = stack.ask("asker", {"kind": "chore", "params": {"seconds": 2}})
    wait_until(lambda: job_row(stack, job_id, "state") == "running", 40, "the first job runs")
    return job_id


def job_row(stack: Stack, job_id: str, column: str) -> Any:
    return stack.query(f"select {column} from {Job._table_} where id = ?", job_id)[0][0]


def events(stack: Stack, name: str) -> dict[str, dict[str, Any]]:
    return {line["event"]: line for line in stack.log_lines(name) if "event" in line}


def test_a_worker_with_a_hung_job_ends_it_lets_the_others_end_and_makes_room_for_a_fresh_process(stack):
    other = start_worker(stack, "oak", STUDIUM_QUEUE_TIMEOUT_GRACE_SECONDS="0.2")
    hung = stack.ask("asker", {"kind": "daydream"})
    assert stack.wait("oak") == 75
    assert job_row(stack, hung, "state") == "failed"
    assert job_row(stack, hung, "error").startswith("JobTimedOut: The run took longer than its timeout of 0.2 s")
    assert (job_row(stack, other, "state"), job_row(stack, other, "attempts")) == ("succeeded", 1)
    told = events(stack, "oak")
    assert "time.sleep(300)" in told["job_overran"]["stack"]
    assert (told["worker_retires"]["reason"], told["worker_stopped"]["reason"]) == (STUCK, STUCK)
    assert stack.query("select * from worker") == []


def test_a_worker_above_its_memory_limit_takes_no_new_job_ends_those_it_has_and_stops(stack):
    other = start_worker(stack, "elm", STUDIUM_QUEUE_MAX_MEMORY_MB="200")
    big = stack.ask("asker", {"kind": "feast", "params": {"megabytes": 250, "seconds": 1.5}})
    wait_until(lambda: "worker_retires" in events(stack, "elm"), 40, "the worker retires")
    late = stack.ask("asker", {"kind": "chore"})
    assert stack.wait("elm") == 0
    assert [job_row(stack, job_id, "state") for job_id in (other, big, late)] == ["succeeded", "succeeded", "queued"]
    assert events(stack, "elm")["worker_stopped"]["reason"] == MEMORY
