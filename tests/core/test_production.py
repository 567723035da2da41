"""Production does not start with what would let strangers in, and its cookies and headers are for https alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from studium.core.errors import SettingsError
from studium.core.production import development_only, refuse_app_in_production, refuse_in_production
from studium.core.settings import load_core

pytestmark = pytest.mark.slow

PRODUCTION = {"STUDIUM_ENV": "production", "STUDIUM_SECRET_KEY": "p" * 40}


@pytest.mark.parametrize(("given", "told"), [
    ({"FLASK_DEBUG": "1"}, "FLASK_DEBUG"),
    ({"FLASK_DEBUG": "true"}, "Unset FLASK_DEBUG"),
    ({"STUDIUM_EXTRA_PLUGINS": "studium.testing.simulators"}, "studium.testing.simulators plays"),
    ({"STUDIUM_PLUGINS": "studium.web,studium.testing"}, "studium.testing plays"),
])
def test_a_debugger_or_a_simulator_stops_the_start(tmp_path: Path, given: dict[str, str], told: str) -> None:
    environ = {**PRODUCTION, "STUDIUM_DATA_DIR": str(tmp_path), **given}
    with pytest.raises(SettingsError, match=told):
        refuse_in_production(load_core(environ), environ)
    for env in ("development", "test"):
        elsewhere = environ | {"STUDIUM_ENV": env}
        refuse_in_production(load_core(elsewhere), elsewhere)


@pytest.mark.parametrize("given", [{"FLASK_DEBUG": "0"}, {"FLASK_DEBUG": ""}, {"FLASK_DEBUG": "False"},
                                   {"STUDIUM_EXTRA_PLUGINS": "studium.testing_school"}])
def test_what_only_looks_like_it_does_not(tmp_path: Path, given: dict[str, str]) -> None:
    environ = {**PRODUCTION, "STUDIUM_DATA_DIR": str(tmp_path), **given}
    refuse_in_production(load_core(environ), environ)


def test_production_without_the_setting_loads_no_simulator(tmp_path: Path) -> None:
    core = load_core({**PRODUCTION, "STUDIUM_DATA_DIR": str(tmp_path)})
    assert [name for name in core.plugins if "testing" in name] == []


def test_a_view_for_development_only_stops_the_start(tmp_path: Path) -> None:
    core = load_core({**PRODUCTION, "STUDIUM_DATA_DIR": str(tmp_path)})
    app = Flask("school")
    refuse_app_in_production(app, core)
    app.add_url_rule("/let-me-in", "door", development_only(lambda: ""))
    with pytest.raises(SettingsError, match="/let-me-in is for development only"):
        refuse_app_in_production(app, core)
    refuse_app_in_production(app, load_core({"STUDIUM_DATA_DIR": str(tmp_path)}))


def test_an_app_in_debug_mode_stops_the_start(tmp_path: Path) -> None:
    app = Flask("school")
    app.debug = True
    with pytest.raises(SettingsError, match="debug"):
        refuse_app_in_production(app, load_core({**PRODUCTION, "STUDIUM_DATA_DIR": str(tmp_path)}))


def test_the_sign_in_without_proof_is_marked(app: Flask) -> None:
    assert getattr(app.view_functions["auth_development.sign_in_as"], "development_only", False)


SITE = """
import os
from studium.core.app import create_app, load
from studium.core.migrator import Migrator
from studium.core.runtime import collect
settings, plugins = load(os.environ)
Migrator(settings.core.data_dir, collect(plugins.hook.register_migrations)).migrate()
app = create_app(os.environ)
client = app.test_client()
page = client.get("/login", base_url="https://school.example")
print(page.status_code, page.headers["Strict-Transport-Security"])
print(sorted(app.test_client().get("/api/v1/session", base_url="https://school.example").headers["Set-Cookie"].split("; ")[1:]))
print("Strict-Transport-Security" in client.get("/login", base_url="http://school.example").headers)
from studium.services.sign_in import ExternalIdentity, sign_in
with app.test_request_context("/", base_url="https://school.example"):
    cookie = sign_in(ExternalIdentity(7, "Anna"), "test", "/dashboard").headers["Set-Cookie"]
print(sorted(part for part in cookie.split("; ") if part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/")), "Domain" in cookie)
print([rule.rule for rule in app.url_map.iter_rules() if "simulator" in rule.rule or rule.rule == "/auth/dev"])
"""


def test_cookies_and_headers_of_production_are_for_https_alone(tmp_path: Path) -> None:
    environ = {**PRODUCTION, "STUDIUM_DATA_DIR": str(tmp_path), "STUDIUM_ENTRY_POINTS": "false", "STUDIUM_LOG_LEVEL": "error",
               "PATH": os.environ["PATH"]}
    done = subprocess.run([sys.executable, "-c", SITE], env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.splitlines() == [
        "200 max-age=31536000", "['HttpOnly', 'Path=/', 'SameSite=Lax', 'Secure']", "False",
        "['HttpOnly', 'Path=/', 'SameSite=Lax', 'Secure'] False", "[]",
    ], done.stderr
