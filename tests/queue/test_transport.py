"""Messages may be lost, doubled or garbage; jobs do not care."""

from __future__ import annotations

import json
import pickle
import sqlite3
import threading
import time

import pytest

from studium.core.clock import now
from studium.core.database import transaction
from studium.queue import dispatcher, jobs
from studium.queue.queues import TRANSPORT_FILE, queues
from studium.queue.transport import Transport
from tests.queue.conftest import data_dir, enqueue, state_of, trace


@pytest.fixture
def transport(app) -> Transport:
    return queues().transport("default")


def put(transport: Transport, data: object) -> None:
    transport.storage.sql(
        "insert into task (queue, data, priority) values (?, ?, 0)", (transport.name, data), commit=True
    )


def work_through(transport: Transport, runner) -> None:
    transport.on_message = runner.run_one
    while transport.pending(1):
        task = transport.dequeue()
        if task is not None:
            transport.execute(task)


def test_a_message_brings_its_job_to_the_worker(app, transport, runner):
    job_id = enqueue()
    work_through(transport, runner)
    assert state_of(job_id) == "succeeded"


def test_messages_are_json_with_the_id_only(app, transport):
    job_id = enqueue(params={"word": "private"})
    data = transport.storage.enqueued_items()[0]
    assert json.loads(data) == {"job": job_id}


def test_a_pickle_is_never_loaded(app, transport, runner, tmp_path):
    class Bomb:
        def __reduce__(self):
            return (tmp_path.joinpath("boom").touch, ())

    put(transport, pickle.dumps(Bomb()))
    work_through(transport, runner)
    assert not tmp_path.joinpath("boom").exists()


GARBAGE = [
    b"",
    b"\xff\xfe",
    b"{",
    b"[]",
    b"null",
    b'"job"',
    b'{"job": 7}',
    b'{"jobs": "x"}',
    b"[" * 190,
    b"[" * 100_000,
    "text",
    7,
    1.5,
    b'{"job": "' + b"x" * 10_000 + b'"}',
]


def test_garbage_is_dropped_and_the_jobs_behind_it_run(app, transport, runner, log_lines):
    for data in GARBAGE:
        put(transport, data)
    job_id = enqueue()
    work_through(transport, runner)
    assert state_of(job_id) == "succeeded"
    assert sum(line["event"] == "message_unreadable" for line in log_lines) == len(GARBAGE)


def test_a_message_for_an_unknown_job_does_nothing(app, transport, runner):
    put(transport, b'{"job": "nobody knows me"}')
    work_through(transport, runner)
    assert trace(app) == []


def test_a_doubled_message_does_no_harm(app, transport, runner):
    job_id = enqueue()
    transport.send(job_id, 0)
    transport.send(job_id, 0)
    work_through(transport, runner)
    assert len(trace(app)) == 1


def test_a_lost_message_is_sent_again(app, transport, runner):
    job_id = enqueue()
    transport.flush()
    dispatcher.dispatch()
    assert transport.pending(10) == 1
    work_through(transport, runner)
    assert state_of(job_id) == "succeeded"


def test_messages_are_sent_again_only_for_what_is_due_and_has_none(app, transport, clock):
    enqueue()
    enqueue(run_at=now().replace(year=2099))
    dispatcher.dispatch()
    dispatcher.dispatch()
    assert transport.pending(10) == 1


def test_a_job_for_later_gets_its_message_when_it_is_due(app, transport, runner, clock):
    from datetime import timedelta

    job_id = enqueue(run_at=now() + timedelta(seconds=30))
    assert transport.pending(10) == 0
    clock.advance(31)
    dispatcher.dispatch()
    work_through(transport, runner)
    assert state_of(job_id) == "succeeded"


def test_a_lost_message_is_healed_although_others_wait(app, transport, runner):
    """The dispatcher only counts; the message without an id takes whatever is best."""
    lost = enqueue(params={"word": "lost"}, priority=1)
    transport.flush()
    kept = [enqueue(priority=1) for _ in range(3)]
    dispatcher.dispatch()
    assert transport.pending(10) == 4
    work_through(transport, runner)
    assert {state_of(job_id) for job_id in (lost, *kept)} == {"succeeded"}
    assert trace(app)[0] == f"{lost} lost"


def test_messages_of_cancelled_jobs_do_not_start_others_before_their_time(app, transport, runner):
    cancelled = [enqueue() for _ in range(5)]
    with transaction():
        for job_id in cancelled:
            jobs.cancel(job_id)
    work_through(transport, runner)
    assert trace(app) == []


def test_a_removed_transport_file_loses_no_job(app, runner):
    job_id = enqueue()
    queues().close()
    for file in data_dir(app).glob(f"{TRANSPORT_FILE}*"):
        file.unlink()
    dispatcher.dispatch()
    work_through(queues().transport("default"), runner)
    assert state_of(job_id) == "succeeded"


def test_higher_priorities_are_taken_first(app, transport):
    enqueue(priority=0)
    urgent = enqueue(priority=5)
    assert transport.dequeue().id == urgent


def test_a_waiting_worker_is_woken_at_once(app, transport):
    waits = []

    def wait() -> None:
        began = time.monotonic()
        while transport.dequeue() is None:
            pass
        waits.append(time.monotonic() - began)
        transport.storage.close_listener()

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.2)
    asked = time.monotonic()
    enqueue()
    thread.join(5)
    assert not thread.is_alive()
    assert time.monotonic() - asked < 0.5, "it polled instead, which takes 0.8 s here"


def test_an_idle_worker_takes_no_write_lock(app, transport):
    other = sqlite3.connect(data_dir(app) / TRANSPORT_FILE, isolation_level=None)
    other.execute("begin immediate")
    try:
        assert transport.dequeue() is None
        assert transport.pending(1) == 0
    finally:
        other.execute("rollback")
        other.close()
        transport.storage.close_listener()


def test_an_idle_dispatcher_takes_no_write_lock(app, transport):
    files = [data_dir(app) / "studium.sqlite3", data_dir(app) / TRANSPORT_FILE]
    others = [sqlite3.connect(file, isolation_level=None) for file in files]
    for other in others:
        other.execute("begin immediate")
    try:
        dispatcher.dispatch()
    finally:
        for other in others:
            other.execute("rollback")
            other.close()


def test_the_transport_syncs_normally_and_in_wal(app, transport):
    assert transport.storage.sql("pragma synchronous", results=True) == [(1,)]
    assert transport.storage.sql("pragma journal_mode", results=True) == [("wal",)]


def test_running_a_job_leaves_nothing_of_huey_behind(app, transport, runner):
    enqueue(params={"fail_first": 1})
    work_through(transport, runner)
    for table in ("task", "schedule", "kv", "counter"):
        assert transport.storage.sql(f"select count(*) from {table}", results=True) == [(0,)]
