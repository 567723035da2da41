"""A kind with a limit: so many run at once over all processes, the others wait, and nobody else waits for them."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator

import pytest
from chores import chore

from studium.core.database import transaction
from studium.queue import dispatcher, jobs, lifecycle, pausing
from studium.queue.kinds import job_kind
from studium.queue.queues import queues
from tests.queue.conftest import LEASE, claim, enqueue, make_runner, state_of, trace


@pytest.fixture(autouse=True)
def narrow(app) -> Iterator[None]:
    """The kind `narrow_chore`, of which two run at once."""
    queues().kinds["narrow_chore"] = dataclasses.replace(chore, name="narrow_chore", limit=2)
    yield
    del queues().kinds["narrow_chore"]


def enqueue_narrow(number: int, **options: object) -> list[str]:
    with transaction():
        return jobs.enqueue_many("narrow_chore", [{}] * number, **options)  # type: ignore[arg-type]


def refused(job_id: str | None, queue: str = "default") -> bool:
    return lifecycle.claim(job_id, queue, "w", LEASE) is None


def messages(queue: str = "default") -> list[str]:
    """The messages that wait, taken away."""
    transport, found = queues().transport(queue), []
    while transport.pending(1):
        found.append(transport.dequeue().id)
    return found


def test_no_more_than_the_limit_start_by_id_or_as_the_best_due(app):
    first, second, third = enqueue_narrow(3)
    claim(first)
    claim(second)
    assert refused(third)
    assert refused(None)
    assert state_of(third) == "queued"


def test_the_limit_holds_over_both_queues(app):
    first, second = enqueue_narrow(1)[0], enqueue_narrow(1, queue="realtime")[0]
    third = enqueue_narrow(1, queue="realtime")[0]
    claim(first)
    claim(second, queue="realtime")
    assert refused(third, "realtime")


def test_threads_that_claim_at_once_never_exceed_the_limit(app):
    ids, ready, claimed = enqueue_narrow(8), threading.Barrier(8), []

    def take(job_id: str) -> None:
        with app.app_context():
            ready.wait()
            if lifecycle.claim(job_id, "default", job_id, LEASE):
                claimed.append(job_id)

    threads = [threading.Thread(target=take, args=(job_id,)) for job_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == 2


def test_jobs_behind_a_limit_do_not_hold_up_others(app):
    first, second, *_waiting = enqueue_narrow(5, priority=9)
    claim(first)
    claim(second)
    other = enqueue()
    claimed = lifecycle.claim(None, "default", "w", LEASE)
    assert claimed is not None
    assert claimed.id == other


@pytest.mark.parametrize("end", ["succeed", "fail", "retry", "cancel_run", "give_back", "crash"])
def test_however_a_run_ends_the_next_is_told_at_once(app, clock, end):
    first, second, third, fourth = enqueue_narrow(4)
    run = claim(first)
    claim(second)
    messages()
    if end == "crash":
        clock.advance(LEASE - 1)
        lifecycle.renew([run.lease], -5.0)
        lifecycle.crash(first, 1)
    else:
        {"succeed": lambda: lifecycle.succeed(run, None), "fail": lambda: lifecycle.fail(run, "no"),
         "retry": lambda: lifecycle.retry(run, "no", 60), "cancel_run": lambda: lifecycle.cancel_run(run),
         "give_back": lambda: lifecycle.give_back(run)}[end]()
    assert set(messages()) <= {first, third}
    assert not refused(third)
    assert refused(fourth)


def test_two_runs_that_end_together_start_two(app):
    first, second, third, fourth, _fifth = enqueue_narrow(5)
    runs = [claim(first), claim(second)]
    messages()
    for run in runs:
        lifecycle.succeed(run, None)
    assert set(messages()) == {third, fourth}


def test_the_ends_of_a_kind_with_a_wide_limit_pile_up_no_messages(app):
    queues().kinds["narrow_chore"] = dataclasses.replace(chore, name="narrow_chore", limit=50)
    enqueue_narrow(30)
    transport = queues().transport("default")
    for _ in range(10):
        transport.dequeue()
        run = lifecycle.claim(None, "default", "w", LEASE)
        assert run is not None
        lifecycle.succeed(run, None)
    assert transport.pending(100) == 20


def test_an_end_tells_the_other_queue_when_one_is_paused(app):
    first, _waiting = enqueue_narrow(2, priority=9)
    other = enqueue_narrow(1, queue="realtime")[0]
    run = claim(first)
    pausing.pause("default")
    messages(), messages("realtime")
    lifecycle.succeed(run, None)
    assert (messages(), messages("realtime")) == ([], [other])


def test_a_limit_that_was_lowered_is_kept_as_soon_as_enough_have_ended(app):
    first, second, third, *_waiting = enqueue_narrow(5)
    queues().kinds["narrow_chore"] = dataclasses.replace(chore, name="narrow_chore", limit=3)
    run = claim(first)
    claim(second)
    claim(third)
    messages()
    queues().kinds["narrow_chore"] = dataclasses.replace(chore, name="narrow_chore", limit=1)
    lifecycle.succeed(run, None)
    assert messages() == []
    assert refused(None)


def test_an_end_tells_nobody_when_nobody_waits(app):
    run = claim(enqueue_narrow(1)[0])
    messages()
    lifecycle.succeed(run, None)
    assert messages() == []


def test_the_dispatcher_sends_no_message_for_what_a_limit_holds_back(app):
    first, second, *_waiting = enqueue_narrow(6)
    claim(first)
    messages()
    assert dispatcher.send_missing("default") == 1
    assert len(messages()) == 1
    claim(second)
    assert dispatcher.send_missing("default") == 0
    assert dispatcher.dispatch() == 1.0
    assert messages() == []


def test_all_run_in_the_end(app):
    ids = enqueue_narrow(7)
    runner = make_runner("default")
    while pending := messages():
        for job_id in pending:
            runner.run_one(job_id)
    assert {line.split()[0] for line in trace(app)} == set(ids)


def test_a_limit_below_one_is_refused_with_the_way_to_stop_a_kind():
    with pytest.raises(ValueError, match=r"nap has the limit 0.*pause its queue"):
        job_kind("nap", "Nap", limit=0)
