"""Cross-site request forgery protection of every unsafe request (Flask-WTF); views that need none say `@csrf.exempt`.

Requests with a bearer token need no other one: no foreign page can make a browser send that header, and their cookies are not looked at.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, current_app, request, session
from flask_wtf.csrf import CSRFError, CSRFProtect

from studium.core.bearer import bearer_token
from studium.core.errors import BadRequest, render


class BrowserProtection(CSRFProtect):  # type: ignore[misc]
    """Of what browsers send by themselves, which is cookies."""

    def protect(self, apply_exemptions: bool = False) -> None:
        """Refuse an unsafe request without the page's token; one with a bearer token passes, and is checked by who it says it is."""
        if bearer_token() is None:
            super().protect(apply_exemptions=apply_exemptions)

    def _get_csrf_token(self) -> Any:
        """Of a browser that never was given a token the form is not read, and so not waited for; nor of one that sends it as a header."""
        if current_app.config["WTF_CSRF_FIELD_NAME"] not in session:
            return None
        given = (request.headers.get(name) for name in current_app.config["WTF_CSRF_HEADERS"])
        return next(filter(None, given), None) or super()._get_csrf_token()


csrf = BrowserProtection()


def init_csrf(app: Flask) -> None:
    """Protect the app; a token lives as long as the browser session, since lessons stay open for hours."""
    app.config.update(WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_HEADERS=["X-CSRF-Token"])
    csrf.init_app(app)
    app.register_error_handler(CSRFError, _refuse)


def _refuse(error: CSRFError) -> Response:
    remedy = "Reload the page, or ask GET /api/v1/session for a new token and send it as X-CSRF-Token."
    return render(BadRequest(f"{error.description} {remedy}", code="csrf-token", title="The form has expired"))
