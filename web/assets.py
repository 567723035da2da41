"""Static files. Their addresses carry one version for all of them, so scripts that import each other stay together."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Response, send_from_directory, url_for

from studium.core.runtime import runtime

STATIC = Path(__file__).parent / "static"
YEAR = 365 * 24 * 3600


@cache
def assets_version() -> str:
    """A hash over all static files, made once a process."""
    digest = hashlib.sha256()
    for path in sorted(STATIC.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(STATIC).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def asset(name: str) -> str:
    """The address of a static file."""
    return url_for("web.static", version=assets_version(), name=name)


def show(version: str, name: str) -> Response:
    """A static file: kept for a year under its own version, asked again under another one or in development."""
    response = send_from_directory(STATIC, name, conditional=True, max_age=0)
    if version == assets_version() and runtime().settings.core.env != "development":
        response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    else:
        response.headers["Cache-Control"] = "no-cache"
    return response


def favicon() -> Response:
    """The icon, for browsers that ask at the old address."""
    return send_from_directory(STATIC, "favicon.svg", mimetype="image/svg+xml", max_age=86400)
