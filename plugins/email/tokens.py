"""Tokens of the links that confirm an address: made of the site's secret and a random value of the row, so that a job that is run again
sends the same link, and nobody who reads the database can make one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from studium.core.runtime import runtime


def new_nonce() -> str:
    """What the next link of a row is made of; with another nonce earlier links are void."""
    return secrets.token_urlsafe(24)


def token_of(nonce: str) -> str:
    """The token: 256 bits in letters that fit into an address."""
    signed = hmac.new(runtime().settings.secret.encode(), f"studium.email.confirm {nonce}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(signed.digest()).decode().rstrip("=")


def hash_of(token: str) -> str:
    """What is kept of it, and looked up."""
    return hashlib.sha256(token.encode()).hexdigest()
