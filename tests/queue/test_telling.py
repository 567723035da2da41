"""The fact `job_finished`: of kinds that declare it, once for each end, in the transaction of the end."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask

from studium.core.database import reading, transaction
from studium.core.entities import Fact
from studium.core.plugins import hookimpl
from studium.core.runtime import runtime
from studium.queue import jobs, lifecycle
from studium.queue.facts import JobFinished
from studium.queue.kinds import job_kind
from studium.queue.queues import queues
from studium.queue.worker import Runner
from tests.queue.conftest import claim, enqueue, state_of

ANNA = 7


def told() -> list[dict[str, Any]]:
    """What was published of ends, in order."""
    with reading():
        return [json.loads(row.payload) for row in Fact.select(lambda row: row.name == "job_finished").order_by(Fact.id)]


def test_the_end_of_a_persons_job_is_told(app: Flask, runner: Runner) -> None:
    job_id = enqueue("hello", {"seconds": 0}, user_id=ANNA)
    runner.run_one(job_id)
    (one,) = told()
    assert one.pop("finished_at") == jobs.find_job(job_id).finished_at.isoformat()
    whose = {"job_id": job_id, "user_id": ANNA}
    assert one == whose | {"kind": "hello", "title": "Greeting", "state": "succeeded", "download": "", "reason": ""}


@pytest.mark.parametrize(("kind", "user_id"), [("hello", None), ("chore", ANNA)], ids=["of nobody", "of a kind that tells nothing"])
def test_nothing_is_told_of_other_jobs(app: Flask, runner: Runner, kind: str, user_id: int | None) -> None:
    job_id = enqueue(kind, {"seconds": 0}, user_id=user_id)
    runner.run_one(job_id)
    assert (state_of(job_id), told()) == ("succeeded", [])


def test_a_kind_that_tells_of_failures_alone_keeps_quiet_of_successes(app: Flask) -> None:
    assert queues().kinds["certificate"].tells == {"failed"}
    run = claim(enqueue("certificate", {"course": "sound"}, user_id=ANNA))
    lifecycle.succeed(run, None)
    assert (state_of(run.id), told()) == ("succeeded", [])


def test_a_failure_is_told_with_what_the_job_says_of_it(app: Flask, runner: Runner) -> None:
    job_id = enqueue("learning_report", user_id=ANNA)
    runner.run_one(job_id)
    assert [(one["job_id"], one["state"], one["reason"]) for one in told()] == [
        (job_id, "failed", "The account that asked for this no longer exists.")]


def test_what_an_exception_says_is_not_told_to_the_person(app: Flask) -> None:
    run = claim(enqueue("hello", user_id=ANNA))
    lifecycle.fail(run, "RuntimeError: password=hunter2", RuntimeError("password=hunter2"))
    assert [(one["state"], one["reason"]) for one in told()] == [("failed", "")]


def test_the_path_of_a_file_that_was_made_is_told(app: Flask) -> None:
    run = claim(enqueue("learning_report", user_id=ANNA))
    lifecycle.succeed(run, json.dumps({"download": "/documents/abc"}))
    assert [one["download"] for one in told()] == ["/documents/abc"]


def test_a_late_result_of_a_lost_run_tells_nothing_again(app: Flask) -> None:
    run = claim(enqueue("hello", user_id=ANNA))
    lifecycle.succeed(run, None)
    lifecycle.succeed(run, None)
    assert len(told()) == 1


def test_retries_and_cancellations_are_no_ends_that_are_told(app: Flask) -> None:
    again, stopped = (claim(enqueue("hello", user_id=ANNA)) for _ in range(2))
    lifecycle.retry(again, "not now", 1.0)
    lifecycle.cancel_run(stopped)
    assert [state_of(run.id) for run in (again, stopped)] == ["retrying", "cancelled"]
    assert told() == []


def test_an_end_that_rolls_back_is_not_told(app: Flask) -> None:
    run = claim(enqueue("hello", user_id=ANNA))
    with pytest.raises(RuntimeError), transaction():
        lifecycle.succeed(run, None)
        raise RuntimeError("power failure")
    assert (state_of(run.id), told()) == ("running", [])


def test_a_failed_job_that_is_tried_again_by_hand_is_told_of_again(app: Flask, runner: Runner) -> None:
    job_id = enqueue("learning_report", user_id=ANNA)
    runner.run_one(job_id)
    jobs.retry(job_id)
    runner.run_one(job_id)
    assert [one["job_id"] for one in told()] == [job_id, job_id]


def test_hook_job_finished_reaches_plugins(app: Flask, run_jobs: Any) -> None:
    heard: list[JobFinished] = []

    class Listener:
        @hookimpl
        def job_finished(self, fact: JobFinished) -> None:
            heard.append(fact)

    listener = Listener()
    runtime().plugins.register(listener, name="listener")
    try:
        enqueue("hello", {"seconds": 0}, user_id=ANNA)
        run_jobs()
        run_jobs()
    finally:
        runtime().plugins.unregister(listener)
    assert [(fact.kind, fact.user_id, fact.state) for fact in heard] == [("hello", ANNA, "succeeded")]


def test_a_kind_that_tells_of_what_is_no_end_is_refused_where_it_is_declared() -> None:
    with pytest.raises(ValueError, match=r"nap tells of \['running'\]; it may tell of: failed, succeeded"):
        job_kind("nap", "Take a nap", tells={"running"})
