"""A user has at most ten active jobs, exactly, whoever asks where."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.queue import jobs, lifecycle
from studium.queue.entities import Job
from studium.queue.errors import TooManyJobs
from tests.queue.conftest import enqueue, state_of

ASK_EIGHT_TIMES = """
import sys
from studium.core.app import create_app
from studium.core.database import transaction
from studium.queue import errors, jobs
with create_app(program="cli").app_context():
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(8):
        try:
            with transaction():
                jobs.enqueue("chore", user_id=3)
            print("enqueued")
        except errors.TooManyJobs:
            print("refused")
"""


def fill(number: int = 10, **options: object) -> list[str]:
    with transaction():
        return jobs.enqueue_many("chore", [{}] * number, user_id=3, **options)  # type: ignore[arg-type]


def active() -> int:
    with reading():
        return int(Job.select(lambda job: job.user_id == 3 and job.state in ("queued", "running", "retrying")).count())


def test_the_eleventh_active_job_is_refused_in_words(app):
    fill()
    with pytest.raises(TooManyJobs, match=r"You have 10 active jobs, and 10 at once is the most.*Wait until one has ended, or cancel one"):
        enqueue(user_id=3)
    assert active() == 10


def test_others_and_jobs_of_nobody_are_not_counted(app):
    fill()
    enqueue(user_id=4)
    for _ in range(11):
        enqueue()


def test_scheduled_running_and_retrying_jobs_count(app, runner):
    enqueue(user_id=3, run_at=now().replace(year=2099))
    retrying = enqueue(params={"fail_first": 1}, user_id=3)
    runner.run_one(retrying)
    running = enqueue(user_id=3)
    lifecycle.claim(running, "default", "some worker", 10)
    fill(7)
    with pytest.raises(TooManyJobs):
        enqueue(user_id=3)


@pytest.mark.parametrize("end", ["succeeds", "fails", "is cancelled", "is lost with its worker"])
def test_a_place_is_free_as_soon_as_a_job_has_ended(app, runner, clock, end):
    first, *_others = fill()
    if end == "is cancelled":
        jobs.cancel(first)
    elif end == "is lost with its worker":
        lifecycle.claim(first, "default", "lost", 10)
        clock.advance(11)
        lifecycle.crash(first, max_crashes=1)
    else:
        with transaction():
            Job[first].kind = "hopeless_chore" if end == "fails" else "chore"
        runner.run_one(first)
    assert not jobs.find_job(first).active
    enqueue(user_id=3)
    with pytest.raises(TooManyJobs):
        enqueue(user_id=3)


def test_many_at_once_are_all_refused_when_they_are_too_many_together(app):
    fill(8)
    with pytest.raises(TooManyJobs, match="so 3 more cannot be started"):
        fill(3)
    assert active() == 8
    fill(2)


def test_a_retry_counts_as_one_more(app, runner):
    failed = enqueue("hopeless_chore", user_id=3)
    runner.run_one(failed)
    fill()
    with pytest.raises(TooManyJobs):
        jobs.retry(failed)
    assert state_of(failed) == "failed"


def test_the_same_unique_key_answers_the_active_job_also_at_the_limit(app):
    first = enqueue(user_id=3, unique_key="room")
    fill(9)
    assert enqueue(user_id=3, unique_key="room") == first


def test_a_place_that_a_rolled_back_job_would_have_taken_stays_free(app):
    fill(9)
    with pytest.raises(KeyError), transaction():
        jobs.enqueue("chore", user_id=3)
        raise KeyError
    enqueue(user_id=3)


def ask_eight_times() -> list[str]:
    answers = []
    for _ in range(8):
        try:
            enqueue(user_id=3)
            answers.append("enqueued")
        except TooManyJobs:
            answers.append("refused")
    return answers


@pytest.mark.slow
def test_two_processes_that_ask_at_once_get_ten_together(app, environ):
    environment = {**environ, "PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", ASK_EIGHT_TIMES]
    other = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout.readline() == "ready\n"
        other.stdin.write("go\n")
        other.stdin.flush()
        said = ask_eight_times() + other.communicate(timeout=30)[0].split()
    finally:
        other.kill()
        other.wait()
    assert sorted(said) == ["enqueued"] * 10 + ["refused"] * 6
    assert active() == 10
