"""More jobs must not cost the pages for operators more queries (no N+1)."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.core.database import transaction
from studium.queue.jobs import enqueue
from tests.web.ops_jobs import make_job
from tests.web.test_queries import count_queries


@pytest.mark.parametrize(
    "path",
    [
        "/ops/jobs",
        "/ops/jobs?range=7d",
        "/ops/jobs/list",
        "/ops/jobs/list?state=queued",
        "/ops/jobs/list?user=3",
        "/ops/jobs/bulk?verb=cancel",
        "/ops/jobs/{job}",
        "/ops/jobs/{job}/parts",
    ],
)
def test_queries_do_not_grow_with_the_jobs(app: Flask, operator: FlaskClient, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    address = path.format(job=make_job(app, user_id=3))
    few = count_queries(operator, address, monkeypatch)
    with app.app_context(), transaction():
        for _number in range(40):
            enqueue("chore", {"word": "x"})
    assert 0 < count_queries(operator, address, monkeypatch) <= few
