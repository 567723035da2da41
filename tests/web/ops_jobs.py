"""Jobs in every state, for the tests of the pages for operators, and what those pages are asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from studium.core.clock import now
from studium.core.database import execute, transaction
from studium.queue.jobs import JobView, enqueue, find_job

RunJobs = Callable[[], int]


def make_job(app: Flask, kind: str = "chore", params: dict[str, Any] | None = None, **options: Any) -> str:
    """A waiting job; its id."""
    with app.app_context(), transaction():
        return str(enqueue(kind, params, **options).id)


def make_failed(app: Flask, run_jobs: RunJobs, params: dict[str, Any] | None = None, **options: Any) -> str:
    """A job that failed for good; its id."""
    job_id = make_job(app, "hopeless_chore", params, **options)
    run_jobs()
    return job_id


def begin_run(app: Flask, job_id: str, worker: str = "box/1/ab", progress: int = 0, message: str = "") -> None:
    """As if the worker had begun to run it and said how far it is."""
    changes = "state = 'running', worker = ?, lease = ?, leased_until = ?, started_at = ?, progress = ?, message = ?"
    with app.app_context(), transaction():
        execute(f"update job set {changes} where id = ?", (worker, job_id[:32], now(), now(), progress, message, job_id))


def job_now(app: Flask, job_id: str) -> JobView:
    """The job as it is."""
    with app.app_context():
        return find_job(job_id)


def post(client: FlaskClient, path: str, **form: str) -> TestResponse:
    """Send a form of these pages, as their buttons do."""
    token = client.get("/api/v1/session").get_json()["data"]["csrf_token"]
    return client.post(path, data={"csrf_token": token, **form})
