"""How large a request of each kind may be, and how often it may come: one table for all addresses of the site and of its plugins.

A view that is marked `services.limits.not_counted` is left alone by the rates. Sizes are refused before a byte of the body is read.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app, request

from studium.core.runtime import runtime
from studium.services.limits import LimitSettings, address_group, limit
from studium.services.users import current_user

SAFE = ("GET", "HEAD", "OPTIONS")
LARGEST_BODY = (  # the first prefix that fits; bytes, None is STUDIUM_MAX_REQUEST_BYTES
    ("/api/v1/beats", None),  # 100 beats with up to 1,000 parts each
    ("/api/", 64_000),
    ("/auth/", 16_000),
    ("/webhooks/", 262_144),
    ("/ops", None),  # a job's params as text
    ("/jobs", None),  # the same
    ("/", 128_000),  # forms
)


def init_request_limits(app: Flask) -> None:
    """Set the size before anything reads the form, and count before a view runs."""
    app.url_value_preprocessor(_limit_size)
    app.before_request(_limit_rate)


def largest_body(path: str) -> int:
    """Bytes that the body of a request to this path may have."""
    everywhere: int = current_app.config["MAX_CONTENT_LENGTH"]
    found = next(size for prefix, size in LARGEST_BODY if path.startswith(prefix))
    return min(found or everywhere, everywhere)


def _limit_size(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    request.max_content_length = largest_body(request.path)


def _limit_rate() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "limits_itself", False):
        return
    rates = runtime().settings[LimitSettings]
    if request.path.startswith("/auth/"):
        limit(f"sign-in:{_address()}", rates.sign_in_address)
    elif request.path.startswith("/webhooks/"):
        limit(f"webhooks:{_address()}", rates.webhooks)
    elif request.path.startswith("/api/") and request.method not in SAFE:
        user = current_user()
        limit(f"api:{user.id if user else _address()}", rates.api_writes)


def _address() -> str:
    return address_group(request.remote_addr)
