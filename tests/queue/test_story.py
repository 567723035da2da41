"""A job's story: its own times and what was written down about it, in order."""

from __future__ import annotations

from datetime import timedelta

import pytest

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.queue import jobs
from studium.queue.entities import JobLine
from studium.queue.errors import UnknownJob
from studium.queue.story import story
from tests.queue.conftest import enqueue


def events(job_id):
    return [line.event for line in story(job_id).lines]


def test_a_usual_job_has_a_beginning_and_an_end_without_any_row(app, runner, clock):
    job_id = enqueue()
    assert events(job_id) == ["enqueued"]
    clock.advance(1)
    runner.run_one(job_id)
    assert events(job_id) == ["enqueued", "started", "succeeded"]
    with reading():
        assert JobLine.select().count() == 0
    found = story(job_id)
    assert found.job == jobs.find_job(job_id)
    assert [line.at for line in found.lines] == [found.job.created_at, found.job.started_at, found.job.finished_at]


def test_a_job_for_later_tells_when(app, clock):
    job_id = enqueue(run_at=now() + timedelta(hours=1))
    assert story(job_id).lines[0].text == f"to run at {now() + timedelta(hours=1):%Y-%m-%d %H:%M:%S} UTC"


def test_failures_stand_between_with_their_tracebacks_and_the_end_only_once(app, runner, clock):
    job_id = enqueue(params={"fail_first": 99})
    for _ in range(4):
        clock.advance(10)
        runner.run_one(job_id)
    assert events(job_id) == ["enqueued", "retrying", "retrying", "retrying", "started", "failed"]
    failure = story(job_id).lines[1].text
    assert "the broom broke in attempt 1" in failure
    assert "Traceback" in failure


def test_who_cancelled_or_retried_is_told(app, runner, clock):
    job_id = enqueue("hopeless_chore")
    clock.advance(1)
    runner.run_one(job_id)
    clock.advance(1)
    jobs.retry(job_id, by="Anna")
    clock.advance(1)
    jobs.cancel(job_id, by="Boris")
    told = [(line.event, line.text) for line in story(job_id).lines]
    assert [event for event, _text in told] == ["enqueued", "failed", "retried", "cancelled"]
    assert ("by Anna" in told[2][1], "by Boris" in told[3][1]) == (True, True)


def test_an_end_without_a_line_is_told_all_the_same(app, runner):
    job_id = enqueue("hopeless_chore")
    runner.run_one(job_id)
    with transaction():
        JobLine.select().delete()
    assert events(job_id) == ["enqueued", "started", "failed"]


def test_other_jobs_lines_are_not_its_own(app, runner):
    mine, other = enqueue(), enqueue("hopeless_chore")
    runner.run_one(other)
    assert events(mine) == ["enqueued"]


def test_there_is_no_story_of_an_unknown_job(app):
    with pytest.raises(UnknownJob):
        story("nothing")
