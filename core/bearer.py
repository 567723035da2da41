"""The bearer token of a request (RFC 6750, section 2.1). A request that carries one is a program's: its cookies count for nothing."""

from __future__ import annotations

from flask import request


def bearer_token() -> str | None:
    """What follows `Authorization: Bearer`, "" when nothing does; None for a request without such a header."""
    scheme, _, token = request.headers.get("Authorization", "").strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None
