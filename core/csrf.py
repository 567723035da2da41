"""Cross-site request forgery protection of every unsafe request (Flask-WTF); views that need none say `@csrf.exempt`."""

from __future__ import annotations

from flask import Flask
from flask_wtf.csrf import CSRFProtect

csrf = CSRFProtect()


def init_csrf(app: Flask) -> None:
    """Protect the app; a token lives as long as the browser session, since lessons stay open for hours."""
    app.config.update(WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_HEADERS=["X-CSRF-Token"])
    csrf.init_app(app)
