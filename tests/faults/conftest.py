"""A stack on which only the queue and the plugins under test run, for tests that kill single programs of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.recorder import RECORD_CHANGES
from tests.faults.stack import Stack, running_stack
from tests.faults.storm import start_asker


@pytest.fixture
def jobs(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stack]:
    """The queue alone, with an asker and every change recorded; a parameter of the test adds settings."""
    plugins = {"STUDIUM_PLUGINS": "studium.queue.plugin", "STUDIUM_EXTRA_PLUGINS": "chores"}
    with running_stack(tmp_path, **plugins | getattr(request, "param", {})) as stack:
        stack.script(RECORD_CHANGES)
        start_asker(stack)
        yield stack
