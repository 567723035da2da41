"""Builds the wheel from what the repository holds, installs it in a fresh virtual environment, and uses it from there."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from environment import ROOT, Refusal
from virtualenv import PYTHON

LISTED = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
UNPACKED = (".md", ".cfg")  # for people and tools in the repository
USE = """
import sys, importlib.util, pathlib
import studium.queue.jobs, queue
assert "site-packages" in studium.queue.jobs.__file__, studium.queue.jobs.__file__
assert "site-packages" not in queue.__file__, queue.__file__
from studium.core.app import create_app
client = create_app(program="web").test_client()
for path, status in (("/up", 503), ("/", 200), ("/login", 200), ("/nowhere", 404)):
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code, answer.get_data(as_text=True)[:2000])
assert "<html" in client.get("/").get_data(as_text=True)
assert client.get("/up").get_json()["checks"]["database"] == "ok"
print("pages render from the wheel")
"""


def check(output: TextIO) -> None:
    """Write what the tools say to `output`; raises Refusal with what is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        _copy_tree(place / "tree")
        _call([str(PYTHON), "-I", "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(place), str(place / "tree")], place, output)
        wheel = next(place.glob("*.whl"))
        _refuse_missing_files(wheel, place / "tree")
        _call([str(PYTHON), "-I", "-m", "venv", str(place / "venv")], place, output)
        binaries = place / "venv" / "bin"
        _call([str(binaries / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", "-c", str(ROOT / "constraints.txt"),
               str(wheel)], place, output)
        for command in (["studium", "--version"], ["studium", "settings"], ["studium", "migrate"], ["studium", "users", "demo"],
                        ["studium", "new-provider", "acme-pay"], ["python", "-I", "-c", USE]):
            _call([str(binaries / command[0]), *command[1:]], place, output)
        output.write("the wheel works in a fresh environment\n")


def _copy_tree(target: Path) -> None:
    """What git tracks or would track: neither caches nor what an earlier build left in build/."""
    if not (ROOT / ".git").exists():
        raise Refusal("the wheel is built from what git tracks, and this is no git work tree")
    for name in filter(None, os.fsdecode(subprocess.run(LISTED, cwd=ROOT, capture_output=True, check=True).stdout).split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def _refuse_missing_files(wheel: Path, tree: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    folders = ("core", "queue", "services", "plugins", "web", "testing")
    expected = {f"studium/{path.relative_to(tree)}" for folder in folders for path in (tree / folder).rglob("*")
                if path.is_file() and path.suffix not in UNPACKED}
    if missing := sorted(expected - packed):
        raise Refusal(f"the wheel lacks {len(missing)} files that pyproject.toml names neither in packages nor in package-data: "
                      f"{', '.join(missing[:10])}")


def _call(command: Sequence[str], place: Path, output: TextIO) -> None:
    """Run it in an empty folder with a data folder of its own, so that nothing of the work tree can help."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("STUDIUM_", "PYTHON"))}
    environ["STUDIUM_DATA_DIR"] = str(place / "data")
    done = subprocess.run(command, cwd=place, env=environ, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        shown = " ".join((Path(command[0]).name, *command[1:]))
        raise Refusal(f"this failed in a fresh environment: {shown[:150]}")
