"""bin/dev brings the data folder up to date once, and again when other plugins are chosen; they may lie on PYTHONPATH."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import filling
import pytest
from environment import Place

Runs = list[tuple[list[str], dict[str, str]]]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A data folder with nothing in it."""
    found = Place(tmp_path / "data", "127.0.0.1", 1, 2)
    found.make_folders()
    return found


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    """The programs that were run, each with its environment; they only seem to succeed."""
    seen: Runs = []

    def run(command: list[str], *, env: dict[str, str], **_options: Any) -> subprocess.CompletedProcess[str]:
        seen.append((command, env))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(filling.subprocess, "run", run)
    return seen


def test_it_fills_once_and_again_for_other_plugins(place: Place, runs: Runs) -> None:
    filling.fill(place, {})
    filling.fill(place, {"STUDIUM_PORT": "8100"})
    assert len(runs) == 1
    filling.fill(place, {"STUDIUM_EXTRA_PLUGINS": "study_plan"})
    assert len(runs) == 2, "its migrations would be missing"


def test_a_plugin_may_lie_on_pythonpath(place: Place, runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "study_plan.py").write_text("print('found')")
    filling.fill(place, {"PYTHONPATH": str(tmp_path), "PATH": os.environ["PATH"]})
    [(command, environ)] = runs
    monkeypatch.undo()
    flags = command[: command.index("-c")]
    assert subprocess.run([*flags, "-c", "import study_plan"], env=environ, capture_output=True, text=True, check=True).stdout == "found\n"
