"""A third-party plugin with a section of its own on the account page: a form that works without scripts, and leads back there."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, redirect, render_template_string, request
from markupsafe import Markup
from werkzeug.wrappers import Response

from studium.core.plugins import hookimpl
from studium.services.account_sections import AccountSection, section_path
from studium.services.users import SignedInUser, require_session

READERS: set[int] = set()  # stands for a table
FORM = """<form class="account-form" method="post" action="{{ url_for('newsletter.choose') }}">
<input type="hidden" name="csrf_token" value="{{ csrf_token() }}">
<label class="account-choice"><input type="checkbox" name="wanted"{% if wanted %} checked{% endif %}>
<span>For {{ name | shown_name }}</span></label>
<p class="actions"><button class="button" type="submit">Save</button></p></form>"""
blueprint = Blueprint("newsletter", __name__)


@blueprint.post("/newsletter")
def choose() -> Response:
    """Whether to have it {wanted}."""
    user = require_session()
    (READERS.add if request.form.get("wanted") else READERS.discard)(user.id)
    return redirect(section_path("newsletter"), 303)


@hookimpl
def register_blueprints() -> Sequence[Blueprint]:
    """Where the form goes."""
    return [blueprint]


@hookimpl
def account_sections(user: SignedInUser, language: str) -> Sequence[AccountSection]:
    """The form, for everybody but Otto; what is not Markup is shown as it is."""
    if user.display_name == "Otto":
        return []
    html = Markup(render_template_string(FORM, wanted=user.id in READERS, name=user.display_name))
    title = "Рассылка" if language == "ru" else "Newsletter"
    return [AccountSection("newsletter", title, html), AccountSection("newsletter-archive", "Old <letters>", "<b>none</b>")]
