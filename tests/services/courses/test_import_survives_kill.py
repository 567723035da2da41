"""A process killed at any line of an import leaves the old course or the new one, and the next import completes it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from studium.core.app import load
from studium.core.migrator import Migrator
from studium.core.runtime import collect

pytestmark = pytest.mark.slow

# Counts the lines run in the modules that import, and dies by SIGKILL at the given one; prints the count when it lives.
IMPORTER = """
import os, signal, sys
from pathlib import Path
from studium.core.app import create_app
from studium.services.courses.apply import import_course
from studium.services.courses.folder import read_course
from studium.services.courses.store import media_store

folder, last = Path(sys.argv[1]), int(sys.argv[2])
seen = 0

def trace(frame, event, argument):
    global seen
    if not frame.f_code.co_filename.endswith(("courses/apply.py", "courses/store.py", "core/database.py")):
        return None
    if event == "line":
        seen += 1
        if seen == last:
            os.kill(os.getpid(), signal.SIGKILL)
    return trace

with create_app(program="cli").app_context():
    source, report = read_course(folder)
    sys.settrace(trace)
    import_course(source, media_store())
    sys.settrace(None)
    print(seen)
"""


@pytest.fixture
def environ(tmp_path: Path) -> Mapping[str, str]:
    """A migrated data folder of its own."""
    found = {
        "STUDIUM_ENV": "test",
        "STUDIUM_DATA_DIR": str(tmp_path / "data"),
        "STUDIUM_SECRET_KEY": "test-key-" * 5,
        "STUDIUM_PLUGINS": "studium.queue.plugin,studium.services.plugin",
        "STUDIUM_ENTRY_POINTS": "false",
        "STUDIUM_LOG_LEVEL": "error",
    }
    settings, plugins = load(found)
    Migrator(settings.core.data_dir, collect(plugins.hook.register_migrations)).migrate()
    return found


def _run(folder: Path, environ: Mapping[str, str], last_line: int = 0) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", IMPORTER, str(folder), str(last_line)],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def _state(environ: Mapping[str, str]) -> tuple[str, int, int]:
    """The course's title, its lessons on offer and its files on offer; every offered file must be whole."""
    data = Path(environ["STUDIUM_DATA_DIR"])
    database = sqlite3.connect(data / "studium.sqlite3")
    try:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        titles = database.execute("SELECT texts FROM course").fetchall()
        lessons = database.execute("SELECT count(*) FROM lesson WHERE NOT archived").fetchone()[0]
        files = database.execute("SELECT sha256, size FROM asset WHERE NOT archived").fetchall()
    finally:
        database.close()
    for sha256, size in files:
        assert (data / "media" / sha256[:2] / sha256).stat().st_size == size
    return ("Green" if "Green tea" in str(titles) else "Tea" if titles else ""), lessons, len(files)


@pytest.mark.parametrize(
    "last_lines",
    [
        pytest.param((45, 200), id="two lines"),
        pytest.param(range(1, 380, 9), id="every ninth line", marks=pytest.mark.faults),
    ],
)
def test_killed_import_leaves_the_old_course_or_the_new_one(
    course: Callable[..., Path],
    edit: Callable[[str, str, str], Path],
    environ: Mapping[str, str],
    last_lines: Sequence[int],
) -> None:
    assert _run(course(), environ).returncode == 0
    old = _state(environ)
    edit("course.yaml", "en: Tea,", "en: Green tea,")
    folder = course(
        {
            "10-start/leaf.jpg": b"another leaf",
            "10-start/30-cup.ru.md": "Чашка.",
            "10-start/30-cup.md": "---\nid: cup\ntitle: {en: Cup, ru: Чашка}\n---\nA cup.",
        }
    )
    new = ("Green", old[1] + 1, old[2])

    for last_line in last_lines:
        killed = _run(folder, environ, last_line)
        assert killed.returncode in (-signal.SIGKILL, 0), killed.stderr
        assert _state(environ) in (old, new), f"half imported after a kill at line {last_line}"
    completed = _run(folder, environ)
    assert completed.returncode == 0, completed.stderr
    assert _state(environ) == new
    print(f"lines of a whole import: {completed.stdout}")
