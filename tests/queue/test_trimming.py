"""Ended jobs go after a while; active ones never."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from studium.core.clock import now
from studium.core.database import execute, transaction
from studium.core.runtime import runtime
from studium.queue import jobs, removing, trimming
from studium.queue.entities import Job
from studium.queue.errors import UnknownJob
from studium.queue.queues import queues
from studium.queue.settings import QueueSettings
from tests.queue.conftest import enqueue

DAY = 86400


def kept(job_id: str) -> bool:
    try:
        jobs.find_job(job_id)
    except UnknownJob:
        return False
    return True


def test_succeeded_and_cancelled_jobs_are_kept_a_day_and_failed_ones_a_month(app, runner, clock):
    succeeded, failed, cancelled, waiting = enqueue(), enqueue("hopeless_chore"), enqueue(), enqueue(queue="realtime")
    with transaction():
        jobs.cancel(cancelled)
    while runner.run_one(None):
        pass
    clock.advance(DAY - 60)
    assert trimming.trim() == 0
    clock.advance(120)
    assert trimming.trim() == 2
    assert [kept(job_id) for job_id in (succeeded, cancelled, failed, waiting)] == [False, False, True, True]
    clock.advance(30 * DAY)
    assert trimming.trim() == 1
    assert [kept(job_id) for job_id in (failed, waiting)] == [False, True]


def cancelled(number: int) -> list[str]:
    ids = [enqueue(params={"word": "old"}) for _ in range(number)]
    for job_id in ids:
        jobs.cancel(job_id)
    return ids


def rows(table: str) -> int:
    with transaction():
        return int(execute(f"select count(*) from {table}").fetchone()[0])


def test_trimming_goes_in_small_batches_of_one_transaction_each(app, clock, monkeypatch):
    batches = []
    monkeypatch.setattr(trimming, "BATCH", 3)
    monkeypatch.setattr(trimming, "remove_jobs", lambda ids, state: batches.append(len(ids)) or removing.remove_jobs(ids, state))
    cancelled(8)
    clock.advance(2 * DAY)
    assert [trimming.trim(), trimming.trim()] == [8, 0]
    assert batches == [3, 3, 2]


def test_a_long_trimming_stops_after_a_while_and_says_that_it_removed_something(app, clock, monkeypatch):
    monkeypatch.setattr(trimming, "BATCH", 3)
    monkeypatch.setattr(trimming, "LONGEST", 1e-9)
    cancelled(8)
    clock.advance(2 * DAY)
    assert trimming.trim() + trimming.trim() < 8


def test_arguments_and_lines_go_with_their_job(app, runner, clock):
    enqueue(params={"word": "kept"})
    failed = enqueue(params={"fail_first": 1, "word": "gone"})
    runner.run_one(failed)
    jobs.cancel(failed)
    assert rows("job_line") == 2
    assert rows("job_argument") == 4 + 2
    clock.advance(2 * DAY)
    trimming.trim()
    assert (rows("job_line"), rows("job_argument"), rows("job")) == (0, 3, 1)


@pytest.mark.parametrize(
    ("setting", "state"), [("keep_failed_jobs", "failed"), ("keep_finished_jobs", "cancelled"), ("keep_finished_jobs", "succeeded")]
)
def test_of_more_ended_jobs_than_are_kept_the_oldest_go(app, clock, monkeypatch, setting, state):
    ids = cancelled(6)
    for job_id in ids:
        clock.advance(1)
        with transaction():
            Job[job_id].set(state=state, finished_at=now())
    fewer = QueueSettings(**{setting: 4})
    monkeypatch.setitem(runtime().settings._sections, QueueSettings, fewer)
    assert trimming.trim() == 2
    assert [kept(job_id) for job_id in ids] == [False, False, True, True, True, True]
    assert trimming.trim() == 0


def test_a_job_that_is_tried_again_while_it_is_about_to_be_trimmed_stays(app, runner, clock, monkeypatch):
    failed = enqueue("hopeless_chore")
    runner.run_one(failed)
    clock.advance(31 * DAY)

    def retried_first(ids, state):
        jobs.retry(failed)
        return removing.remove_jobs(ids, state)

    monkeypatch.setattr(trimming, "remove_jobs", retried_first)
    assert trimming.trim() == 0
    assert jobs.find_job(failed).state == "queued"


@pytest.mark.parametrize("state", ["queued", "running", "retrying"])
def test_an_active_job_is_never_trimmed_however_old(app, clock, state):
    job_id = enqueue()
    with transaction():
        Job[job_id].state = state
    clock.advance(400 * DAY)
    assert trimming.trim() == 0
    assert kept(job_id)


def test_kind_may_keep_its_succeeded_jobs_for_longer_than_others(app, runner, clock):
    usual, special = enqueue(), enqueue("kept_chore")
    while runner.run_one(None):
        pass
    clock.advance(7 * DAY - 60)
    assert trimming.trim() == 1
    assert [kept(job_id) for job_id in (usual, special)] == [False, True]
    clock.advance(120)
    assert trimming.trim() == 1
    assert not kept(special)


def test_what_is_kept_for_a_hundred_years_does_not_stop_the_trimming_of_the_rest(app, runner, clock, monkeypatch):
    usual, special = enqueue(), enqueue("kept_chore")
    while runner.run_one(None):
        pass
    monkeypatch.setitem(queues().kinds, "kept_chore", replace(queues().kinds["kept_chore"], keep=lambda: timedelta(days=36_500)))
    clock.advance(2 * DAY)
    assert trimming.trim() == 1
    assert [kept(job_id) for job_id in (usual, special)] == [False, True]


@pytest.mark.parametrize(
    ("statement", "values", "index"),
    [
        (trimming.TOO_OLD.format(others="?"), ("succeeded", "2026-01-01", "chore", 200), "idx_job__state_finished_at"),
        (trimming.OLDEST, ("succeeded", 200), "idx_job__state_finished_at"),
        (removing.REMOVE.format(marks="?, ?"), ("one", "another", "succeeded"), "sqlite_autoindex_job_1"),
    ],
    ids=["too old", "too many", "removal"],
)
def test_no_statement_of_it_walks_over_jobs_that_stay(app, statement, values, index):
    with transaction():
        (step,) = [row[3] for row in execute(f"explain query plan {statement}", values).fetchall()]
    assert step.startswith(f"SEARCH job USING INDEX {index}")
