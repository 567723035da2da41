"""The overview for operators: how the queues stand, what needs attention, and pausing."""

from __future__ import annotations

import re

from flask import Flask
from flask.testing import FlaskClient

from studium.core.database import transaction
from studium.queue.jobs import cancel
from studium.queue.pausing import paused
from studium.queue.workers import Presence
from tests.conftest import Clock
from tests.web.ops_jobs import RunJobs, begin_run, job_now, make_failed, make_job, post


def test_ops_leads_to_the_jobs(operator: FlaskClient) -> None:
    answer = operator.get("/ops")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/ops/jobs")


def test_an_empty_queue_is_said_in_words(operator: FlaskClient) -> None:
    page = operator.get("/ops/jobs").text
    assert page.count("nothing is due") == 2
    assert "No worker has shown itself" in page
    assert "Nobody works on the queue default." in page
    assert "No job started or ended in this time." in page


def test_states_are_counted_and_lead_to_the_list(app: Flask, operator: FlaskClient, run_jobs: RunJobs) -> None:
    make_failed(app, run_jobs)
    for _number in range(3):
        make_job(app)
    page = operator.get("/ops/jobs").text
    assert re.search(r'data-state="failed" href="/ops/jobs/list\?state=failed"><strong>1</strong>', page)
    assert re.search(r'data-state="queued" href="/ops/jobs/list\?state=queued"><strong>3</strong>', page)
    assert 'href="/ops/jobs/list?kind=chore&amp;state=queued">3</a>' in page


def test_a_queue_that_is_behind_needs_attention(app: Flask, operator: FlaskClient, frozen_clock: Clock) -> None:
    make_job(app)
    assert "is behind" not in operator.get("/ops/jobs").text
    frozen_clock.advance(130)
    page = operator.get("/ops/jobs").text
    assert "The queue default is behind: its oldest job waits for 2 min 10 sec." in page


def test_pause_and_resume_are_recorded_with_the_name(app: Flask, operator: FlaskClient) -> None:
    answer = post(operator, "/ops/jobs/queues/default/pause")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/ops/jobs")
    with app.app_context():
        assert re.fullmatch(r"Olga \(user \d+\)", paused()["default"].paused_by)
    page = operator.get("/ops/jobs").text
    assert "The queue default is paused. What runs goes on" in page
    assert "Paused by Olga (user" in page
    assert post(operator, "/ops/jobs/queues/default/resume").status_code == 303
    with app.app_context():
        assert paused() == {}
    assert post(operator, "/ops/jobs/queues/nothing/pause").status_code == 404


def test_workers_show_what_they_run(app: Flask, operator: FlaskClient, frozen_clock: Clock) -> None:
    job_id = make_job(app)
    with app.app_context(), transaction():
        Presence("box/1/ab", "default", 2).show()
    begin_run(app, job_id, "box/1/ab", 40, "<i>half</i>")
    page = operator.get("/ops/jobs").text
    assert "box/1/ab" in page
    assert "40% · &lt;i&gt;half&lt;/i&gt;" in page
    assert "Nobody works on the queue default." not in page
    frozen_clock.advance(30)
    page = operator.get("/ops/jobs").text
    assert "No sign of life" in page
    assert "Nobody works on the queue default." in page
    with app.app_context(), transaction():
        Presence("box/2/cd", "default", 2).show()
    page = operator.get("/ops/jobs").text
    assert page.index("box/2/cd") < page.index("box/1/ab"), "who is gone stands after those who work"


def test_charts_tell_what_ended_with_a_table_beside(app: Flask, operator: FlaskClient, run_jobs: RunJobs) -> None:
    make_failed(app, run_jobs)
    make_job(app)
    run_jobs()
    with app.app_context(), transaction():
        cancel(make_job(app))
    for asked in ("", "?range=24h", "?range=7d", "?range=nonsense"):
        page = operator.get(f"/ops/jobs{asked}").text
        assert "Succeeded: 1, Failed: 1, Cancelled: 1" in page
        assert page.count('role="img"') == 2
        table = page[page.index("The numbers as a table") :]
        assert re.search(r"</time></th><td>1</td><td>1</td><td>1</td><td>2</td>", table)


def test_the_live_part_is_a_piece_of_the_page(app: Flask, operator: FlaskClient) -> None:
    make_job(app)
    part = operator.get("/ops/jobs/parts?range=24h").text
    assert "<html" not in part
    whole = re.sub(r'name="csrf_token" value="[^"]*"', "", operator.get("/ops/jobs?range=24h").text)
    assert re.sub(r'name="csrf_token" value="[^"]*"', "", part).strip()[:200] in whole


def test_no_page_has_inline_styles_or_scripts(app: Flask, operator: FlaskClient, run_jobs: RunJobs) -> None:
    job_id = make_failed(app, run_jobs)
    for path in ("/ops/jobs", "/ops/jobs/list", f"/ops/jobs/{job_id}", f"/ops/jobs/{job_id}/edit", f"/ops/jobs/{job_id}/discard"):
        page = operator.get(path).text
        assert not re.search(r"<[^>]+\s(style|on\w+)=", page), path
        assert not re.search(r"<script(?![^>]* src=)", page), path
    assert job_now(app, job_id).state == "failed"
