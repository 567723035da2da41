"""Runs pytest with the conformance kit in a package's folder, as its author does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path

PLUGIN = "studium.testing.provider_plugin"


def run_kit(folder: Path, *arguments: str, python: str = sys.executable, seconds: float = 200) -> subprocess.CompletedProcess[str]:
    """Output and exit code."""
    loaded = any(point.value == PLUGIN for point in entry_points(group="pytest11"))
    command = [python, "-m", "pytest", "-p", "no:cacheprovider", *([] if loaded else ["-p", PLUGIN]), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False, env=clean_environ())


def clean_environ(**added: str) -> Mapping[str, str]:
    """The environment without what this run of pytest and this site put there."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("STUDIUM_", "PYTEST_", "PYTHON"))} | added
