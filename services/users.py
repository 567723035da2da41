"""Who is signed in, as plain values, for everything that must not know how people sign in."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import g, request
from werkzeug.exceptions import NotFound as UnknownAddress

from studium.core.errors import NotFound, Unauthorized
from studium.core.runtime import runtime

SESSION_COOKIE = "studium_session"
STUDENT, OWNER, OPS = "student", "owner", "ops"


@dataclass(frozen=True)
class SignedInUser:
    """A person with an open session; ids only, no entity. `roles` are of STUDENT, OWNER, OPS; everybody is a student."""

    id: int
    display_name: str
    session_id: int
    language: str | None = None
    time_zone: str = "UTC"
    roles: frozenset[str] = field(default=frozenset({STUDENT}))


def current_user() -> SignedInUser | None:
    """The user of this request, asked for once a request; None for a visitor."""
    if "signed_in_user" not in g:
        token = request.cookies.get(SESSION_COOKIE)
        g.signed_in_user = find_user(token) if token else None
    found: SignedInUser | None = g.signed_in_user
    return found


def require_user() -> SignedInUser:
    """The user of this request; raises Unauthorized, which a page shows as the way to /login."""
    user = current_user()
    if user is None:
        raise Unauthorized("Sign in first, then try again.")
    return user


def require_role(role: str) -> SignedInUser:
    """The user of this request, who has the role; raises Unauthorized for a visitor, and for others NotFound, worded as for an address
    that does not exist: what one may not see is not there.
    """
    user = require_user()
    if role not in user.roles:
        raise NotFound(UnknownAddress.description or "")
    return user


def find_user(token: str) -> SignedInUser | None:
    """The user of a session token, from the plugins."""
    found: SignedInUser | None = runtime().hooks.find_signed_in_user(token=token)
    return found
