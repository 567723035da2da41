"""A database file that is replaced under a running process is noticed before anything is acknowledged, and /up says so."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from studium.core.database import DATABASE_FILE, transaction
from studium.core.entities import Heartbeat
from studium.core.errors import DatabaseError
from studium.core.health import beat_heart


@pytest.fixture
def replaced(app, settings) -> Iterator[None]:
    """Another file under the database's name; the real one comes back afterwards."""
    path = settings.core.data_dir / DATABASE_FILE
    kept, other = path.with_suffix(".kept"), path.with_suffix(".other")
    os.link(path, kept)
    shutil.copy(path, other)
    other.replace(path)
    yield
    kept.replace(path)


def test_nothing_is_written_to_a_file_that_has_no_name_any_more(app, replaced):
    with app.app_context(), pytest.raises(DatabaseError, match="was replaced while this process runs"), transaction():
        Heartbeat(program="ghost", pid=1, started_at=None, seen_at=None)


def test_up_says_so(client, replaced):
    answer = client.get("/up")
    assert answer.status_code == 503
    assert "was replaced" in answer.get_json()["checks"]["database"]


def test_with_the_file_back_all_is_well(app, client):
    with app.app_context():
        beat_heart("ghost")
    assert client.get("/up").get_json()["checks"]["database"] == "ok"
