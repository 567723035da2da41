"""Brings the data folder up to date for bin/dev: migrations, the example courses, the demo people. Skipped when nothing changed."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from environment import ROOT, Place, Refusal
from virtualenv import PYTHON

CHOICE = ("STUDIUM_PLUGINS", "STUDIUM_EXTRA_PLUGINS", "STUDIUM_ENTRY_POINTS", "PYTHONPATH")
WATCHED = ("core", "queue", "services", "plugins", "web", "examples")
RUN_COMMANDS = """
import json, sys
from studium.core.cli import studium
from studium.core.errors import StudiumError
try:
    for arguments in json.loads(sys.argv[1]):
        studium.main(arguments, prog_name="studium", standalone_mode=False)
except StudiumError as error:
    sys.exit(f"studium: {error}")
"""


def fill(place: Place, environ: Mapping[str, str]) -> None:
    """Migrate, and in development import the examples, make the demo people and enrol them; raises Refusal when one fails."""
    stamp = place.data_dir / "run" / "filled"
    if stamp.exists() and stamp.read_text() == _digest(place, environ):
        return
    commands = [["migrate"]]
    if environ.get("STUDIUM_ENV", "development") != "production":
        commands += [["course", "import", str(folder)] for folder in example_courses()]
        commands += [["users", "demo"], ["enrolments", "demo"]]
    filled = subprocess.run([str(PYTHON), "-P", "-c", RUN_COMMANDS, json.dumps(commands)], check=False,
                            env={"STUDIUM_LOG_LEVEL": "warning", **environ})
    if filled.returncode:
        raise Refusal("the data folder could not be brought up to date; the reason is above.")
    stamp.write_text(_digest(place, environ))


def example_courses() -> list[Path]:
    """Folders of the courses in examples/."""
    return sorted(path.parent for path in (ROOT / "examples").glob("*/course.yaml"))


def _digest(place: Place, environ: Mapping[str, str]) -> str:
    """Of what decides the filling: code, examples, the choice of plugins, and what the database says of its own state."""
    digest = hashlib.sha256(_applied_migrations(place).encode())
    digest.update("\0".join(environ.get(name, "") for name in CHOICE).encode())
    for path in _files():
        status = path.stat()
        digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _files() -> Iterator[Path]:
    for top in WATCHED:
        for folder, folders, names in os.walk(ROOT / top):
            folders[:] = sorted(name for name in folders if name != "__pycache__")
            yield from (Path(folder, name) for name in sorted(names))


def _applied_migrations(place: Place) -> str:
    path = place.data_dir / "studium.sqlite3"
    if not path.exists():
        return "no database"
    try:
        with closing(sqlite3.connect(path)) as connection:
            return str(sorted(connection.execute("SELECT version_num FROM alembic_version")))
    except sqlite3.Error as error:
        return f"unreadable: {error}"
