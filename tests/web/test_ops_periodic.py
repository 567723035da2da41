"""A periodic task in front of an operator: its record, and pausing, resuming and running it now."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.core.clock import now
from studium.core.database import transaction
from studium.queue.periodic import PeriodicTaskView, periodic_tasks
from studium.queue.periodic_entities import PAUSED, PeriodicRun
from tests.web.ops_jobs import job_now, post


@pytest.fixture
def task(app: Flask) -> PeriodicTaskView:
    """One of the tasks that the plugins of the tests declare."""
    with app.app_context():
        return periodic_tasks()[0]


def find_task(app: Flask, name: str) -> PeriodicTaskView:
    """The task as it is now."""
    with app.app_context():
        return next(task for task in periodic_tasks() if task.name == name)


def test_a_task_that_never_ran_says_so(operator: FlaskClient, task: PeriodicTaskView) -> None:
    assert f'href="/ops/jobs/periodic/{task.name}"' in operator.get("/ops/jobs").text
    page = operator.get(f"/ops/jobs/periodic/{task.name}").text
    assert "It has not run yet." in page
    assert task.schedule in page


def test_pause_and_resume_say_who(app: Flask, operator: FlaskClient, task: PeriodicTaskView) -> None:
    page = f"/ops/jobs/periodic/{task.name}"
    answer = post(operator, f"{page}/pause")
    assert (answer.status_code, answer.headers["Location"]) == (303, page)
    assert find_task(app, task.name).paused_by.startswith("Olga (user ")
    assert "Paused by Olga (user" in operator.get(page).text
    assert post(operator, f"{page}/resume").status_code == 303
    assert find_task(app, task.name).paused_at is None


def test_run_now_makes_its_job_and_records_it(app: Flask, operator: FlaskClient, task: PeriodicTaskView) -> None:
    page = f"/ops/jobs/periodic/{task.name}"
    assert post(operator, f"{page}/run").status_code == 303
    job_id = find_task(app, task.name).last_job_id
    assert job_id and job_now(app, job_id).kind == task.kind
    told = operator.get(page).text
    assert f'href="/ops/jobs/{job_id}"' in told
    assert "by Olga (user" in told


def test_the_record_is_read_page_by_page(app: Flask, operator: FlaskClient, task: PeriodicTaskView) -> None:
    with app.app_context(), transaction():
        for minutes in range(70):
            due = now() - timedelta(minutes=minutes)
            PeriodicRun(task=task.name, due_at=due, decided_at=due, outcome=PAUSED)
    page = f"/ops/jobs/periodic/{task.name}"
    first = operator.get(page).text
    older = first.split('rel="next" href="')[1].split('"')[0]
    second = operator.get(older).text
    assert (first.count("the task was paused"), second.count("the task was paused")) == (50, 20)
    assert 'rel="next"' not in second
    assert operator.get(f"{page}?before=nonsense").text.count("the task was paused") == 50


@pytest.mark.parametrize("before", ["yesterday", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_place_in_the_record_that_is_no_time_is_its_beginning(operator: FlaskClient, task: PeriodicTaskView, before: str) -> None:
    assert operator.get(f"/ops/jobs/periodic/{task.name}", query_string={"before": before}).status_code == 200


def test_an_unknown_task_is_404(operator: FlaskClient) -> None:
    assert operator.get("/ops/jobs/periodic/nothing").status_code == 404
    for action in ("pause", "resume", "run"):
        assert post(operator, f"/ops/jobs/periodic/nothing/{action}").status_code == 404
