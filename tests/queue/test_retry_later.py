"""A job may say itself when another try makes sense."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from studium.core.clock import now
from studium.queue import jobs
from studium.queue.worker import Runner
from tests.queue.conftest import enqueue, state_of, trace


def test_the_next_try_begins_when_the_job_said(app: Flask, runner: Runner, clock: Any) -> None:
    job_id = enqueue("patient_chore", {"fail_first": 1, "seconds": 600})
    runner.run_one(job_id)
    job = jobs.find_job(job_id)
    assert job is not None
    assert (job.state, job.error, job.run_at) == ("retrying", "the shop is closed", now() + timedelta(seconds=600))
    clock.advance(599)
    assert not runner.run_one(None)
    clock.advance(1)
    assert runner.run_one(None)
    assert state_of(job_id) == "succeeded"


def test_each_such_try_counts_as_one_of_the_retries(app: Flask, runner: Runner) -> None:
    job_id = enqueue("patient_chore", {"fail_first": 9})
    while runner.run_one(None):
        pass
    job = jobs.find_job(job_id)
    assert job is not None
    assert (job.state, job.error, len(trace(app))) == ("failed", "the shop is closed", 3)


def test_what_was_no_try_at_all_is_not_counted(app: Flask, runner: Runner) -> None:
    job_id = enqueue("patient_chore", {"fail_first": 1, "word": "no try"})
    for _ in range(9):
        assert runner.run_one(None)
    job = jobs.find_job(job_id)
    assert job is not None
    assert (job.state, job.attempts) == ("retrying", 0)


def test_it_is_no_fault_of_the_code_so_no_traceback_is_logged(app: Flask, runner: Runner, log_lines: list[dict[str, Any]]) -> None:
    runner.run_one(enqueue("patient_chore", {"fail_first": 1, "seconds": 5}))
    told = [(line["event"], "exc_info" in line, line.get("delay")) for line in log_lines if line["log_level"] == "info"]
    assert ("job_retrying", False, 5) in told
    assert "job_run_failed" not in [line["event"] for line in log_lines]


@pytest.mark.parametrize("seconds", [-5.0, 0.0])
def test_a_time_in_the_past_is_at_once(app: Flask, runner: Runner, seconds: float) -> None:
    job_id = enqueue("patient_chore", {"fail_first": 1, "seconds": seconds})
    assert runner.run_one(None)
    assert runner.run_one(None)
    assert state_of(job_id) == "succeeded"
