"""Nobody but operators learns that there are pages for them, whichever address is asked."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.queue.pausing import paused
from tests.conftest import SignIn
from tests.web.ops_jobs import job_now, make_job, post

VALUES = {"job": "00000000-0000-7000-8000-000000000000", "queue": "default", "name": "anything"}


def routes(app: Flask, method: str) -> list[str]:
    """Every address under /ops that takes the method, with something in its places."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/ops") and rule.methods and method in rule.methods:
            path = rule.rule
            for name in rule.arguments:
                path = path.replace(f"<{name}>", VALUES[name])
            found.append(path)
    return found


def test_a_visitor_is_sent_to_sign_in_from_every_page(app: Flask, client: FlaskClient) -> None:
    pages = routes(app, "GET")
    assert len(pages) >= 10
    for page in pages:
        answer = client.get(page)
        assert (answer.status_code, answer.headers.get("Location", "")[:7]) == (302, "/login?"), page


def test_a_visitor_can_do_nothing(app: Flask, client: FlaskClient) -> None:
    for path in routes(app, "POST"):
        assert post(client, path).status_code == 401, path


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_student_finds_nothing_there(app: Flask, client: FlaskClient, sign_in: SignIn, method: str) -> None:
    sign_in(client)
    unknown = client.get("/nowhere").text
    for path in routes(app, method):
        answer = client.get(path) if method == "GET" else post(client, path)
        assert answer.status_code == 404, path
        assert answer.text.count("<h1>") == unknown.count("<h1>")


def test_a_student_changes_nothing(app: Flask, client: FlaskClient, sign_in: SignIn) -> None:
    sign_in(client)
    job_id = make_job(app)
    post(client, f"/ops/jobs/{job_id}/cancel")
    post(client, "/ops/jobs/queues/default/pause")
    assert job_now(app, job_id).state == "queued"
    with app.app_context():
        assert paused() == {}


def test_a_form_without_its_token_is_refused(operator: FlaskClient, app: Flask) -> None:
    for path in routes(app, "POST"):
        assert operator.post(path).status_code == 400, path


def test_only_operators_have_the_link(client: FlaskClient, operator: FlaskClient, sign_in: SignIn) -> None:
    sign_in(client)
    assert 'href="/ops/jobs"' not in client.get("/dashboard").text
    assert 'href="/ops/jobs"' in operator.get("/dashboard").text
