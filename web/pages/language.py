"""The choice of language, kept in this browser."""

from __future__ import annotations

from flask import redirect, request
from werkzeug.wrappers import Response

from studium.core.errors import Unprocessable
from studium.core.runtime import runtime
from studium.services.languages import LANGUAGE_COOKIE, LANGUAGES
from studium.services.redirects import safe_path

YEAR = 365 * 24 * 3600


def choose() -> Response:
    """POST /language {language, next}: remembers the language and goes back to the page `next` of this site."""
    chosen = request.form.get("language", "")
    if chosen not in LANGUAGES:
        raise Unprocessable(
            f"The language must be one of: {', '.join(LANGUAGES)}.",
            errors=[{"field": "language", "message": "unknown"}],
        )
    response = redirect(safe_path(request.form.get("next"), "/"), 303)
    secure = runtime().settings.core.env == "production"
    response.set_cookie(LANGUAGE_COOKIE, chosen, max_age=YEAR, samesite="Lax", httponly=True, secure=secure)
    return response
