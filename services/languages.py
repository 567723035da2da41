"""Which language a person reads: that of their account, else what was chosen in this browser, else the browser's own, else English."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from studium.core.runtime import runtime
from studium.services.users import current_user

LANGUAGES = ("en", "ru")
LANGUAGE_COOKIE = "studium_language"
YEAR = 365 * 24 * 3600


def language() -> str:
    """"ru" or "en" for this request."""
    user = current_user()
    for choice in (user.language if user else None, request.cookies.get(LANGUAGE_COOKIE)):
        if choice in LANGUAGES:
            return str(choice)
    return request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]


def browser_language() -> str | None:
    """The one of LANGUAGES that this browser was set to here, else the first that it asks for; None when it asks for others only."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    return chosen if chosen in LANGUAGES else request.accept_languages.best_match(LANGUAGES)


def remember_language(response: Response, chosen: str) -> None:
    """Let this browser keep the choice, which is one of LANGUAGES, for a year."""
    secure = runtime().settings.core.env == "production"
    response.set_cookie(LANGUAGE_COOKIE, chosen, max_age=YEAR, samesite="Lax", httponly=True, secure=secure)
