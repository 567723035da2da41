"""bin/setup and its like install once, again when something changed, and say what is missing."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
import virtualenv
from environment import Refusal


@pytest.fixture
def installs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """A repository of its own whose installer only notes what it was asked for; the virtual environment is real."""
    asked: list[list[str]] = []
    for name in virtualenv.REASONS:
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(virtualenv, "ROOT", tmp_path)
    monkeypatch.setattr(virtualenv, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(virtualenv, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(virtualenv, "STAMP", tmp_path / ".venv" / "installed.json")
    monkeypatch.setattr(virtualenv, "_install", asked.append)
    monkeypatch.setattr(virtualenv, "MAKE", (sys.executable, "-m", "venv", "--without-pip"))
    return asked


def test_it_installs_once_and_again_when_the_pins_change(installs: list[list[str]]) -> None:
    virtualenv.prepare()
    virtualenv.prepare()
    assert installs == [[]]
    (virtualenv.ROOT / "constraints.txt").write_text("other pins")
    virtualenv.prepare()
    assert installs == [[], []]


def test_what_the_tests_need_is_added_once_and_stays(installs: list[list[str]]) -> None:
    virtualenv.prepare()
    virtualenv.prepare("dev")
    virtualenv.prepare("dev")
    virtualenv.prepare()
    assert installs == [[], ["dev"]]
    (virtualenv.ROOT / "pyproject.toml").write_text("another package")
    virtualenv.prepare()
    assert installs == [[], ["dev"], ["dev"]], "bin/dev must not take away what bin/verify installed"


def test_an_environment_that_was_moved_here_is_made_anew(installs: list[list[str]]) -> None:
    virtualenv.prepare()
    script = virtualenv.VENV / "bin" / "activate"
    script.write_text(script.read_text().replace(str(virtualenv.VENV), "/elsewhere/.venv"))
    virtualenv.prepare()
    assert installs == [[], []]
    assert str(virtualenv.VENV) in script.read_text()


def test_a_python_without_venv_is_told_which_package_to_install(installs: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ensurepip" else object())
    with pytest.raises(Refusal, match=rf"apt install python{sys.version_info.major}\.{sys.version_info.minor}-venv"):
        virtualenv.prepare()
    assert installs == []
