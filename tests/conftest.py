"""One database a test process, with all plugins and the plugins under test, emptied before each test; small fixtures over it."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient

PLUGINS_UNDER_TEST = str(Path(__file__).parent / "plugins_under_test")
if PLUGINS_UNDER_TEST not in sys.path:
    sys.path.insert(0, PLUGINS_UNDER_TEST)

from studium.core import clock as core_clock  # noqa: E402
from studium.core.app import create_app, load  # noqa: E402
from studium.core.database import db, execute, in_transaction, transaction  # noqa: E402
from studium.core.migrator import Migrator  # noqa: E402
from studium.core.runtime import collect  # noqa: E402
from studium.core.settings import Settings  # noqa: E402
from studium.queue.heart import Heart  # noqa: E402
from studium.queue.queues import queues  # noqa: E402
from studium.queue.worker import Runner  # noqa: E402
from studium.services.cache import cache  # noqa: E402
from studium.services.provider_registry import EXTENSION as PROVIDERS  # noqa: E402

SignIn = Callable[..., dict[str, Any]]


def pytest_collection() -> None:
    """Thousands of tests are being made and none goes away: nothing is garbage yet."""
    gc.disable()


def pytest_collection_finish() -> None:
    """What exists now stays to the end; full collections would only look at all of it again, hundreds of times."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.seconds = time.time()

    def advance(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture(scope="session")
def environ(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The environment of every app in this test process; its database is migrated."""
    found = {
        "STUDIUM_ENV": "test", "STUDIUM_DATA_DIR": str(tmp_path_factory.mktemp("data")), "STUDIUM_SECRET_KEY": "test-key-" * 5,
        "STUDIUM_EXTRA_PLUGINS": "chores,errands,newsletter,open_school,postcards,school_email,shop", "STUDIUM_ENTRY_POINTS": "false",
        "STUDIUM_LOG_LEVEL": "warning",
    }
    settings, plugins = load(found)
    Migrator(settings.core.data_dir, collect(plugins.hook.register_migrations)).migrate()
    return found


@pytest.fixture(scope="session")
def web_app(environ: Mapping[str, str]) -> Iterator[Flask]:
    """The site with all plugins; use `app`, which also empties the tables."""
    app = create_app(environ, program="web")
    yield app
    with app.app_context():
        queues().close()
    db.disconnect()


@pytest.fixture
def app(web_app: Flask) -> Iterator[Flask]:
    """The site over an empty database; nothing may be left open at the end."""
    with web_app.app_context():
        empty_tables()
        cache().clear()
    web_app.extensions.pop(PROVIDERS, None)  # a test may have set up some
    yield web_app
    assert not in_transaction(), "the test left a transaction open"


@pytest.fixture
def settings(app: Flask) -> Settings:
    found = app.extensions["studium"].settings
    assert isinstance(found, Settings)
    return found


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def sign_in() -> SignIn:
    """`sign_in(client, telegram_id=7, first_name="Anna")` signs the client in; answers the user."""

    def do(client: FlaskClient, telegram_id: int = 7, first_name: str = "Anna") -> dict[str, Any]:
        response = client.post("/auth/dev", json={"telegram_id": telegram_id, "first_name": first_name})
        assert response.status_code == 200, response.text
        user: dict[str, Any] = response.get_json()["data"]
        return user

    return do


@pytest.fixture
def csrf() -> Callable[[FlaskClient], dict[str, str]]:
    """`csrf(client)` is the header that unsafe calls carry."""

    def do(client: FlaskClient) -> dict[str, str]:
        return {"X-CSRF-Token": client.get("/api/v1/session").get_json()["data"]["csrf_token"]}

    return do


@pytest.fixture
def frozen_clock() -> Iterator[Clock]:
    """The core's clock, standing still; `advance(seconds)` moves it."""
    standing = Clock()
    core_clock.set_clock(lambda: standing.seconds)
    yield standing
    core_clock.set_clock(None)


@pytest.fixture
def log_lines(app: Flask) -> Iterator[list[Any]]:
    """The log lines of the test, as dicts."""
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        yield lines


@pytest.fixture
def run_jobs(app: Flask) -> Callable[[], int]:
    """Run all due jobs of both queues here and now; answers how many ran."""

    def do() -> int:
        ran = 0
        with app.app_context():
            for queue in ("realtime", "default"):
                runner = Runner(queue, Heart(f"test:{queue}", 10.0, 3.0), 10.0)
                while runner.run_one(None):
                    ran += 1
        return ran

    return do


def empty_tables() -> None:
    """Delete every row and every waiting message."""
    with transaction():
        execute("PRAGMA defer_foreign_keys = ON")
        names = [row[0] for row in execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()]
        while filled := _with_rows([name for name in names if not name.startswith("sqlite_") and name != "alembic_version"]):
            for name in filled:
                execute(f'DELETE FROM "{name}"')
    for queue in ("default", "realtime"):
        queues().transport(queue).flush()


def _with_rows(names: list[str]) -> list[str]:
    """Which of the tables hold rows; most hold none, and to delete nothing costs SQLite a written page a table and index."""
    asked = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM \"{name}\")" for name in names)
    return [row[0] for row in execute(asked).fetchall()]
