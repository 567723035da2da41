"""What must not be in the repository: where it was made, and which mirrors it was installed from."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FORBIDDEN = re.compile("|".join([
    r"(?<![\w.<>/-])/(?:work|root|home)/\w",  # folders of one machine
    r"python" r"hosted", r"pypi\.org/simple", r"registry\.npmjs", r"deb\.debian\.org",  # package indexes
    r"BEGIN [A-Z ]*PRIVATE KEY",
]))
THIS = Path(__file__).relative_to(ROOT).as_posix()


def test_no_tracked_file_names_a_machine_or_a_package_index() -> None:
    found = [f"{name}:{number}: {line.strip()[:100]}" for name in tracked() if name != THIS
             for number, line in enumerate(text_of(ROOT / name).splitlines(), 1) if FORBIDDEN.search(line)]
    assert found == []


@pytest.mark.parametrize("text", ["see /wo" + "rk/main", "cd /ho" + "me/anna", "https://files.python" + "hosted.org/x"])
def test_the_pattern_finds_what_it_is_for(text: str) -> None:
    assert FORBIDDEN.search(text)


def test_nothing_that_is_made_by_running_is_tracked() -> None:
    made = ("data/", "build/", "dist/", ".venv/", "screenshots/")
    assert [name for name in tracked() if name.startswith(made) or name.endswith((".pyc", ".sqlite3", ".log"))] == []


def tracked() -> list[str]:
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("this is no git work tree")
    asked = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True,
                           text=True, check=True)
    return [name for name in asked.stdout.split("\0") if name and (ROOT / name).is_file()]


def text_of(path: Path) -> str:
    """The file's text; nothing for films, pictures and the like."""
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return ""
