"""In development, where anybody signs in as anybody, only this machine is answered: neither a foreign page that turns its name to
127.0.0.1 (DNS rebinding, CWE-350) nor visitors whom a proxy or a tunnel lets in.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, request

from studium.core.errors import Forbidden
from studium.core.settings import CoreSettings, is_loopback

PROXY_HEADER, PROXY_HEADERS = "Forwarded", "X-Forwarded-"  # RFC 7239, and what was there before it


def init_loopback(app: Flask, core: CoreSettings) -> None:
    """Refuse every other request of development; to be called before everything else that answers."""
    if core.env == "development":
        app.before_request(_refuse_others)


def _refuse_others() -> None:
    try:
        host = urlsplit(f"//{request.host}").hostname or ""
    except ValueError:
        host = ""
    if not is_loopback(host):
        raise Forbidden("This Studium is in development, where anybody can sign in as anybody, and answers only at http://127.0.0.1 and "
                        "http://localhost. On a server set STUDIUM_ENV=production.", code="development-only")
    if found := [name for name, _value in request.headers if name == PROXY_HEADER or name.startswith(PROXY_HEADERS)]:
        raise Forbidden(f"This Studium is in development, where anybody can sign in as anybody, and a proxy ({found[0]}) brings visitors "
                        "to it. Behind a proxy set STUDIUM_ENV=production.", code="development-only")
