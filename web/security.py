"""Security headers of every answer. No page has inline code, so the content security policy allows none."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response

from studium.services.cable import cable_url

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
    "connect-src 'self'{cable}; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def init_security(app: Flask) -> None:
    """Add the headers to each response that has not set its own."""
    app.after_request(_add_headers)


def _add_headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()")
    if response.mimetype == "text/html":
        headers.setdefault("Content-Security-Policy", POLICY.format(cable=_cable_source()))
        headers.setdefault("Cache-Control", "private, no-cache")
        headers.setdefault("X-Frame-Options", "DENY")
        response.vary.update(["Cookie", "Accept-Language"])
    return response


def _cable_source() -> str:
    """The cable's origin with a leading space, always named: browsers differ in whether 'self' covers WebSockets."""
    url = urlsplit(cable_url())
    return f" {url.scheme}://{url.netloc}" if url.netloc else ""
