"""A course "tea" whose lessons are completed by a click, students, and what is in their documents folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.core.database import reading, transaction
from studium.plugins.documents.storage import folder
from studium.queue import jobs
from studium.queue.job_view import JobView, view_of
from studium.queue.jobs import Job
from tests.plugins.progress.conftest import Plant, plant, ticket

__all__ = ["plant", "ticket"]
TEXT = {"type": "text", "rule": "read", "duration_ms": 0}
Jobs = Callable[..., list[JobView]]
RunJob = Callable[..., JobView]


@pytest.fixture
def tea(plant: Plant) -> dict[str, int]:
    """The ids of the lessons of the course "tea": two texts that are required, and one that is not."""
    return plant({"water": TEXT, "leaves": TEXT, "history": TEXT | {"required": False}})


@pytest.fixture
def jobs_of_kind(app: Flask) -> Jobs:
    """`jobs_of_kind("certificate")` are all jobs of that kind, oldest first."""

    def do(kind: str = "certificate") -> list[JobView]:
        with app.app_context(), reading():
            return [view_of(job) for job in Job.select(lambda job: job.kind == kind).order_by(Job.id)]

    return do


@pytest.fixture
def run_job(app: Flask, anna: int, run_jobs: Callable[[], int]) -> RunJob:
    """`run_job("learning_report", days=7)` runs Anna's job of this kind with these params; the job afterwards."""

    def do(kind: str, user_id: int | None = None, **params: Any) -> JobView:
        with app.app_context():
            with transaction():
                job_id = jobs.enqueue(kind, params, user_id=user_id or anna).id
            run_jobs()
            return jobs.find_job(job_id)

    return do


@pytest.fixture
def files(app: Flask) -> Callable[[], list[Path]]:
    """`files()` are the files in the documents folder, which is empty at first."""
    with app.app_context():
        for path in folder().iterdir():
            path.unlink()

    def do() -> list[Path]:
        with app.app_context():
            return sorted(folder().iterdir())

    return do


def complete(client: FlaskClient, headers: dict[str, str], *lessons: str) -> Any:
    """Read the lessons of "tea" to their end, over the API; the last answer."""
    for lesson in lessons:
        answer = client.post(f"/api/v1/lessons/tea/{lesson}/completion", headers=headers)
        assert answer.status_code == 200, answer.text
    return answer
