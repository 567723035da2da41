"""The site on loopback while the kit runs: for rigs whose simulator is a blueprint of it, and for webhooks as they come over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from studium.testing.providers.rig import Site

HOST = "127.0.0.1"


class _Quiet(WSGIRequestHandler):
    """Writes no access log."""

    def log(self, type: str, message: str, *args: object) -> None:
        """Nothing."""


@contextmanager
def serving(app: Flask, folder: Path) -> Iterator[Site]:
    """The app at a free port, in threads of this process."""
    server = make_server(HOST, 0, app, threaded=True, request_handler=_Quiet)
    server.daemon_threads = True  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="conformance site", daemon=True)
    thread.start()
    try:
        yield Site(app, f"http://{HOST}:{server.server_port}", folder)
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


def make_site(folder: Path, plugins: Sequence[str]) -> Flask:
    """A new site in a folder, with its database, all first-party plugins and these."""
    from studium.core.app import create_app, load
    from studium.core.migrator import Migrator
    from studium.core.runtime import collect

    environ = {
        "STUDIUM_ENV": "test", "STUDIUM_DATA_DIR": str(folder), "STUDIUM_SECRET_KEY": "conformance-" * 4, "STUDIUM_LOG_LEVEL": "warning",
        "STUDIUM_EXTRA_PLUGINS": ",".join(plugins), "STUDIUM_ENTRY_POINTS": "false",
    }
    settings, loaded = load(environ)
    Migrator(settings.core.data_dir, collect(loaded.hook.register_migrations)).migrate()
    return create_app(environ, program="web")
