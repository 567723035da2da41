"""The greeting, the smallest job of the whole way."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from studium.queue import jobs
from studium.queue.hello import Hello
from studium.queue.queues import queues
from tests.queue.conftest import enqueue


def test_it_greets_by_name(app, runner, changes):
    job_id = enqueue("hello", {"name": "Анна", "seconds": 0.5})
    runner.run_one(job_id)
    assert jobs.find_job(job_id).result == {"greeting": "Hello, Анна!"}
    assert any(change.state == "running" and change.message for change in changes)


def test_a_nameless_one_is_greeted_too(app, runner):
    job_id = enqueue("hello", {"seconds": 0})
    runner.run_one(job_id)
    assert jobs.find_job(job_id).result == {"greeting": "Hello!"}


@pytest.mark.parametrize("params", [{"seconds": 61}, {"seconds": -1}, {"name": "x" * 101}, {"seconds": "nan"}, {"colour": "red"}])
def test_it_takes_a_minute_at_most(params):
    with pytest.raises(ValidationError):
        Hello.model_validate(params)


def test_students_may_start_it(app):
    kind = queues().kinds["hello"]
    assert (kind.self_service, kind.limit, kind.admit, kind.unique) == (True, None, None, None)
