"""The site around the plugins, itself a plugin: layout, catalogue, courses, lessons, dashboard, media, error pages."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Flask

from studium.core.plugins import hookimpl
from studium.core.runtime import runtime
from studium.core.settings import Section

from .context import init_context
from .security import init_security
from .settings import WebSettings
from .site import site
from .translation import init_translation


@hookimpl
def register_settings() -> Sequence[type[Section]]:
    """The name of the school."""
    return [WebSettings]


@hookimpl
def register_blueprints() -> Sequence[Blueprint]:
    """Pages, media, static files and the catalogue's API."""
    return [site]


@hookimpl
def app_created(app: Flask) -> None:
    """Languages, template words and security headers, in the programs that serve pages."""
    if runtime().program in ("web", "cli"):
        init_translation(app)
        init_context(app)
        init_security(app)
