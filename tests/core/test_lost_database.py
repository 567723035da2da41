"""A database file that is replaced under a running process is noticed before anything is acknowledged, and /up says so.

Each in a process and a folder of its own: SQLite cannot survive it (sqlite.org/howtocorrupt, 4.2), and neither would later tests.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

BEGIN = """
import os, shutil
from studium.core.app import create_app, load
from studium.core.database import DATABASE_FILE, transaction
from studium.core.entities import Heartbeat
from studium.core.errors import DatabaseError
from studium.core.health import beat_heart
from studium.core.migrator import Migrator
from studium.core.runtime import collect

settings, plugins = load(os.environ)
path = settings.core.data_dir / DATABASE_FILE
other = settings.core.data_dir / "other"
for folder in (settings.core.data_dir, other):
    Migrator(folder, collect(plugins.hook.register_migrations)).migrate()
app = create_app(os.environ)
client = app.test_client()

def told():
    answer = client.get("/up")
    return f"{answer.status_code} {answer.get_json()['checks']['database']}"

def write():
    with app.app_context():
        try:
            beat_heart("ghost")
        except DatabaseError as error:
            return str(error)
    return "written"

print(write())
"""
REPLACE = "os.link(path, path.with_suffix('.kept')); (other / DATABASE_FILE).replace(path)\n"
DELETE = "path.unlink()\n"


def run(tmp_path: Path, code: str) -> list[str]:
    """The lines that the code prints in a process with a new database."""
    environ = {"STUDIUM_DATA_DIR": str(tmp_path), "STUDIUM_ENV": "test", "STUDIUM_ENTRY_POINTS": "false", "STUDIUM_LOG_LEVEL": "error"}
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + code],
        env=environ | {"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("lose", [REPLACE, DELETE])
def test_nothing_is_written_to_a_file_that_has_no_name_any_more_and_up_says_so(tmp_path, lose):
    before, write, up = run(tmp_path, lose + "print(write()); print(told())")
    assert before == "written"
    assert "was replaced while this process runs" in write
    assert up.startswith("503 ")
    assert "was replaced" in up


def test_with_the_file_back_all_is_well(tmp_path):
    back = "print(write()[:3]); path.with_suffix('.kept').replace(path); print(write()); print(told()[4:])"
    assert run(tmp_path, REPLACE + back)[2:] == ["written", "ok"]
