"""Makes the Flask app of one process out of settings and plugins."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pluggy
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from studium.core import database, health
from studium.core.errors import init_errors, init_unavailable
from studium.core.gates import init_gates
from studium.core.logs import init_logs, init_request_ids
from studium.core.loopback import init_loopback
from studium.core.plugins import load_plugins
from studium.core.production import refuse_app_in_production, refuse_in_production
from studium.core.relative_redirects import init_relative_redirects
from studium.core.runtime import EXTENSION, Runtime, collect
from studium.core.settings import Settings, load_core, load_settings

PROGRAMS_WITH_PAGES = ("web", "cli")


def load(environ: Mapping[str, str] | None = None) -> tuple[Settings, pluggy.PluginManager]:
    """Read the settings from the environment and load the plugins; raises SettingsError or PluginError."""
    environ = os.environ if environ is None else environ
    core = load_core(environ)
    refuse_in_production(core, environ)
    plugins = load_plugins(core)
    settings = load_settings(core, collect(plugins.hook.register_settings), environ)
    return settings, plugins


def create_app(environ: Mapping[str, str] | None = None, *, program: str = "web") -> Flask:
    """The app of one process; `program` is web, cable, worker or cli. Binds the database, which must be migrated.

    Raises SettingsError, PluginError or DatabaseError, each saying what to do.
    """
    settings, plugins = load(environ)
    init_logs(settings.core.log_level if program != "cli" else "warning", program)  # people read what the command line prints
    app = Flask("studium", static_folder=None, root_path=str(Path(__file__).parent))
    app.extensions[EXTENSION] = Runtime(settings, plugins, program)
    _configure(app, settings)
    collect(plugins.hook.register_entities)  # a plugin that is asked has imported its entities, which puts them into the mapping
    database.bind(settings.core.data_dir, settings.core.synchronous)
    init_request_ids(app)
    init_errors(app)
    init_unavailable(app, database.UNAVAILABLE)
    init_loopback(app, settings.core)
    init_relative_redirects(app)
    init_gates(app)
    if program in PROGRAMS_WITH_PAGES:
        from studium.core.csrf import init_csrf  # with WTForms and Babel, 10 MB, which programs without pages need not carry

        init_csrf(app)
    app.register_blueprint(health.blueprint)
    with app.app_context():
        if program in PROGRAMS_WITH_PAGES:
            for blueprint in collect(plugins.hook.register_blueprints):
                app.register_blueprint(blueprint)
        plugins.hook.app_created(app=app)
    refuse_app_in_production(app, settings.core)
    return app


def _configure(app: Flask, settings: Settings) -> None:
    production = settings.core.env == "production"
    app.config.update(
        SECRET_KEY=settings.secret,
        TESTING=settings.core.env == "test",
        MAX_CONTENT_LENGTH=settings.core.max_request_bytes,
        SESSION_COOKIE_NAME="__Host-studium_browser" if production else "studium_browser",  # no sibling subdomain can plant one
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=production,
    )
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    if settings.core.trusted_proxies:
        hops = settings.core.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]

