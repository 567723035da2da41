"""The site around the plugins, itself a plugin: layout, catalogue, courses, lessons, dashboard, media, error pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Flask

from studium.core.plugins import hookimpl
from studium.core.runtime import runtime
from studium.core.settings import Section
from studium.services.offers import JobOffer
from studium.services.users import SignedInUser

from .live_jobs import publish_change
from .settings import WebSettings


@hookimpl
def register_settings() -> Sequence[type[Section]]:
    """How media are served, and pages are kept."""
    return [WebSettings]


@hookimpl
def register_blueprints() -> Sequence[Blueprint]:
    """Pages, media, static files and the API; and the pages for operators."""
    from .ops_site import ops  # with Flask-Babel and the views, which workers and the cable need not carry
    from .site import site

    return [site, ops]


@hookimpl
def app_created(app: Flask) -> None:
    """Languages, template words, security headers and limits of requests, in the programs that serve pages."""
    if runtime().program in ("web", "cli"):
        from .context import init_context
        from .fragment_cache import init_fragments
        from .request_limits import init_request_limits
        from .security import init_security
        from .translation import init_translation

        init_translation(app)
        init_context(app)
        init_fragments(app)
        init_security(app)
        init_request_limits(app)


@hookimpl
def job_changed(job: Any) -> None:
    """The owner's open pages hear of it."""
    publish_change(job)


@hookimpl
def job_offers(user: SignedInUser, language: str) -> Sequence[JobOffer]:
    """In development a greeting: the smoke test of the whole path from the button through queue, worker and cable back to the page."""
    if runtime().settings.core.env != "development":
        return []
    from flask_babel import gettext as _

    params = {"name": user.display_name, "seconds": 8}
    return [JobOffer("hello", params, _("A greeting"), _("Counts for a moment, then says hello. Only on development servers."), "spark")]
