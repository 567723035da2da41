"""Who is signed in, as plain values, for everything that must not know how people sign in."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from flask import g, request
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import NotFound as UnknownAddress

from studium.core.bearer import bearer_token
from studium.core.errors import Forbidden, NotFound, Unauthorized
from studium.core.runtime import runtime
from studium.core.too_slow import TooSlow

STUDENT, OWNER, OPS = "student", "owner", "ops"


@dataclass(frozen=True)
class SignedInUser:
    """A person with an open session, or a program with a token of theirs; ids only, no entity.

    `roles` are of STUDENT, OWNER, OPS; everybody is a student. `scopes` is what the token is for, of services/token_scopes.py; a
    browser's session may do everything, its `scopes` are None. A program has no session: its `session_id` is None.
    """

    id: int
    display_name: str
    session_id: int | None
    language: str | None = None
    time_zone: str = "UTC"
    roles: frozenset[str] = field(default=frozenset({STUDENT}))
    scopes: frozenset[str] | None = None


def session_cookie() -> str:
    """The name of the cookie with the session token. In production no neighbouring subdomain can set it (RFC 6265bis, 4.1.3.2); browsers
    take a name with this prefix over https only.
    """
    return "__Host-studium_session" if runtime().settings.core.env == "production" else "studium_session"


def session_token() -> str | None:
    """The session token that the browser of this request carries. None without one, and with several: a browser of ours has one, a second
    was planted by somebody who wants this person to learn, and to type, in another account (RFC 6265, 8.6).
    """
    found = request.cookies.getlist(session_cookie())
    return found[0] if len(found) == 1 and found[0] else None


def current_user() -> SignedInUser | None:
    """The user of this request, asked for once a request; None for a visitor.

    With a bearer token it is that token's person, whatever cookies came along; an unknown token raises Unauthorized, once. The request's
    body is read before: who signs out meanwhile is nobody.
    """
    if "signed_in_user" not in g:
        g.signed_in_user = None  # so that the page that tells of an error does not meet it again
        bearer = bearer_token()
        token = bearer if bearer is not None else session_token()
        if token:
            _hear_out()
        if bearer is not None:
            g.signed_in_user = _find_by_bearer(bearer)
        elif token:
            g.signed_in_user = find_user(token)
    found: SignedInUser | None = g.signed_in_user
    return found


def require_user() -> SignedInUser:
    """The user of this request; raises Unauthorized, which a page shows as the way to /login."""
    user = current_user()
    if user is None:
        raise Unauthorized("Sign in first, then try again.")
    return user


def require_session() -> SignedInUser:
    """The user of this request, who signed in on this browser; raises Unauthorized for a visitor and Forbidden for a token.

    For what no program may do: look after sign-ins, tokens and the account itself.
    """
    user = require_user()
    if user.session_id is None:
        raise Forbidden("This is for the person in their browser, not for a token.", code="insufficient-scope")
    return user


def require_role(role: str) -> SignedInUser:
    """The user of this request, who has the role; raises Unauthorized for a visitor, and for others NotFound, worded as for an address
    that does not exist: what one may not see is not there.
    """
    user = require_user()
    if role not in user.roles:
        raise NotFound(UnknownAddress.description or "")
    return user


def _hear_out() -> None:
    """Wait for the rest of the request, so that a sign-out or the end of the account counts for one that was begun before it."""
    size = request.content_length
    if size is None or request.max_content_length is None or size <= request.max_content_length:  # the others are refused unread
        with suppress(HTTPException, TooSlow):  # whoever needs the body meets that; the page that tells of it asks for the user, too
            request.get_data(cache=True)


def find_user(token: str) -> SignedInUser | None:
    """The user of a session token, from the plugins."""
    found: SignedInUser | None = runtime().hooks.find_signed_in_user(token=token)
    return found


def _find_by_bearer(token: str) -> SignedInUser:
    found: SignedInUser | None = runtime().hooks.find_token_user(token=token) if token else None
    if found is None:
        raise Unauthorized("The API token is unknown, expired or revoked. Make a new one on your account page.", code="invalid-token",
                           title="The token is not valid", headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
    return found
