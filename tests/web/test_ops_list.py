"""The list of jobs: its filter, its pages, and what can be done to all that match."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.core.clock import now
from studium.core.database import transaction
from studium.plugins.auth.entities import User
from studium.queue.jobs import enqueue
from tests.conftest import Clock
from tests.web.ops_jobs import RunJobs, job_now, make_failed, make_job, post


def shown(page: str) -> list[str]:
    """The ids of the jobs on a page, from top to bottom."""
    return re.findall(r'class="job-name"><a href="/ops/jobs/([0-9a-f-]{36})"', page)


def link(page: str, relation: str) -> str | None:
    """The address of the next ("next") or the former ("prev") page."""
    found = re.search(rf'rel="{relation}" href="([^"]+)"', page)
    return found[1].replace("&amp;", "&") if found else None


def test_an_empty_list_and_an_empty_find_are_words(operator: FlaskClient) -> None:
    assert "There are no jobs yet" in operator.get("/ops/jobs/list").text
    assert "No job matches" in operator.get("/ops/jobs/list?user=5").text


def test_pages_go_older_and_back_to_newer(app: Flask, operator: FlaskClient) -> None:
    with app.app_context(), transaction():
        ids = [str(enqueue("chore").id) for _number in range(120)][::-1]
    pages = [operator.get("/ops/jobs/list?kind=chore").text]
    while older := link(pages[-1], "next"):
        pages.append(operator.get(older).text)
    assert [len(shown(page)) for page in pages] == [50, 50, 20]
    assert [job for page in pages for job in shown(page)] == sorted(ids, reverse=True)
    assert link(pages[0], "prev") is None
    middle = operator.get(link(pages[2], "prev") or "").text
    assert shown(middle) == shown(pages[1])
    assert shown(operator.get(link(middle, "prev") or "").text) == shown(pages[0])


def test_each_part_of_the_filter_finds_its_jobs(app: Flask, operator: FlaskClient, run_jobs: RunJobs) -> None:
    failed = make_failed(app, run_jobs, {"word": "attic"}, user_id=31)
    realtime = make_job(app, queue="realtime", params={"word": "attic"})
    stubborn = make_job(app, "stubborn_chore", user_id=31)
    for query, expected in {
        "state=failed": {failed},
        "state=failed&state=queued": {failed, realtime, stubborn},
        "kind=stubborn_chore": {stubborn},
        "queue=realtime": {realtime},
        "user=31": {failed, stubborn},
        "argument=word=attic": {failed, realtime},
        "argument=word%20=%20attic&user=31": {failed},
        "user=31&state=cancelled": set(),
    }.items():
        assert set(shown(operator.get(f"/ops/jobs/list?{query}").text)) == expected, query


def test_times_are_those_of_the_readers_clock(app: Flask, operator: FlaskClient, frozen_clock: Clock) -> None:
    with app.app_context(), transaction():
        User.get(telegram_id=1004).time_zone = "Asia/Yekaterinburg"
    first = make_job(app)
    frozen_clock.advance(3600)
    second = make_job(app)
    between = (now() - timedelta(minutes=30) + timedelta(hours=5)).isoformat(timespec="seconds")
    assert shown(operator.get(f"/ops/jobs/list?since={between}").text) == [second]
    assert shown(operator.get(f"/ops/jobs/list?until={between}").text) == [first]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("user=Anna", "The number of a user"),
        ("user=99999999999999999999", "The number of a user"),
        ("argument=rivers", "A name, an equals sign and a value"),
        ("since=yesterday", "A date and a time"),
        ("until=9999-12-31T23:59", "A date and a time"),
        ("queue=%3Cb%3E", "There is no such queue"),
    ],
)
def test_a_filter_that_cannot_be_understood_comes_back_with_its_text(operator: FlaskClient, query: str, said: str) -> None:
    answer = operator.get(f"/ops/jobs/list?{query}")
    assert answer.status_code == 422
    assert said in answer.text
    assert "<b>" not in answer.text
    name, text = query.split("=", 1)
    assert name == "queue" or (f'name="{name}"' in answer.text and f'value="{text}"' in answer.text)


def test_an_unknown_state_is_no_filter(app: Flask, operator: FlaskClient) -> None:
    job_id = make_job(app)
    assert shown(operator.get("/ops/jobs/list?state=nonsense&before=").text) == [job_id]


def test_many_jobs_are_retried_after_a_confirmation_in_words(app: Flask, operator: FlaskClient, run_jobs: RunJobs) -> None:
    wanted = [make_failed(app, run_jobs, user_id=31) for _number in range(3)]
    other = make_failed(app, run_jobs, user_id=32)
    listed = operator.get("/ops/jobs/list?user=31").text
    assert "Jobs that match: 3" in listed
    assert "/ops/jobs/bulk?verb=retry&amp;user=31" in listed
    asked = operator.get("/ops/jobs/bulk?verb=retry&user=31").text
    assert re.search(r"<dt>User</dt><dd[^>]*>31</dd>", asked)
    assert re.search(r"<dt>State</dt><dd>failed</dd>", asked)
    assert re.search(r"<dt>How many</dt><dd>3</dd>", asked)
    answer = post(operator, "/ops/jobs/bulk", verb="retry", user="31")
    assert answer.status_code == 303
    assert "Work through many jobs" in operator.get(answer.headers["Location"]).text
    run_jobs()
    assert all(job_now(app, job_id).attempts for job_id in wanted)
    told = operator.get(answer.headers["Location"]).text
    assert "&#34;done&#34;: 3" in told
    assert "Done so far" in told and "3 done, 0 refused" in told
    assert "retried" not in operator.get(f"/ops/jobs/{other}").text.lower().replace("waiting to be retried", "")


def test_an_action_that_fits_no_job_of_the_filter_does_not_exist(operator: FlaskClient) -> None:
    assert operator.get("/ops/jobs/bulk?verb=retry&state=running").status_code == 404
    assert operator.get("/ops/jobs/bulk?verb=explode").status_code == 404
    assert operator.get("/ops/jobs/bulk?verb=retry&user=x").status_code == 404
    assert post(operator, "/ops/jobs/bulk", verb="discard", state="running").status_code == 404
