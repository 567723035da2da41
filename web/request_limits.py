"""How large a request of each kind may be, and how often it may come: one table for all addresses of the site and of its plugins.

A view that is marked `services.limits.not_counted` is left alone by the rates. Sizes are refused before a byte of the body is read.
"""

from __future__ import annotations

from typing import IO, Any, cast

from flask import Flask, current_app, request
from werkzeug.exceptions import RequestEntityTooLarge

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


class LimitedBody:
    """The body of a request that does not say how large it is (Transfer-Encoding: chunked): larger is refused, not cut short."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self._stream = stream
        self._left = limit

    def read(self, size: int = -1) -> bytes:
        """At most so many bytes; raises RequestEntityTooLarge."""
        found = self._stream.read(self._left + 1 if size is None or size < 0 else size)
        self._left -= len(found)
        if self._left < 0:
            raise RequestEntityTooLarge
        return found


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
    limit = largest_body(request.path)
    request.max_content_length = limit
    if request.content_length is None and "wsgi.input_terminated" in request.environ:
        request.environ["wsgi.input"] = LimitedBody(cast(IO[bytes], request.environ["wsgi.input"]), limit)
        request.max_content_length = limit + 1  # Werkzeug would silently stop there
    elif (request.content_length or 0) > limit:
        raise RequestEntityTooLarge


def _limit_rate() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "limits_itself", False):
        return
    rates = runtime().settings[LimitSettings]
    if request.path.startswith("/auth/"):
        limit(f"sign-in:{_address()}", rates.sign_in_address)
    elif request.path.startswith("/webhooks/"):
        limit(f"webhooks:{_address()}", rates.webhooks)
    elif request.method not in SAFE:
        user = current_user()
        limit(f"writes:{user.id if user else _address()}", rates.writes)


def _address() -> str:
    return address_group(request.remote_addr)
