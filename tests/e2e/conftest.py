"""One running Studium with the example course and one Chromium for all browser tests; each test has students of its own."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, expect, sync_playwright

from studium.testing.stack import Stack
from tests.e2e.students import COURSE, Student

ROOT = Path(__file__).resolve().parents[2]
CHROMIUMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")  # the first takes a third less of the processor
CHROMIUM_ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--autoplay-policy=no-user-gesture-required",
]
SETTINGS = {
    "STUDIUM_WEB_RANGE_BYTES": "100000",  # so that videos are played in pieces
    "STUDIUM_EXTRA_PLUGINS": "open_school",  # so that every student may watch; tests of buying have a site of their own
    "PYTHONPATH": str(ROOT / "tests" / "plugins_under_test"),
}
expect.set_options(timeout=15_000)  # on a busy machine the usual 5 s are not always enough
_numbers = itertools.count(int(time.time()))


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    running = Stack(tmp_path_factory.mktemp("site"), SETTINGS)
    running.run("studium", "migrate")
    running.run("studium", "course", "import", str(ROOT / "examples" / COURSE))
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    assert path, "These tests need Chromium: apt-get install chromium-headless-shell"
    running = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGS)
    yield running
    running.close()


@pytest.fixture
def new_student(browser: Browser, stack: Stack) -> Iterator[Callable[..., Student]]:
    """`new_student(first_name="Anna", telegram_id=None, **context_options)`: a browser of its own; errors of its pages fail the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def make(first_name: str = "Anna", telegram_id: int | None = None, **options: Any) -> Student:
        context = browser.new_context(locale=options.pop("locale", "en-US"), **options)
        context.set_default_timeout(20_000)
        context.on("weberror", lambda error: errors.append(str(error.error)))
        contexts.append(context)
        return Student(context, stack, first_name, telegram_id or next(_numbers))

    yield make
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def query(stack: Stack) -> Callable[..., list[Any]]:
    """`query("SELECT ...", parameters)` on the running site's database."""

    def ask(sql: str, *parameters: object) -> list[Any]:
        with closing(sqlite3.connect(stack.data_dir / "studium.sqlite3", timeout=10)) as connection, connection:
            return connection.execute(sql, parameters).fetchall()

    return ask
