"""The command line says in one sentence what is wrong, and ends with 1."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from studium.core.cli import main

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def studium(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """`studium("migrate", STUDIUM_PORT="1")` runs a command that binds no database, in this process: (exit code, out, err)."""

    def do(*words: str, **environ: str) -> tuple[int, str, str]:
        defaults = {"STUDIUM_DATA_DIR": str(tmp_path / "data"), "STUDIUM_SECRET_KEY": "k" * 40, "STUDIUM_ENTRY_POINTS": "false"}
        for name, value in (defaults | environ).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["studium", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return do


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"STUDIUM_PROT": "1"}, "STUDIUM_PROT is not a setting"),
        ({"STUDIUM_PORT": "x"}, "STUDIUM_PORT='x'"),
        ({"STUDIUM_EXTRA_PLUGINS": "nowhere"}, "Plugin nowhere cannot be loaded"),
        ({"STUDIUM_SECRET_KEY": "short"}, "STUDIUM_SECRET_KEY"),
    ],
)
@pytest.mark.parametrize("command", ["settings", "migrate", "users"])
def test_a_wrong_setting_is_one_sentence_and_exit_1(studium, environ, said, command):
    code, out, err = studium(command, **environ)
    assert (code, out) == (1, "")
    assert err.startswith("studium: ")
    assert said in err
    assert "Traceback" not in err
    assert len(err.splitlines()) == 1


def test_settings_lists_every_setting_and_hides_secrets(studium):
    code, out, _err = studium("settings", STUDIUM_PORT="8123")
    assert code == 0
    assert "STUDIUM_PORT=8123\n    port of the site" in out
    assert "STUDIUM_SECRET_KEY=(secret)" in out
    assert "k" * 40 not in out
    for name in ("STUDIUM_QUEUE_LEASE_SECONDS", "STUDIUM_CABLE_PING_SECONDS", "STUDIUM_AUTH_IDLE_DAYS"):
        assert f"{name}=" in out


def test_migrate_status_and_rollback_tell_what_they_do(studium):
    assert "pending  core_0001" in studium("migrations", "status")[1]
    code, out, _err = studium("migrate")
    assert (code, "applied core_0001" in out, "applied progress_0001" in out) == (0, True, True)
    assert studium("migrate")[1] == "The database is up to date.\n"
    assert "pending" not in studium("migrations", "status")[1]
    code, out, _err = studium("rollback", "progress")
    told, copy = out.splitlines()
    assert (code, told.split("  ")[0]) == (0, "took back progress_0002")
    assert copy.startswith("The database as it was: ")
    assert Path(copy.removeprefix("The database as it was: ")).exists()
    assert "pending  progress_0002" in studium("migrations", "status")[1]


def test_a_rollback_of_nothing_is_refused_clearly(studium):
    code, _out, err = studium("rollback", "bakery")
    assert code == 1
    assert err.startswith("studium: No migration of 'bakery' is applied.")


@pytest.mark.parametrize("words", [("migrate",), ("migrations", "status"), ("rollback", "auth")])
def test_a_database_that_cannot_be_read_is_told_with_its_place(studium, tmp_path, words):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "studium.sqlite3").write_text("text, not a database" * 100)
    code, _out, err = studium(*words)
    assert code == 1
    assert err.startswith("studium: ")
    assert "studium.sqlite3 cannot be read: file is not a database" in err


def test_an_unknown_command_is_refused(studium):
    code, _out, err = studium("fly")
    assert code == 2
    assert "No such command 'fly'" in err


def test_help_lists_commands_of_the_core_and_of_plugins(studium):
    code, out, _err = studium("--help")
    assert code == 0
    for command in ("migrate", "settings", "users", "worker", "course"):
        assert f"\n  {command} " in out


def test_the_version_is_told(studium):
    assert "version" in studium("--version")[1]


@pytest.mark.slow
@pytest.mark.parametrize("spoil", ["", "text, not a database"])
def test_without_a_usable_database_a_plugins_command_says_what_to_do(tmp_path, spoil):
    """In a process of its own, since it would bind the database."""
    if spoil:
        (tmp_path / "studium.sqlite3").write_text(spoil * 100)
    environ = {"STUDIUM_DATA_DIR": str(tmp_path), "PATH": os.environ["PATH"], "STUDIUM_ENTRY_POINTS": "false"}
    done = subprocess.run(
        [sys.executable, "-c", "from studium.core.cli import main; main()", "users", "demo"],
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("studium: ")
    assert "studium migrate" in done.stderr
    assert len(done.stderr.splitlines()) == 1
