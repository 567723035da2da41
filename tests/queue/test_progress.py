"""What a running job reports."""

from __future__ import annotations

import threading
from unittest.mock import Mock

import pytest
from pony.orm import OperationalError

from studium.core.database import transaction
from studium.queue import jobs, lifecycle
from studium.queue.running import RunningJob
from studium.queue.story import story
from tests.queue.conftest import enqueue


@pytest.fixture
def running(app) -> RunningJob:
    claim = lifecycle.claim(enqueue(), "default", "worker", 10.0)
    assert claim is not None
    return RunningJob(claim, threading.Event())


def stored(running: RunningJob) -> tuple[int, str]:
    job = jobs.find_job(running.id)
    return job.progress, job.message


def test_progress_is_stored_with_its_message(running):
    running.progress(40, "two of five")
    assert stored(running) == (40, "two of five")


def test_many_reports_are_few_writes_and_the_last_one_counts(running, changes):
    for percent in range(100):
        running.progress(percent, f"step {percent}")
    assert len(changes) <= 3
    running.store_progress()
    assert stored(running) == (99, "step 99")


def test_the_last_report_is_stored_when_the_job_ends(app, runner, monkeypatch):
    def report(job, seconds: float) -> None:
        for step in ("first", "second", "last"):
            job.progress(50, step)

    monkeypatch.setattr("chores._work", report)
    job_id = enqueue()
    runner.run_one(job_id)
    assert jobs.find_job(job_id).message == "last"


def test_percentages_out_of_range_are_cut_and_long_messages_too(running):
    running.progress(250, "x" * 900)
    assert stored(running) == (100, "x" * 500)
    running._written = 0
    running.progress(-3)
    assert stored(running) == (0, "")


def test_a_report_inside_a_transaction_is_stored_after_it(running):
    with pytest.raises(RuntimeError), transaction():
        running.progress(50, "half")
        raise RuntimeError("the job's own work is rolled back")
    running.store_progress()
    assert stored(running) == (50, "half")


def test_plugins_hear_of_progress(running, changes):
    running.progress(10, "begun")
    assert (changes[-1].progress, changes[-1].message, changes[-1].state) == (10, "begun", "running")


def test_a_new_attempt_starts_at_zero(app, runner, clock):
    job_id = enqueue(params={"fail_first": 1})
    claim = lifecycle.claim(job_id, "default", "worker", 10.0)
    lifecycle.record(claim, (70, "far"))
    lifecycle.retry(claim, "broke", 0)
    lifecycle.claim(job_id, "default", "worker", 10.0)
    assert jobs.find_job(job_id).progress == 0


def test_what_cannot_be_stored_now_is_stored_later_and_the_job_goes_on(running, monkeypatch):
    with monkeypatch.context() as locked:
        locked.setattr(lifecycle, "record", Mock(side_effect=OperationalError("database is locked")))
        running.progress(30, "three")
        running.log("a line")
    running.store_progress()
    assert stored(running) == (30, "three")
    assert [line.text for line in story(running.id).lines if line.event == "log"] == ["a line"]


def test_a_message_that_is_not_utf_8_is_written_out(running):
    running.progress(10, "caf\udce9")
    assert stored(running) == (10, r"caf\udce9")
