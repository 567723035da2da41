"""Tokens that open a door: made at random, kept as their hash alone, so that nobody who reads the database can use one."""

from __future__ import annotations

import hashlib
import secrets


def new_token(prefix: str = "") -> str:
    """256 random bits in letters that fit into cookies and headers, after the prefix."""
    return prefix + secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """What is kept of a token, and looked up: its SHA-256, in hexadecimal. Salt and slowness would add nothing to 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()
