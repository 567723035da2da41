"""A paused queue starts nothing; resumed, it goes on at once."""

from __future__ import annotations

import pytest

from studium.queue import dispatcher, jobs, lifecycle, pausing
from studium.queue.errors import UnknownQueue
from studium.queue.queues import queues
from studium.queue.worker import run_due_jobs
from tests.queue.conftest import claim, enqueue, state_of


def test_nothing_starts_in_a_paused_queue(app, runner):
    pausing.pause("default")
    job_id = enqueue()
    assert not runner.run_one(job_id)
    assert not runner.run_one(None)
    assert run_due_jobs() == 0
    assert state_of(job_id) == "queued"


def test_what_runs_goes_on_and_other_queues_too(app, runner):
    run, other = claim(enqueue()), enqueue(queue="realtime")
    pausing.pause("default")
    lifecycle.succeed(run, None)
    assert state_of(run.id) == "succeeded"
    assert run_due_jobs() == 1
    assert state_of(other) == "succeeded"


def test_the_dispatcher_sends_nothing_for_a_paused_queue(app):
    pausing.pause("default")
    enqueue()
    queues().transport("default").flush()
    assert dispatcher.dispatch() == 1.0
    assert queues().transport("default").pending(10) == 0


def test_resumed_it_goes_on_at_once(app, runner):
    pausing.pause("default")
    ids = [enqueue() for _ in range(3)]
    queues().transport("default").flush()
    pausing.resume("default")
    assert queues().transport("default").pending(10) == 3
    while runner.run_one(None):
        pass
    assert {state_of(job_id) for job_id in ids} == {"succeeded"}


def test_who_paused_it_first_is_known(app, clock, log_lines):
    pausing.pause("default", by="Olga (user 4)")
    clock.advance(60)
    pausing.pause("default", by="somebody else")
    assert {name: view.paused_by for name, view in pausing.paused().items()} == {"default": "Olga (user 4)"}
    pausing.resume("default", by="Olga (user 4)")
    pausing.resume("default")
    assert pausing.paused() == {}
    assert [line["event"] for line in log_lines] == ["queue_paused", "queue_resumed"]


@pytest.mark.parametrize("verb", [pausing.pause, pausing.resume])
def test_an_unknown_queue_is_refused(app, verb):
    with pytest.raises(UnknownQueue):
        verb("slow")


def test_jobs_can_be_cancelled_and_asked_for_while_it_is_paused(app):
    pausing.pause("default")
    assert jobs.cancel(enqueue()).state == "cancelled"
