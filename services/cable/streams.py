"""Names of streams: signed, so that only what the site handed out can be subscribed, and the user's own only by that user."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request
from itsdangerous import BadSignature, Signer

from studium.core.runtime import runtime

SALT = "studium.stream"
USER_PREFIX = "user:"


def user_stream(user_id: int) -> str:
    """The stream of everything that one person's open pages show live."""
    return f"{USER_PREFIX}{user_id}"


def sign_stream(name: str) -> str:
    """The name as a page may use it; the same every time."""
    return _signer().sign(name).decode()


def open_stream(signed: str, user_id: int) -> str | None:
    """The name behind a signed one, or None when it is forged or belongs to somebody else."""
    try:
        name = _signer().unsign(signed).decode()
    except BadSignature:
        return None
    if signed != sign_stream(name):  # base64 has several spellings of one signature; all browsers must know a stream by the same
        return None
    if name.startswith(USER_PREFIX) and name != user_stream(user_id):
        return None
    return name


def cable_url() -> str:
    """Where the browser of this request finds the cable: its own port in development, the same origin in production."""
    core = runtime().settings.core
    if core.env == "production":
        site = urlsplit(core.public_url or request.host_url)
        return f"{'wss' if site.scheme == 'https' else 'ws'}://{site.netloc}/cable"
    scheme = "wss" if request.is_secure else "ws"
    host = urlsplit(f"//{request.host}").hostname or core.host
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{core.cable_port}/cable"


def _signer() -> Signer:
    return Signer(runtime().settings.secret, salt=SALT)
