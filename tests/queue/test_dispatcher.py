"""The dispatcher tells workers of due jobs, on time, and never looks at those that are not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from studium.core.clock import now
from studium.core.database import db, query, reading, transaction
from studium.queue import announcements, counting, dispatcher, jobs, lifecycle, slots
from studium.queue.queues import queues
from tests.queue.conftest import enqueue, state_of


def after(seconds: float):
    return now() + timedelta(seconds=seconds)


def test_it_comes_back_when_the_next_job_is_due(app, clock):
    assert dispatcher.dispatch() == 1.0
    enqueue(run_at=after(60))
    assert dispatcher.dispatch() == 1.0
    enqueue(run_at=after(0.4))
    enqueue(run_at=after(0.7), priority=5, queue="realtime")
    assert dispatcher.dispatch() == pytest.approx(0.4, abs=0.001)
    clock.advance(0.401)
    assert dispatcher.dispatch() == pytest.approx(0.299, abs=0.001)
    assert queues().transport("default").pending(10) == 1


def test_it_comes_back_for_a_later_job_of_a_group_of_which_one_is_due(app, clock):
    enqueue()
    enqueue(run_at=after(0.5))
    assert dispatcher.dispatch() == pytest.approx(0.5, abs=0.001)


def test_it_comes_back_when_a_lease_may_be_over(app, clock):
    job_id = enqueue()
    lifecycle.claim(job_id, "default", "lost", 0.4)
    assert dispatcher.dispatch() == pytest.approx(0.4, abs=0.001)
    clock.advance(0.401)
    dispatcher.dispatch()
    assert state_of(job_id) == "queued"


def test_it_never_rests_for_nothing_at_all(app, clock):
    enqueue(run_at=after(0.000001))
    assert dispatcher.dispatch() == dispatcher.SHORTEST_REST


def test_it_comes_back_soon_while_more_jobs_are_due_than_it_sends_at_once(app, monkeypatch):
    monkeypatch.setattr(announcements, "MOST_MESSAGES", 5)
    monkeypatch.setattr(dispatcher, "MOST_MESSAGES", 5)
    with transaction():
        jobs.enqueue_many("chore", [{}] * 12)
    queues().transport("default").flush()
    assert dispatcher.dispatch() == dispatcher.REST_WHEN_FULL
    assert queues().transport("default").pending(100) == 5


def test_messages_are_sent_for_the_best_jobs_first(app):
    for priority in (0, 7, -3):
        enqueue(priority=priority)
    transport = queues().transport("default")
    transport.flush()
    dispatcher.send_missing("default")
    assert transport.pending(10) == 3
    with reading():
        assert slots.best_due("default", now()) == jobs.find_job(best_of_three()).id


def best_of_three() -> str:
    return str(query("select id from job order by priority desc limit 1")[0][0])


def test_the_groups_are_all_waiting_kinds_and_priorities_with_their_earliest_job(app, runner):
    early = enqueue(run_at=after(10))
    enqueue(run_at=after(20))
    urgent, other, retrying = enqueue(priority=5), enqueue("stubborn_chore"), enqueue(params={"fail_first": 1})
    runner.run_one(retrying)
    enqueue(queue="realtime")
    with reading():
        found = {(group.state, group.kind, group.priority): group.id for group in counting.groups("default")}
    assert found == {
        ("queued", "chore", 0): early, ("queued", "chore", 5): urgent, ("queued", "stubborn_chore", 0): other,
        ("retrying", "chore", 0): retrying,
    }
    assert state_of(retrying) == "retrying"


STATEMENTS = {
    "groups": (counting.GROUPS, ("default", "default")),
    "due ids": (counting.DUE_IDS, ("queued", "default", "chore", 0, "2026", 5)),
    "due count": (counting.DUE_COUNT, ("queued", "default", "chore", 0, "2026", 5)),
    "next time": (counting.NEXT_TIME, ("queued", "default", "chore", 0, "2026")),
    "early born": (f"select 1 from job where {dispatcher.EARLY_BORN} limit 1", ("0", "2026")),
    "lease end": (counting.NEXT_LEASE_END, ()),
    "running": (counting.RUNNING_OF, ("chore",)),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_no_statement_walks_over_jobs_that_are_not_due(app, name):
    """Each is an index search by equal columns first, and nothing is sorted; bench/backlog.py has the figures for a million rows."""
    with reading():
        plan = [row[3] for row in query(f"explain query plan {STATEMENTS[name][0]}", STATEMENTS[name][1])]
    steps = [step for step in plan if "job" in step or "next" in step or "B-TREE" in step]
    assert steps
    assert all(step.startswith("SEARCH") for step in steps), plan
    if name == "early born":
        assert "id>?" in steps[0]


def steps_of_a_round() -> int:
    """Steps of SQLite's virtual machine, in hundreds, for the best due job and a look of the dispatcher."""
    steps = []
    with transaction():
        connection = db.get_connection()
        connection.set_progress_handler(lambda: steps.append(1), 100)
        slots.best_due("default", now())
        for group in counting.groups("default"):
            counting.count_due(group, now(), 5)
            counting.next_time(group, now())
        connection.set_progress_handler(None, 0)
    return len(steps)


def test_the_work_of_a_round_does_not_grow_with_the_jobs_that_wait(app):
    for priority in (0, 5):
        enqueue(priority=priority)
        enqueue(priority=priority, run_at=after(3600))
    few = steps_of_a_round()
    with transaction():
        jobs.enqueue_many("chore", [{}] * 1000, run_at=after(3600))
        jobs.enqueue_many("chore", [{}] * 1000)
    assert steps_of_a_round() <= few + 5


def test_a_claim_reads_one_job_a_group_however_many_wait(app, monkeypatch):
    """What is due in ten years is a single row to the one who looks for what is due now."""
    with transaction():
        jobs.enqueue_many("chore", [{}] * 300, run_at=after(10 * 365 * 86400))
    due = enqueue()
    seen = []
    monkeypatch.setattr(counting, "query", lambda *asked: seen.extend(found := query(*asked)) or found)
    with reading():
        assert slots.best_due("default", now()) == due
    assert len(seen) <= 2
