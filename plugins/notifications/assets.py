"""The scripts and sheets of this plugin, which every page loads. Their addresses carry one version, so that browsers keep them a year."""

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
    """A hash over all of them, made once a process."""
    digest = hashlib.sha256()
    for path in sorted(STATIC.iterdir()):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def address(filename: str) -> str:
    """The address of one of them."""
    return url_for("notifications.static", version=assets_version(), filename=filename)


def show(version: str, filename: str) -> Response:
    """One of them; under another version, and in development, browsers ask again."""
    response = send_from_directory(STATIC, filename, conditional=True, max_age=0)
    kept = version == assets_version() and runtime().settings.core.env != "development"
    response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable" if kept else "no-cache"
    return response
