"""The account page: who one is here, language and time zone, devices, API tokens, a copy of the data, and the way out.

Only for a person in their browser: no token opens any of it. Everything is a form, so it works without scripts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from studium.core.database import transaction
from studium.core.errors import Conflict, NotFound, Unprocessable
from studium.core.runtime import runtime
from studium.plugins.auth import deletion, people, sessions, tokens
from studium.plugins.auth.account_words import date_and_time, deletion_word, device_words, method_words, scope_words, when
from studium.plugins.auth.one_time_forms import mark_used, new_form_id, was_used
from studium.plugins.auth.sessions import SessionView
from studium.plugins.auth.time_zones import UTC, is_zone, offered_name, zones_by_region
from studium.plugins.auth.token_form import DAYS, TokenForm, read_token_form
from studium.services.account_sections import find_sections
from studium.services.languages import LANGUAGES, language, remember_language
from studium.services.offers import JobOffer, find_offers
from studium.services.sign_in import forget_token
from studium.services.users import SignedInUser, require_session

EXPORT = "account_export"  # offered by whoever makes exports; without one the page has no such part
ID = "int(min=1, max=2147483647)"  # what the database takes
blueprint = Blueprint("account", __name__, template_folder="templates", static_folder="static", static_url_path="/account/static")


@blueprint.get("/account")
def show() -> Response:
    """Everything on one page."""
    return _page(require_session())


@blueprint.post("/account/preferences")
def choose() -> Response:
    """Language and time zone {language, time_zone}; 422 for others than the page offers."""
    user = require_session()
    chosen, time_zone = request.form.get("language", ""), request.form.get("time_zone", "")
    if chosen not in LANGUAGES:
        raise Unprocessable(f"The language must be one of: {', '.join(LANGUAGES)}.", errors=[{"field": "language", "message": "unknown"}])
    if not is_zone(time_zone):
        raise Unprocessable("There is no such time zone.", errors=[{"field": "time_zone", "message": "unknown"}])
    with transaction():
        people.keep_time_zone(user.id, time_zone)
        if chosen != user.language:
            runtime().hooks.language_chosen(user_id=user.id, language=chosen)
    response = _back("preferences", "saved")
    remember_language(response, chosen)
    return response


@blueprint.post(f"/account/devices/<{ID}:session_id>/sign-out")
def sign_out(session_id: int) -> Response:
    """End one sign-in; 404 for somebody else's. A second time is no error."""
    if not sessions.close_one(require_session().id, session_id):
        raise NotFound("There is no such device of yours.")
    return _back("devices", "signed-out")


@blueprint.post("/account/devices/sign-out-others")
def sign_out_others() -> Response:
    """End all sign-ins but this one."""
    user = require_session()
    sessions.close_others(user.id, keep=user.session_id or 0)
    return _back("devices", "signed-out-others")


@blueprint.post("/account/tokens")
def create_token() -> Response:
    """Make a token {name, scope..., days} and show it, once: the answer is the page itself, as no other place may hold the token.

    The same form again ({form_id}), such as by a reload of that page, makes no second one.
    """
    user, form_id = require_session(), request.form.get("form_id", "")
    if was_used(form_id):
        return _back("tokens", "made")
    form = read_token_form(request.form)
    if form.errors:
        return _page(user, 422, token_form=form)
    try:
        made = tokens.create(user.id, form.name, form.scopes, form.days)
    except Conflict:
        full = _("You have as many tokens as one can have. Revoke one that is no longer needed.")
        return _page(user, 409, token_form=form.with_error("name", full))
    mark_used(form_id)
    return _page(user, 201, new_token=made, new_token_name=form.name)


@blueprint.post(f"/account/tokens/<{ID}:token_id>/revoke")
def revoke_token(token_id: int) -> Response:
    """End a token; 404 for somebody else's. A second time is no error."""
    if not tokens.revoke(require_session().id, token_id):
        raise NotFound("There is no such token of yours.")
    return _back("tokens", "revoked")


@blueprint.get("/account/delete")
def confirm_deletion() -> Response:
    """What would be removed, and the word to type."""
    require_session()
    return _deletion_page()


@blueprint.post("/account/delete")
def delete() -> Response:
    """Delete the account {word}, if the word is right; the browser is a visitor's afterwards."""
    user = require_session()
    if request.form.get("word", "").strip().casefold() != deletion_word().casefold():
        return _deletion_page(_("Type the word exactly as it is shown. Nothing was deleted."))
    deletion.delete_account(user.id)
    session.clear()
    flash(_("Your account is deleted. What was kept about you is being removed now."), "done")
    response = redirect("/", 303)
    forget_token(response)
    return response


def _page(user: SignedInUser, status: int = 200, **more: Any) -> Response:
    account = people.find_account(user.id)
    if account is None:  # deleted by another tab since the session was looked up
        raise NotFound("This account was deleted.")
    zones = zones_by_region(language())
    chosen = offered_name(account.time_zone)
    offered = {UTC, *(zone.name for group in zones.values() for zone in group)}
    values: dict[str, Any] = {
        "account": account, "zones": zones, "chosen_zone": chosen, "other_zone": chosen if chosen not in offered else None,
        "devices": _devices(user), "device_words": device_words, "method_words": method_words(), "date_and_time": date_and_time,
        "tokens": tokens.list_of(user.id), "scope_words": scope_words(), "token_form": TokenForm(), "when": when, "days_choices": DAYS,
        "said": _said(), "export": _export_offer(user), "new_token": None,
        "sections": find_sections(user, language()), "form_id": new_form_id(), "return_to": url_for("account.show"),
    }
    return _private(render_template("auth/account.html", **values | more), status)


def _deletion_page(problem: str | None = None) -> Response:
    html = render_template("auth/delete_account.html", word=deletion_word(), problem=problem, return_to=url_for("account.confirm_deletion"))
    return _private(html, 422 if problem else 200)


def _devices(user: SignedInUser) -> Sequence[tuple[SessionView, bool]]:
    """The sign-ins, this browser's first, each with whether it is this one."""
    found = [(one, one.id == user.session_id) for one in sessions.list_of(user.id)]
    return sorted(found, key=lambda pair: not pair[1])


def _export_offer(user: SignedInUser) -> JobOffer | None:
    return next((offer for offer in find_offers(user, language()) if offer.kind == EXPORT), None)


def _said() -> tuple[str, str] | None:
    """Part of the page and sentence about what was just done, told by the address: it is there without scripts and after a reload."""
    done = request.args.get("done", "")
    sentences = {
        "saved": ("preferences", _("Saved.")),
        "signed-out": ("devices", _("The device is signed out.")),
        "signed-out-others": ("devices", _("All other devices are signed out.")),
        "revoked": ("tokens", _("The token is revoked.")),
        "made": ("tokens", _("The token was made already. It is shown once; if you did not copy it, revoke it and make another.")),
    }
    return sentences.get(done)


def _back(part: str, done: str) -> Response:
    return redirect(url_for("account.show", done=done, _anchor=part), 303)


def _private(html: str, status: int = 200) -> Response:
    """A page that no cache keeps: it may show a token."""
    response = make_response(html, status)
    response.headers["Cache-Control"] = "no-store"
    return response
