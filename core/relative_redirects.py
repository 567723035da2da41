"""Redirects within the site name no host: Werkzeug's own (a missing slash, two slashes) would repeat whatever Host a client made up."""

from __future__ import annotations

from flask import Flask, Response, request


def init_relative_redirects(app: Flask) -> None:
    """Cut scheme and host off each redirect that leads to the host which was asked (RFC 9110, 10.2.2 allows that)."""
    app.after_request(_cut)


def _cut(response: Response) -> Response:
    location = response.headers.get("Location", "")
    if 300 <= response.status_code < 400 and location.startswith(request.host_url):
        path = location[len(request.host_url) - 1:]
        response.headers["Location"] = "/" + path.lstrip("/")  # two slashes would be a host again
    return response
