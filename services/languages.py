"""Which language a person reads: their choice, else their browser's, else English."""

from __future__ import annotations

from flask import request

from studium.services.users import current_user

LANGUAGES = ("en", "ru")
LANGUAGE_COOKIE = "studium_language"


def language() -> str:
    """"ru" or "en" for this request."""
    user = current_user()
    for choice in (request.cookies.get(LANGUAGE_COOKIE), user.language if user else None):
        if choice in LANGUAGES:
            return str(choice)
    return request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]
