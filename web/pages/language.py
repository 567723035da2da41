"""The choice of language: this browser keeps it, and a signed-in person's account, for what is made while they are away."""

from __future__ import annotations

from flask import redirect, request
from werkzeug.wrappers import Response

from studium.core.database import transaction
from studium.core.errors import Unprocessable
from studium.core.runtime import runtime
from studium.services.languages import LANGUAGES, remember_language
from studium.services.redirects import safe_path
from studium.services.users import current_user


def choose() -> Response:
    """POST /language {language, next}: remembers the language and goes back to the page `next` of this site."""
    chosen = request.form.get("language", "")
    if chosen not in LANGUAGES:
        raise Unprocessable(
            f"The language must be one of: {', '.join(LANGUAGES)}.",
            errors=[{"field": "language", "message": "unknown"}],
        )
    user = current_user()
    if user is not None and user.language != chosen:
        with transaction():
            runtime().hooks.language_chosen(user_id=user.id, language=chosen)
    response = redirect(safe_path(request.form.get("next"), "/"), 303)
    remember_language(response, chosen)
    return response
