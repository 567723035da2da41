"""A mark of everything that makes pages besides their data: code, templates, texts, static files, libraries and settings.

What is made ready and shared between processes carries it in its key, so that no process shows what another release has made.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import cast

from flask import Flask, current_app

from studium.core.runtime import runtime
from studium.services.translation import translation_folders

EXTENSION = "studium.release"
LIBRARIES = ("babel", "flask", "flask-babel", "jinja2", "markdown-it-py", "markupsafe", "werkzeug")
PARTS = ("core", "queue", "services", "web")


def init_release(app: Flask) -> None:
    """Make the mark of a program that serves pages, once and at its start: files that are replaced later are of the next release."""
    app.extensions[EXTENSION] = _mark(app)


def release() -> str | None:
    """The mark, 32 hexadecimal digits; None in programs without one, which then keep nothing that is made of code."""
    return cast("str | None", current_app.extensions.get(EXTENSION))


def _mark(app: Flask) -> str:
    digest = hashlib.sha256(repr([(name, version(name)) for name in LIBRARIES]).encode())
    for section in runtime().settings:
        digest.update(f"{type(section).__name__} {section.model_dump_json()}\n".encode())  # secrets as stars
    for path in sorted({file for place in {os.path.realpath(place) for place in _places(app)} for file in _files(place)}):
        digest.update(f"\0{path}\0".encode())
        if os.path.isfile(path):  # noqa: PTH113 - a thousand times; editors leave links to nowhere, which nobody can read
            digest.update(hashlib.sha256(Path(path).read_bytes()).digest())
    return digest.hexdigest()[:32]


def _places(app: Flask) -> Iterator[Path]:
    """Files and folders of the site and of all loaded plugins, wherever those are installed."""
    yield from (Path(__file__).resolve().parents[1] / part for part in PARTS)
    for plugin in runtime().plugins.get_plugins():
        file = getattr(plugin, "__file__", None)
        if file is not None:
            yield Path(file).parent if hasattr(plugin, "__path__") else Path(file)
    yield from translation_folders()
    for owner in (app, *app.blueprints.values()):
        yield from map(Path, getattr(owner.jinja_loader, "searchpath", ()))
        if owner.static_folder is not None:
            yield Path(owner.static_folder)


def _files(place: str) -> Iterator[str]:
    if Path(place).is_file():
        yield place
    for folder, folders, names in os.walk(place):  # a thousand files at each start: pathlib takes three times as long
        folders[:] = [name for name in folders if name != "__pycache__"]
        yield from (f"{folder}/{name}" for name in names)
