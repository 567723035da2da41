"""The folder queue/ must never take the place of the standard module `queue`, from wherever Python is started."""

from __future__ import annotations

import queue
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ASK = "import queue, studium.queue.jobs; print(queue.SimpleQueue.__module__, studium.queue.jobs.__name__)"
AS_GUNICORN = f"import sys; sys.path.insert(0, {str(ROOT)!r}); {ASK}"


@pytest.mark.parametrize("folder", ["queue", "tests/queue"])
def test_the_folder_is_no_regular_package(folder: str) -> None:
    assert (ROOT / folder).is_dir()
    assert not (ROOT / folder / "__init__.py").exists(), f"{folder}/__init__.py would hide the standard module queue"


def test_under_pytest_queue_is_the_standard_module() -> None:
    assert queue.SimpleQueue.__module__ == "_queue"


@pytest.mark.parametrize("arguments", [["-c", ASK], ["-c", AS_GUNICORN], ["-m", "pytest", "--version"]],
                         ids=["working directory", "gunicorn", "python -m"])
@pytest.mark.slow
def test_from_the_repository_root_queue_is_the_standard_module(arguments: list[str]) -> None:
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in ("_queue studium.queue.jobs", "") or done.stdout.startswith("pytest")
