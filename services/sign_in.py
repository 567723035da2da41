"""Ways to sign in, and the one door that all of them go through: who the person is comes from outside, the session is made here.

A method proves who somebody is and then calls `sign_in`; it neither makes users nor sets cookies itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import g, redirect
from werkzeug.wrappers import Response

from studium.core.errors import Unavailable
from studium.core.runtime import collect, runtime
from studium.services.limits import LimitSettings, limit
from studium.services.redirects import safe_path
from studium.services.users import session_cookie

AFTER_SIGN_IN = "/dashboard"
DEVELOPMENT = "development"  # the method that asks for no proof, and so needs no limit


@dataclass(frozen=True)
class SignInMethod:
    """A button of the login page. `title` and `hint` are English texts that are shown translated, `icon` is a name in web/static/icons.svg.

    `start_endpoint` is the Flask endpoint that a plain link leads to, with `next`, the path to go on to, in its query; the lowest
    `order` comes first. `name` is kept with each session, so that people recognise their devices.
    """

    name: str
    title: str
    icon: str
    start_endpoint: str
    order: int = 0
    hint: str = ""


@dataclass(frozen=True)
class ExternalIdentity:
    """A person as a method knows them; texts may be empty, and an empty one changes nothing of what is known already.

    `telegram_id` is the key of the account: the same number is the same person, whatever the method. Telegram's numbers are above
    zero; a method for people without Telegram gives out and keeps numbers of its own, below zero.
    """

    telegram_id: int
    first_name: str = ""
    last_name: str = ""
    username: str = ""
    photo_url: str = ""


@dataclass(frozen=True)
class OpenedSession:
    """A session that was opened for this browser: the secret it carries from now on, and the seconds that it may be kept."""

    token: str
    seconds: int


def sign_in_methods() -> list[SignInMethod]:
    """The methods of all plugins, in their order."""
    return sorted(collect(runtime().hooks.register_sign_in_methods), key=lambda method: method.order)


def sign_in(identity: ExternalIdentity, method: str, next: str | None, *, counted: bool = False) -> Response:
    """Sign this browser in as the person, ending the session it had before, and send it on to `next` if that is a path of this site.

    Call it once, at the end of a method, in the request of the browser that is to be signed in. Within a transaction it must be `counted`:
    `count_sign_in` came before it.
    """
    response: Response = redirect(safe_path(next, AFTER_SIGN_IN), 303)
    keep_token(response, open_session(identity, method, counted=counted))
    response.headers["Cache-Control"] = "no-store"
    return response


def open_session(identity: ExternalIdentity, method: str, *, counted: bool = False) -> OpenedSession:
    """Open a session for this browser without an answer yet; `keep_token` must follow. Raises TooManyRequests for a person who
    signs in too often, Unavailable without a plugin for sessions.
    """
    if not counted:
        count_sign_in(identity, method)
    opened: OpenedSession | None = runtime().hooks.complete_sign_in(identity=identity, method=method)
    if opened is None:
        raise Unavailable("No plugin keeps sessions here, so nobody can sign in.")
    g.pop("signed_in_user", None)  # whoever asks later in this request must not meet the person from before
    return opened


def count_sign_in(identity: ExternalIdentity, method: str) -> None:
    """Count a sign-in of the person; raises TooManyRequests when it is one too many. It writes the cache, so not within a transaction."""
    if method != DEVELOPMENT:
        limit(f"sign-in-person:{identity.telegram_id}", runtime().settings[LimitSettings].sign_in_person)


def keep_token(response: Response, opened: OpenedSession) -> None:
    """Give the browser its session token, out of reach of scripts."""
    response.set_cookie(session_cookie(), opened.token, max_age=opened.seconds, httponly=True, samesite="Lax", secure=_production())


def forget_token(response: Response) -> None:
    """Take the session token from the browser. The attributes are those of the cookie: without Secure a browser refuses to touch one whose
    name begins with __Host-.
    """
    response.delete_cookie(session_cookie(), httponly=True, samesite="Lax", secure=_production())


def _production() -> bool:
    return runtime().settings.core.env == "production"
