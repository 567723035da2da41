"""Words that every template knows: functions rather than values, as an error page must not need the database."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from flask import Flask, request
from markupsafe import Markup

from studium.services import cable
from studium.services.cable.listening import heard_from
from studium.services.header_items import HeaderItem, find_header_items
from studium.services.languages import language
from studium.services.owner_pages import find_owner_pages
from studium.services.site import site_name
from studium.services.users import SignedInUser, current_user

from . import formats
from .assets import asset
from .live_jobs import active_job_ids
from .texts import texts_for_scripts


def init_context(app: Flask) -> None:
    """Add the words and filters to the templates."""
    app.jinja_env.globals.update(
        active_job_ids=active_job_ids,
        asset=asset,
        current_language=language,
        current_user=current_user,
        header_items=header_items,
        here=here,
        icon=icon,
        live_values=live_values,
        login_url=login_url,
        owner_pages=lambda: find_owner_pages(language()),
        script_texts=lambda: json.dumps(texts_for_scripts(), ensure_ascii=False),
        site_name=site_name,
    )
    app.jinja_env.filters.update(formats.FILTERS)


def icon(name: str, classes: str = "") -> Markup:
    """An icon of the sprite static/icons.svg, hidden from screen readers: the text beside it says what it means."""
    return Markup('<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>').format(
        classes, asset("icons.svg"), name
    )


def live_values(user: SignedInUser) -> dict[str, Any]:
    """What the page's scripts need to hear this user's stream, from `listen_from_now` or else from now on: <meta> name -> content."""
    stream = cable.sign_stream(cable.user_stream(user.id))
    return {"user": user.id, "cable-url": cable.cable_url(), "stream": stream, "stream-last": heard_from()}


def header_items() -> list[HeaderItem]:
    """What plugins add to the header of this page."""
    return find_header_items(current_user(), language())


def here() -> str:
    """The address of this page on the site, for coming back to it; the front page when it was not asked for by GET."""
    if request.method not in ("GET", "HEAD"):
        return "/"
    return request.full_path if request.query_string else request.path


def login_url(target: str | None = None) -> str:
    """The sign-in page, which afterwards goes to `target` (this page when None)."""
    return f"/login?next={quote(target or here(), safe='/')}"
