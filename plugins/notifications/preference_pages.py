"""The section of the account page on notifications: channels and how they stand, what is told where, when it is quiet."""

from __future__ import annotations

from flask import make_response, redirect, render_template, request
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.wrappers import Response

from studium.core.errors import NotFound
from studium.plugins.notifications import assets, preference_form
from studium.plugins.notifications.notice_pages import SECTION
from studium.plugins.notifications.preference_form import PreferenceForm, form_of, read_form
from studium.plugins.notifications.preferences import PreferenceTable, keep, table_of
from studium.plugins.notifications.silencing import restore
from studium.services.account_sections import AccountSection, section_path
from studium.services.notifications.events import SITE
from studium.services.notifications.registry import all_channels
from studium.services.users import SignedInUser, require_session

TOLD = "notifications"  # in the address: what was just done, so that it is there without scripts and after a reload


def account_section(user: SignedInUser) -> AccountSection:
    """The section for this person."""
    table = table_of(user.id, user.roles)
    html = _render("section", table, form_of(table), told=_said().get(request.args.get(TOLD, "")))
    return AccountSection(SECTION, _("Notifications"), Markup(html))  # noqa: S704  a template made it


def choose() -> Response:
    """POST /notifications/preferences: keep all choices; with a mistake the form comes back as it was sent."""
    user = require_session()
    table = table_of(user.id, user.roles)
    form = read_form(request.form, table)
    if form.errors:
        return make_response(_render("preferences_page", table, form), 422)
    keep(user.id, form.modes, preference_form.minute_of(form.digest_at), form.quiet)
    return _back("saved")


def resume(channel: str) -> Response:
    """POST /notifications/channels/<channel>/resume: use a channel again that was switched off; 404 for one that does not exist."""
    user = require_session()
    if channel not in all_channels():
        raise NotFound("There is no such channel.")
    restore(user.id, channel)
    return _back("resumed")


def _render(name: str, table: PreferenceTable, form: PreferenceForm, **more: object) -> str:
    return render_template(
        f"notifications/{name}.html", table=table, form=form, site=SITE, choices=preference_form.choices, field=preference_form.field_name,
        reasons=_reasons(), sheet=assets.address("preferences.css"), **more)


def _said() -> dict[str, str]:
    return {"saved": _("Saved. It counts from now on."), "resumed": _("The channel is used again.")}


def _reasons() -> dict[str, str]:
    """Why a channel is switched off, by the word that it gave; "gone" stands for words of third parties."""
    return {
        "bounced": _("What was sent to you came back."),
        "blocked": _("You blocked the bot, or never wrote to it. Open its chat and press Start."),
        "gone": _("There is nobody at your address there."),
    }


def _back(done: str) -> Response:
    page, _hash, part = section_path(SECTION).partition("#")
    return redirect(f"{page}?{TOLD}={done}#{part}", 303)
