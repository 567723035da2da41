"""Play money is for development: on by itself there, absent in production, and refused when production asks for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SHOW = """
import json
from studium.core.app import create_app, load
from studium.core.migrator import Migrator
from studium.core.runtime import collect
settings, plugins = load()
Migrator(settings.core.data_dir, collect(plugins.hook.register_migrations)).migrate()
app = create_app()
with app.app_context():
    from studium.services.provider_registry import providers
    print(json.dumps([sorted(providers()), sum(rule.rule.startswith("/sandbox") for rule in app.url_map.iter_rules())]))
"""


def start(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """What a site with these settings has: its providers, and how many addresses of the sandbox."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("STUDIUM_")}
    environ |= {"STUDIUM_DATA_DIR": str(folder), "STUDIUM_SECRET_KEY": "k" * 40, "STUDIUM_ENTRY_POINTS": "false", **settings}
    return subprocess.run([sys.executable, "-c", SHOW], capture_output=True, text=True, timeout=60, check=False, env=environ)


@pytest.mark.slow
def test_in_development_it_is_on_without_any_setting(tmp_path: Path) -> None:
    names, addresses = json.loads(start(tmp_path).stdout.splitlines()[-1])
    assert "sandbox" in names
    assert addresses > 0


@pytest.mark.slow
def test_in_development_it_can_be_turned_off(tmp_path: Path) -> None:
    names, addresses = json.loads(start(tmp_path, STUDIUM_SANDBOX_ENABLED="false").stdout.splitlines()[-1])
    assert ("sandbox" in names, addresses) == (False, 0)


@pytest.mark.slow
def test_in_production_there_is_none(tmp_path: Path) -> None:
    names, addresses = json.loads(start(tmp_path, STUDIUM_ENV="production").stdout.splitlines()[-1])
    assert ("sandbox" in names, addresses) == (False, 0)


@pytest.mark.slow
def test_production_that_asks_for_it_does_not_start(tmp_path: Path) -> None:
    ended = start(tmp_path, STUDIUM_ENV="production", STUDIUM_SANDBOX_ENABLED="true")
    assert ended.returncode != 0
    assert "SettingsError: STUDIUM_SANDBOX_ENABLED=true, and STUDIUM_ENV is production" in ended.stderr
