"""What a program with an API token may do: a view says by `@token_scope` which scope it needs, and everything else stays closed to tokens.

Without such a word, reading under /api/ needs the scope `read`; anything else (pages, forms, the account itself) is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, request

from studium.core.bearer import bearer_token
from studium.core.errors import Forbidden
from studium.services.users import current_user

READ, JOBS, PROGRESS = SCOPES = ("read", "jobs", "progress")
API = "/api/"
NOT_FOR_TOKENS = ("/webhooks/", "/simulators/")  # what a sender puts into the header there is a matter of the view
View = TypeVar("View", bound=Callable[..., Any])


def token_scope(scope: str) -> Callable[[View], View]:
    """Open a view to tokens of this scope: `@token_scope("jobs")`, below the route. Raises ValueError for an unknown scope."""
    if scope not in SCOPES:
        raise ValueError(f"There is no scope {scope!r}; there are: {', '.join(SCOPES)}.")

    def declare(view: View) -> View:
        view.studium_token_scope = scope  # type: ignore[attr-defined]
        return view

    return declare


def scope_of(endpoint: str, path: str, method: str) -> str | None:
    """The scope that a token needs for a view; None when it is closed to tokens."""
    declared: str | None = getattr(current_app.view_functions.get(endpoint), "studium_token_scope", None)
    if declared is None and path.startswith(API) and method in ("GET", "HEAD", "OPTIONS"):
        return READ
    return declared


def init_tokens(app: Flask) -> None:
    """Check the scope of each request with a bearer token before its view is called."""
    app.before_request(_check)


def _check() -> None:
    if bearer_token() is None or request.path.startswith(NOT_FOR_TOKENS):
        return
    user = current_user()
    if user is None or user.scopes is None or request.endpoint is None:
        return
    needed = scope_of(request.endpoint, request.path, request.method)
    if needed not in user.scopes:
        raise _refusal(needed)


def _refusal(needed: str | None) -> Forbidden:
    """RFC 6750, section 3.1."""
    challenge = 'Bearer error="insufficient_scope"' + (f', scope="{needed}"' if needed else "")
    detail = f"This needs a token with the scope {needed}." if needed else "This address is not open to tokens. Use /api/v1."
    return Forbidden(detail, code="insufficient-scope", title="The token is not for this", headers={"WWW-Authenticate": challenge})
