"""The kit as an integrator runs it: `pytest --provider-rig ...` in a folder of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

PLUGIN = "studium.testing.provider_plugin"
UNDER_TEST = Path(__file__).parents[1] / "plugins_under_test"
MINE = """
from broken_shop import broken
Rig = broken("one-sided-clock")
Fine = broken("")
"""
LIGHT = """
import sys

def test_it():
    assert not [name for name in sys.modules if name.startswith(("studium.core", "studium.services"))]
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "my_rig.py").write_text(MINE)
    loaded = any(point.value == PLUGIN for point in entry_points(group="pytest11"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *([] if loaded else ["-p", PLUGIN]), *arguments]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("STUDIUM_", "PYTEST_"))}
    environ["PYTHONPATH"] = str(UNDER_TEST)
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False, env=environ)


@pytest.mark.slow
def test_a_broken_provider_fails_and_the_report_says_which_rule(tmp_path: Path) -> None:
    ended = run(tmp_path, "--provider-rig", "my_rig:Rig", "--provider-rule", "webhooks", "--provider-report", "out.json")
    assert ended.returncode == 1, ended.stdout
    assert "Broken rule webhook-future: A webhook from the future is refused too" in ended.stdout
    assert "docs/provider-conformance.md#webhook-future" in ended.stdout
    assert "webhook-source: not applicable: the provider has not: source" in ended.stdout
    report = json.loads((tmp_path / "out.json").read_text())
    assert (report["provider"], report["passed"], report["broken"], report["not_applicable"]) == ("sandbox", False, 1, 1)
    assert {found["rule"]: found["outcome"] for found in report["rules"]}["webhook-future"] == "broken"


@pytest.mark.slow
def test_a_whole_run_passes_and_is_quick(tmp_path: Path) -> None:
    ended = run(tmp_path, "--provider-rig", "my_rig:Fine", "--provider-report", "out.json", "-n", "2")
    assert ended.returncode == 0, ended.stdout
    report = json.loads((tmp_path / "out.json").read_text())
    assert report["passed"]
    assert report["kept"] > 80
    assert report["kept"] + report["not_applicable"] == len(report["rules"])


@pytest.mark.slow
@pytest.mark.parametrize(("arguments", "words"), [
    (("--provider-rig", "my_rig:Nothing"), "Write it as MODULE:CLASS"),
    (("--provider-rig", "no_such_module:Rig"), "Write it as MODULE:CLASS"),
    (("--provider-rig", "my_rig:broken"), "is no subclass of studium.testing.providers.ProviderRig"),
    (("--provider-rig", "my_rig:Fine", "--provider-rule", "webhoks"), "there is no rule and no chapter webhoks"),
], ids=["name", "module", "no rig", "rule"])
def test_a_wrong_option_is_explained(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    ended = run(tmp_path, *arguments)
    assert ended.returncode not in (0, 1)
    assert words in ended.stdout + ended.stderr


@pytest.mark.slow
def test_without_the_option_nothing_of_studium_is_imported(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text(LIGHT)
    assert run(tmp_path).returncode == 0
