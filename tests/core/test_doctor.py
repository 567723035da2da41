"""`studium doctor` says of each thing whether it is well, what is wrong, and how to mend it, and never a secret."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import responses
from click.testing import CliRunner
from flask import Flask

from studium.core import doctor, doctor_checks
from studium.core.cli import studium
from studium.core.clock import now
from studium.core.database import transaction
from studium.core.entities import Heartbeat
from studium.core.findings import Finding
from studium.core.settings import Settings, load_core, load_settings

KEY = "doctor-key-" * 4
URL = "https://learn.example"


def settings(data_dir: Path, **environ: str) -> Settings:
    given = {"STUDIUM_DATA_DIR": str(data_dir), "STUDIUM_SECRET_KEY": KEY, **environ}
    return load_settings(load_core(given), [], given)


def worst(findings: object) -> Finding:
    found = list(findings)  # type: ignore[call-overload]
    assert found
    for finding in found:
        assert finding.level == "ok" or finding.fix, f"{finding} does not say how to mend it"
        assert KEY not in str(finding)
    return max(found, key=lambda finding: ("ok", "warning", "red").index(finding.level))


@pytest.mark.parametrize(("environ", "level", "word"), [
    ({}, "ok", "development"),
    ({"STUDIUM_ENV": "test"}, "red", "STUDIUM_ENV=production"),
    ({"STUDIUM_ENV": "production", "STUDIUM_PUBLIC_URL": URL, "STUDIUM_TRUSTED_PROXIES": "1"}, "ok", "production"),
    ({"STUDIUM_ENV": "production", "STUDIUM_TRUSTED_PROXIES": "1"}, "warning", "STUDIUM_PUBLIC_URL"),
    ({"STUDIUM_ENV": "production", "STUDIUM_PUBLIC_URL": "http://learn.example", "STUDIUM_TRUSTED_PROXIES": "1"}, "red", "https"),
    ({"STUDIUM_ENV": "production", "STUDIUM_PUBLIC_URL": URL}, "warning", "STUDIUM_TRUSTED_PROXIES"),
])
def test_settings_that_do_not_fit_together(tmp_path: Path, environ: dict[str, str], level: str, word: str) -> None:
    found = worst(doctor_checks.environment(settings(tmp_path, **environ)))
    assert found.level == level
    assert word in found.what + found.fix


def test_a_setting_that_cannot_be_read_is_red_and_ends_the_examination() -> None:
    report = doctor.examine({"STUDIUM_PORT": "many"})
    assert [(finding.name, finding.level) for finding in report.findings] == [("settings", "red")]
    assert "STUDIUM_PORT" in report.findings[0].what


def test_a_data_folder_that_is_not_there(tmp_path: Path) -> None:
    found = worst(doctor_checks.data_folder(settings(tmp_path / "none")))
    assert (found.level, found.fix) == ("red", "Make it, with its database: studium migrate")


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_data_folder_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    found = worst(doctor_checks.data_folder(settings(tmp_path)))
    tmp_path.chmod(0o700)
    assert (found.level, "chown" in found.fix) == ("red", True)


def test_a_key_that_others_can_read(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text(KEY)
    (tmp_path / "secret_key").chmod(0o644)
    found = worst(doctor_checks.data_folder(settings(tmp_path)))
    assert (found.level, "chmod 600" in found.fix) == ("red", True)


def test_a_data_folder_that_others_can_look_into_in_production(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert worst(doctor_checks.data_folder(settings(tmp_path, STUDIUM_ENV="production"))).level == "warning"
    tmp_path.chmod(0o750)
    assert worst(doctor_checks.data_folder(settings(tmp_path, STUDIUM_ENV="production"))).level == "ok"


@pytest.mark.parametrize(("free", "level"), [(10**8, "red"), (10**9, "warning"), (10**11, "ok")])
def test_a_disk_that_is_nearly_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, level: str) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _path: SimpleNamespace(free=free))
    assert worst(doctor_checks.disk(settings(tmp_path))).level == level


@pytest.mark.parametrize(("unsynchronised", "level"), [(True, "warning"), (False, "ok")])
def test_a_clock_that_nobody_sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unsynchronised: bool, level: str) -> None:
    monkeypatch.setattr(doctor_checks, "_unsynchronised", lambda: unsynchronised)
    assert worst(doctor_checks.clock(settings(tmp_path))).level == level


def test_a_database_that_is_missing_or_behind(tmp_path: Path) -> None:
    assert "studium migrate" in worst(doctor_checks.migrations(settings(tmp_path), [])).fix


@pytest.fixture
def in_app(app: Flask) -> Iterator[Settings]:
    with app.app_context():
        yield app.extensions["studium"].settings


def test_programs_that_do_not_run_are_named_with_what_starts_them(in_app: Settings) -> None:
    found = worst(doctor_checks.programs(in_app))
    assert found.level == "red"
    assert "worker:default is not running" in found.what
    assert "bin/ctl start" in found.fix


def test_a_clock_that_was_set_back_is_seen_by_the_heartbeats(in_app: Settings) -> None:
    with transaction():
        Heartbeat(program="late", pid=1, started_at=now(), seen_at=now() + timedelta(hours=1))
    assert any("set back" in finding.what for finding in doctor_checks.programs(in_app))


@pytest.mark.parametrize(("up", "cable", "name", "level"), [
    ({"json": {"status": "ok", "checks": {}}}, {"status": 426}, "public address", "ok"),
    ({"json": {"checks": {}}, "status": 503}, {"status": 426}, "public address", "ok"),
    ({"body": "Welcome to nginx!"}, {}, "public address", "red"),
    ({"status": 502}, {}, "public address", "red"),
    ({"json": {"checks": {}}}, {"status": 404}, "cable's address", "red"),
])
@responses.activate
def test_the_public_address(tmp_path: Path, up: dict[str, object], cable: dict[str, object], name: str, level: str) -> None:
    responses.get(f"{URL}/up", **up)  # type: ignore[arg-type]
    responses.get(f"{URL}/cable", **cable)  # type: ignore[arg-type]
    given = settings(tmp_path, STUDIUM_ENV="production", STUDIUM_PUBLIC_URL=URL)
    found = worst(doctor_checks.public_address(given))
    assert (found.name, found.level) == (name, level)


@responses.activate
def test_a_public_address_that_leads_nowhere(tmp_path: Path) -> None:
    given = settings(tmp_path, STUDIUM_ENV="production", STUDIUM_PUBLIC_URL=URL)
    found = worst(doctor_checks.public_address(given))
    assert (found.level, "ConnectionError" in found.what, "DNS" in found.fix) == ("red", True, True)


def test_the_whole_examination_runs_and_a_broken_check_stops_no_other(
    app: Flask, environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch,
) -> None:
    def breaks(_settings: Settings) -> list[Finding]:
        raise RuntimeError("oops")

    monkeypatch.setattr(doctor_checks, "BEFORE_THE_APP", (breaks,))
    broken = doctor.examine(environ)
    assert [finding.level for finding in broken.findings] == ["red", "ok"]
    assert "RuntimeError: oops" in broken.findings[0].what
    monkeypatch.undo()
    monkeypatch.setattr(doctor_checks, "BEFORE_THE_APP", (doctor_checks.disk,))
    whole = doctor.examine(environ)
    assert {"disk", "database", "programs"} <= {finding.name for finding in whole.findings}


@pytest.mark.parametrize(("level", "code"), [("ok", 0), ("warning", 0), ("red", 1)])
def test_the_command_prints_each_finding_with_its_fix_and_ends_with_1_on_red(
    monkeypatch: pytest.MonkeyPatch, level: str, code: int,
) -> None:
    report = doctor.Report((Finding("disk", "ok", "is well"), Finding("clock", level, "ticks", "wind it up")))  # type: ignore[arg-type]
    monkeypatch.setattr(doctor, "examine", lambda _environ: report)
    done = CliRunner().invoke(studium, ["doctor"])
    assert done.exit_code == code
    assert "OK      disk: is well\n" in done.output
    assert "-> wind it up" in done.output
