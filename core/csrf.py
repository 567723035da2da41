"""Cross-site request forgery protection of every unsafe request (Flask-WTF); views that need none say `@csrf.exempt`.

Requests with a bearer token need no other one: no foreign page can make a browser send that header, and their cookies are not looked at.
"""

from __future__ import annotations

from flask import Flask, Response
from flask_wtf.csrf import CSRFError, CSRFProtect

from studium.core.bearer import bearer_token
from studium.core.errors import BadRequest, render


class BrowserProtection(CSRFProtect):  # type: ignore[misc]
    """Of what browsers send by themselves, which is cookies."""

    def protect(self, apply_exemptions: bool = False) -> None:
        """Refuse an unsafe request without the page's token; one with a bearer token passes, and is checked by who it says it is."""
        if bearer_token() is None:
            super().protect(apply_exemptions=apply_exemptions)


csrf = BrowserProtection()


def init_csrf(app: Flask) -> None:
    """Protect the app; a token lives as long as the browser session, since lessons stay open for hours."""
    app.config.update(WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_HEADERS=["X-CSRF-Token"])
    csrf.init_app(app)
    app.register_error_handler(CSRFError, _refuse)


def _refuse(error: CSRFError) -> Response:
    remedy = "Reload the page, or ask GET /api/v1/session for a new token and send it as X-CSRF-Token."
    return render(BadRequest(f"{error.description} {remedy}", code="csrf-token", title="The form has expired"))
