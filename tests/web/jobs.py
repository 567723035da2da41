"""Words for the tests of jobs: start one as a script does, and put rows there."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from studium.core.database import transaction
from studium.queue import jobs, lifecycle
from studium.queue.lifecycle import Claim
from tests.web.conftest import Csrf

JOBS = "/api/v1/jobs"


def start(client: FlaskClient, csrf: Csrf, kind: str = "errand", /, key: str | None = None, **params: Any) -> TestResponse:
    """POST /api/v1/jobs."""
    headers = csrf(client) | ({"Idempotency-Key": key} if key else {})
    return client.post(JOBS, json={"kind": kind, "params": params}, headers=headers)


def started(client: FlaskClient, csrf: Csrf, kind: str = "errand", /, **params: Any) -> dict[str, Any]:
    """The job that was started."""
    answer = start(client, csrf, kind, **params)
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.get_json()["data"]
    return job


def post(client: FlaskClient, csrf: Csrf, path: str) -> TestResponse:
    """POST without a body."""
    return client.post(path, headers=csrf(client))


def id_of(client: FlaskClient) -> int:
    """The id of the signed-in user."""
    user: int = client.get("/api/v1/session").get_json()["data"]["user"]["id"]
    return user


def fill(client: FlaskClient, count: int, kind: str = "errand", **params: Any) -> list[str]:
    """Enqueue jobs for the signed-in user as a plugin would; their ids."""
    user_id = id_of(client)
    with client.application.app_context(), transaction():
        return [jobs.enqueue(kind, params, user_id=user_id).id for _ in range(count)]


def claim(client: FlaskClient, job_id: str) -> Claim:
    """A worker takes the job."""
    with client.application.app_context():
        found = lifecycle.claim(job_id, "default", "w", 10)
    assert found is not None
    return found
