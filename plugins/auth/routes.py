"""Sign-in page, sign-out, and `GET /api/v1/session`."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response as AnyResponse

from studium.core import api, errors
from studium.core.api import Schema
from studium.core.database import transaction
from studium.core.operations import operation
from studium.core.runtime import runtime
from studium.plugins.auth import sessions
from studium.plugins.auth.demo import DEMO
from studium.plugins.auth.people import take_over
from studium.plugins.auth.settings import AuthSettings
from studium.plugins.auth.time_zones import is_zone
from studium.services.cable import cable_url, last_id, sign_stream, user_stream
from studium.services.languages import browser_language, language
from studium.services.redirects import safe_path
from studium.services.sign_in import AFTER_SIGN_IN, ExternalIdentity, OpenedSession, forget_token, sign_in_methods
from studium.services.users import SignedInUser, current_user

TIME_ZONE_COOKIE = "studium_time_zone"  # set by static/sign-in.js
blueprint = Blueprint("auth", __name__, template_folder="templates")


class UserSchema(Schema):
    """The signed-in person."""

    id: int
    display_name: str
    language: str
    roles: list[str]


class SessionSchema(Schema):
    """What a page needs to call the API and to open the cable; `last` is the newest cable message id."""

    user: UserSchema | None
    csrf_token: str
    stream: str | None
    cable_url: str
    last: int


@blueprint.get("/login")
def login() -> AnyResponse:
    """The ways to sign in."""
    target = safe_path(request.args.get("next"), AFTER_SIGN_IN)
    if current_user() is not None:
        return redirect(target)
    people = DEMO if runtime().settings.core.env != "production" else ()
    return make_response(render_template("auth/login.html", next=target, methods=sign_in_methods(), people=people))


@blueprint.post("/logout")
def logout() -> AnyResponse:
    """End this browser's session, and say so."""
    user = current_user()
    if user is not None and user.session_id is not None:
        sessions.close(user.session_id)
    session.clear()
    flash(_("You are signed out."), "done")
    response = redirect("/")
    forget_token(response)
    return response


@blueprint.get("/api/v1/session")
@operation(SessionSchema, signed_in=False)
def show_session() -> Response:
    """The user, the CSRF token, and where to find the cable."""
    user = current_user()
    return api.data(SessionSchema(
        user=describe(user) if user else None,
        csrf_token=generate_csrf(),
        stream=sign_stream(user_stream(user.id)) if user else None,
        cable_url=cable_url(),
        last=last_id(),
    ))


def describe(user: SignedInUser) -> UserSchema:
    """The person as the API shows them."""
    return UserSchema(id=user.id, display_name=user.display_name, language=language(), roles=sorted(user.roles))


def open_browser(identity: ExternalIdentity, method: str) -> OpenedSession:
    """Sign this browser in as the person; a session that it had before ends."""
    before = current_user()
    zone = request.cookies.get(TIME_ZONE_COOKIE, "")
    time_zone = zone if zone and is_zone(zone) else ""
    with transaction():
        user = take_over(identity, time_zone=time_zone, language=browser_language() or "")
        user.flush()
        token = sessions.open_session(user, method, request.user_agent.string, request.remote_addr or "")
        if before is not None and before.session_id is not None:
            sessions.close(before.session_id)
    session.clear()
    return OpenedSession(token, runtime().settings[AuthSettings].session_days * 86_400)


def show_sign_in(problem: errors.Unauthorized) -> AnyResponse:
    """To a person, the way to the sign-in page and back; to a program, the problem."""
    if errors.wants_json() or request.method not in ("GET", "HEAD"):
        return errors.render(problem)
    return redirect(url_for("auth.login", next=request.full_path.rstrip("?")))
