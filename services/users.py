"""Who is signed in, as plain values, for everything that must not know how people sign in."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import g, request

from studium.core.errors import Unauthorized
from studium.core.runtime import runtime

SESSION_COOKIE = "studium_session"


@dataclass(frozen=True)
class SignedInUser:
    """A person with an open session; ids only, no entity."""

    id: int
    display_name: str
    session_id: int
    language: str | None = None
    time_zone: str = "UTC"
    roles: frozenset[str] = field(default=frozenset({"student"}))


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


def find_user(token: str) -> SignedInUser | None:
    """The user of a session token, from the plugins."""
    found: SignedInUser | None = runtime().hooks.find_signed_in_user(token=token)
    return found
