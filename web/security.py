"""Security headers of every answer. No page has inline code, so the content security policy allows none.

A view that needs more, such as a page with another site's button, sets the header itself.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request

from studium.core.runtime import runtime
from studium.services.cable import cable_url
from studium.services.page_policy import form_targets

from .settings import WebSettings

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
    "connect-src 'self'{cable}; object-src 'none'; base-uri 'none'; form-action 'self'{forms}; frame-ancestors 'none'"
)


FORBIDDEN_FEATURES = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), display-capture=()"


def init_security(app: Flask) -> None:
    """Add the headers to each response that has not set its own."""
    app.after_request(_add_headers)


def _add_headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", FORBIDDEN_FEATURES)
    if request.is_secure and (https := _https_only()):
        headers.setdefault("Strict-Transport-Security", https)
    if response.mimetype == "text/html":
        headers.setdefault("Content-Security-Policy", POLICY.format(cable=_cable_source(), forms=form_targets()))
        headers.setdefault("Cache-Control", "private, no-cache")
        headers.setdefault("X-Frame-Options", "DENY")
        response.vary.update(["Cookie", "Accept-Language"])
    return response


def _https_only() -> str | None:
    """What makes browsers come by https alone from now on (RFC 6797); in production only, since it cannot be taken back at once."""
    settings = runtime().settings
    seconds = settings[WebSettings].hsts_seconds
    return f"max-age={seconds}" if seconds and settings.core.env == "production" else None


def _cable_source() -> str:
    """The cable's origin with a leading space, always named: browsers differ in whether 'self' covers WebSockets."""
    url = urlsplit(cable_url())
    return f" {url.scheme}://{url.netloc}" if url.netloc else ""
