"""Asking for a job belongs to the transaction around it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime

import pytest

from studium.core.database import reading, transaction
from studium.queue import jobs
from studium.queue.entities import Job
from studium.queue.errors import InvalidParams, JobError, UnknownKind, UnknownQueue
from studium.queue.queues import queues
from tests.queue.conftest import enqueue, state_of


def job_count() -> int:
    with reading():
        return int(Job.select().count())


def test_a_rollback_leaves_no_job_and_no_message(app, changes):
    with pytest.raises(ZeroDivisionError), transaction():
        jobs.enqueue("chore")
        _ = 1 / 0
    assert job_count() == 0
    assert queues().transport("default").pending(10) == 0
    assert changes == []


def test_a_commit_leaves_the_job_and_one_message_with_its_id_only(app):
    job_id = enqueue(params={"word": "secret"})
    assert queues().transport("default").storage.enqueued_items() == [b'{"job": "%s"}' % job_id.encode()]


def test_no_message_is_sent_before_the_commit(app):
    with transaction():
        jobs.enqueue("chore")
        assert queues().transport("default").pending(10) == 0
    assert queues().transport("default").pending(10) == 1


def test_two_transactions_of_which_one_fails_leave_one_job(app):
    with pytest.raises(RuntimeError), transaction():
        jobs.enqueue("chore", {"word": "lost"})
        raise RuntimeError("no")
    kept = enqueue(params={"word": "kept"})
    assert job_count() == 1
    assert state_of(kept) == "queued"


def test_the_job_is_not_visible_to_others_before_the_commit(app):
    seen = []

    def look() -> None:
        with app.app_context():
            seen.append(job_count())

    with transaction():
        jobs.enqueue("chore")
        other = threading.Thread(target=look)
        other.start()
        other.join()
    assert seen == [0]
    assert job_count() == 1


def test_a_message_that_cannot_be_sent_does_not_undo_the_job(app, monkeypatch):
    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(queues().transport("default"), "send", fail)
    assert state_of(enqueue()) == "queued"


def test_enqueue_outside_a_transaction_says_what_to_do(app):
    with pytest.raises(JobError, match=r"needs an open transaction\(\)"):
        jobs.enqueue("chore")


def test_an_unknown_kind_is_refused_with_the_known_ones(app):
    with pytest.raises(UnknownKind, match=r"There is no job kind 'dance'\..*chore"), transaction():
        jobs.enqueue("dance")


def test_an_unknown_queue_is_refused(app):
    with pytest.raises(UnknownQueue, match="slow"), transaction():
        jobs.enqueue("chore", queue="slow")


def test_wrong_and_unknown_params_are_named(app):
    with pytest.raises(InvalidParams) as caught, transaction():
        jobs.enqueue("chore", {"seconds": "long", "colour": "red"})
    assert {error["field"] for error in caught.value.errors} == {"seconds", "colour"}
    assert job_count() == 0


def test_params_may_be_a_model(app, runner):
    from chores import Chore

    with transaction():
        job_id = jobs.enqueue("chore", Chore(word="model")).id
    runner.run_one(job_id)
    assert jobs.find_job(job_id).result == {"word": "model"}


def test_the_job_that_is_returned_can_be_read_and_changed(app):
    with transaction():
        job = jobs.enqueue("chore", {"word": "tea"}, user_id=3)
        other = jobs.enqueue("chore")
        assert (job.state, job.user_id, job.kind, other.user_id) == ("queued", 3, "chore", None)
        job.priority = 7
    assert jobs.find_job(job.id).priority == 7


def test_an_aware_time_is_stored_as_utc(app):
    job_id = enqueue(run_at=datetime.fromisoformat("2031-05-01T12:00:00+03:00"))
    assert jobs.find_job(job_id).run_at.replace(tzinfo=UTC).isoformat() == "2031-05-01T09:00:00+00:00"


def test_ids_sort_by_the_time_they_were_made(app, clock):
    made = []
    for _ in range(5):
        made.append(enqueue())
        clock.advance(0.002)
    assert made == sorted(made)


def test_one_active_job_a_unique_key(app, runner):
    first = enqueue(unique_key="room 1")
    assert enqueue(unique_key="room 1") == first
    other = enqueue(unique_key="room 2")
    assert other != first
    runner.run_one(first)
    assert enqueue(unique_key="room 1") != first
    assert enqueue("stubborn_chore", unique_key="room 2") != other, (
        "keys of different kinds have nothing to do with each other"
    )


def test_a_rolled_back_job_does_not_hold_its_unique_key(app):
    with pytest.raises(RuntimeError), transaction():
        jobs.enqueue("chore", unique_key="room")
        raise RuntimeError("no")
    assert state_of(enqueue(unique_key="room")) == "queued"


def test_threads_that_ask_at_once_get_one_job_a_unique_key(app):
    ids: list[str] = []
    ready = threading.Barrier(8)

    def ask() -> None:
        with app.app_context():
            ready.wait()
            for number in range(10):
                ids.append(enqueue(unique_key=f"room {number}"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 80
    assert len(set(ids)) == 10 == job_count()


ASK_FOR_ROOMS = """
import sys
from studium.core.app import create_app
from studium.core.database import transaction
from studium.queue import jobs
with create_app(program="cli").app_context():
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(30):
        with transaction():
            print(jobs.enqueue("chore", unique_key=f"room {number}").id)
"""


@pytest.mark.slow
def test_two_processes_that_ask_at_once_get_one_job_a_unique_key(app, environ):
    environment = {**environ, "PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", ASK_FOR_ROOMS]
    other = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout.readline() == "ready\n"
        other.stdin.write("go\n")
        other.stdin.flush()
        mine = [enqueue(unique_key=f"room {number}") for number in range(30)]
        theirs = other.communicate(timeout=30)[0].split()
    finally:
        other.kill()
        other.wait()
    assert mine == theirs
    assert job_count() == 30
