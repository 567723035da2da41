"""One job in front of an operator: all that is known of it, and what can be done; what changed meanwhile is said, not thrown."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.core.clock import now
from studium.core.database import execute, transaction
from studium.queue.errors import UnknownJob
from studium.queue.jobs import discard
from studium.queue.story import story
from tests.web.ops_jobs import RunJobs, begin_run, job_now, make_failed, make_job, post

EVIL = "<script>alert(1)</script>"
SAFE = "&lt;script&gt;alert(1)&lt;/script&gt;"
NOWHERE = "00000000-0000-7000-8000-000000000000"


def test_a_failed_job_shows_its_error_params_and_story(app: Flask, operator: FlaskClient, run_jobs: RunJobs) -> None:
    job_id = make_failed(app, run_jobs, {"word": "kitchen"})
    page = operator.get(f"/ops/jobs/{job_id}").text
    assert "&#34;word&#34;: &#34;kitchen&#34;" in page
    for text in ("Cannot be done", "hopeless_chore", job_id, "there is no broom", "Enqueued", "Started"):
        assert text in page, text
    assert f'action="/ops/jobs/{job_id}/retry"' in page
    assert f'action="/ops/jobs/{job_id}/cancel"' not in page


def test_retry_makes_it_wait_again_and_says_who(app: Flask, operator: FlaskClient, run_jobs: RunJobs) -> None:
    job_id = make_failed(app, run_jobs)
    answer = post(operator, f"/ops/jobs/{job_id}/retry")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/ops/jobs/{job_id}")
    assert job_now(app, job_id).state == "queued"
    page = operator.get(f"/ops/jobs/{job_id}").text
    assert "The job waits to be run again." in page
    assert "Olga (user" in page
    again = post(operator, f"/ops/jobs/{job_id}/retry")
    assert again.status_code == 303
    assert "Only a failed job can be retried" in operator.get(f"/ops/jobs/{job_id}").text


def test_cancel_ends_a_waiting_job(app: Flask, operator: FlaskClient) -> None:
    job_id = make_job(app)
    assert post(operator, f"/ops/jobs/{job_id}/cancel").status_code == 303
    assert job_now(app, job_id).state == "cancelled"


def test_run_now_ends_the_wait(app: Flask, operator: FlaskClient) -> None:
    job_id = make_job(app, run_at=now() + timedelta(hours=3))
    assert post(operator, f"/ops/jobs/{job_id}/run-now").status_code == 303
    assert job_now(app, job_id).run_at <= now()
    begin_run(app, job_id)
    assert post(operator, f"/ops/jobs/{job_id}/run-now").status_code == 303
    assert "Only a waiting job can be run now" in operator.get(f"/ops/jobs/{job_id}").text


def test_discard_asks_first_and_then_removes(app: Flask, operator: FlaskClient, run_jobs: RunJobs) -> None:
    job_id = make_failed(app, run_jobs)
    assert "This cannot be undone" in operator.get(f"/ops/jobs/{job_id}/discard").text
    answer = post(operator, f"/ops/jobs/{job_id}/discard")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/ops/jobs/list")
    with pytest.raises(UnknownJob):
        job_now(app, job_id)


def test_an_active_job_is_not_discarded(app: Flask, operator: FlaskClient) -> None:
    job_id = make_job(app)
    assert "Discard for good" not in operator.get(f"/ops/jobs/{job_id}/discard").text
    answer = post(operator, f"/ops/jobs/{job_id}/discard")
    assert answer.status_code == 303
    assert job_now(app, job_id).state == "queued"
    assert "Cancel it first." in operator.get(answer.headers["Location"]).text


@pytest.mark.parametrize("action", ["retry", "cancel", "run-now", "discard"])
def test_a_job_that_somebody_discarded_meanwhile_is_a_sentence(
    app: Flask, operator: FlaskClient, run_jobs: RunJobs, action: str
) -> None:
    job_id = make_failed(app, run_jobs)
    with app.app_context(), transaction():
        discard(job_id)
    answer = post(operator, f"/ops/jobs/{job_id}/{action}")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/ops/jobs/list")
    assert "This job is no longer there" in operator.get("/ops/jobs/list").text


def test_edited_params_are_what_runs(app: Flask, operator: FlaskClient, run_jobs: RunJobs) -> None:
    job_id = make_failed(app, run_jobs, {"word": "kitchen"})
    assert "&#34;word&#34;: &#34;kitchen&#34;" in operator.get(f"/ops/jobs/{job_id}/edit").text
    answer = post(operator, f"/ops/jobs/{job_id}/edit", params='{"word": "cellar"}')
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/ops/jobs/{job_id}")
    assert (job_now(app, job_id).state, job_now(app, job_id).params["word"]) == ("queued", "cellar")
    page = operator.get(f"/ops/jobs/{job_id}").text
    assert "Params edited" in page and "params_edited" not in page


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"word": ', "This is not JSON"),
        ("[1, 2]", "Params are a JSON object"),
        ('{"word": ' + "[" * 50_000, "This is not JSON"),
        (r'{"word": "\ud800"}', "This is not JSON"),
        ('{"word": null, "seconds": NaN}', "<code>word</code>"),
        ('{"word": 7}', "<code>word</code>"),
        ('{"broom": "x"}', "<code>broom</code>"),
        (f'{{"word": "{EVIL}", "broom": 1}}', SAFE),
    ],
)
def test_wrong_params_come_back_with_the_text_and_the_reason(
    app: Flask, operator: FlaskClient, run_jobs: RunJobs, text: str, said: str
) -> None:
    job_id = make_failed(app, run_jobs)
    answer = post(operator, f"/ops/jobs/{job_id}/edit", params=text)
    assert answer.status_code == 422
    assert said in answer.text
    assert EVIL not in answer.text
    assert text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;") in answer.text
    assert job_now(app, job_id).state == "failed"


def test_what_was_edited_is_kept_when_the_job_is_not_failed_any_more(app: Flask, operator: FlaskClient) -> None:
    job_id = make_job(app)
    answer = post(operator, f"/ops/jobs/{job_id}/edit", params='{"word": "long text"}')
    assert answer.status_code == 409
    assert "Only a failed job can be retried" in answer.text
    assert "long text" in answer.text


def test_texts_of_others_are_never_markup(app: Flask, operator: FlaskClient) -> None:
    job_id = make_job(app, params={"word": EVIL})
    begin_run(app, job_id, message=EVIL)
    for path in (f"/ops/jobs/{job_id}", f"/ops/jobs/{job_id}/parts", "/ops/jobs/list", "/ops/jobs"):
        assert EVIL not in operator.get(path).text, path
    assert SAFE in operator.get(f"/ops/jobs/{job_id}").text


def test_the_name_of_who_acts_is_never_markup(app: Flask, operator: FlaskClient, run_jobs: RunJobs) -> None:
    assert operator.post("/auth/dev", json={"telegram_id": 1004, "first_name": EVIL}).status_code == 200
    job_id = make_failed(app, run_jobs)
    post(operator, f"/ops/jobs/{job_id}/retry")
    post(operator, "/ops/jobs/queues/default/pause")
    with app.app_context():
        assert any(EVIL in line.text for line in story(job_id).lines)
    for path in (f"/ops/jobs/{job_id}", "/ops/jobs"):
        page = operator.get(path).text
        assert SAFE in page, path
        assert EVIL not in page, path


def test_a_job_whose_plugin_is_gone_is_shown_by_its_name(app: Flask, operator: FlaskClient, run_jobs: RunJobs) -> None:
    job_id = make_failed(app, run_jobs)
    with app.app_context(), transaction():
        execute("update job set kind = ? where id = ?", (EVIL, job_id))
    for path in (f"/ops/jobs/{job_id}", "/ops/jobs/list", "/ops/jobs"):
        page = operator.get(path).text
        assert SAFE in page, path
        assert EVIL not in page, path


def test_no_such_job_is_404(operator: FlaskClient) -> None:
    for page in ("", "/parts", "/edit", "/discard"):
        assert operator.get(f"/ops/jobs/{NOWHERE}{page}").status_code == 404
