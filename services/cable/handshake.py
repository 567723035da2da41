"""`GET /cable`: checks the Origin and the session, shakes hands, and takes the socket over from the WSGI server."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, request
from websockets.datastructures import Headers
from websockets.http11 import Request
from websockets.server import ServerProtocol

from studium.core.errors import BadRequest, Forbidden, Problem, TooManyRequests, Unauthorized
from studium.core.runtime import runtime
from studium.services.cable.hub import Hub
from studium.services.users import SignedInUser, session_token

DEFAULT_PORTS = {"http": 80, "https": 443}


class TakenOver(Response):
    """The answer of a view whose socket is no longer the WSGI server's: gunicorn lets the connection go on StopIteration."""

    def __call__(self, *_args: Any) -> Any:
        """Write nothing."""
        raise StopIteration


def make_blueprint(hub: Hub, find_user: Callable[[str], SignedInUser | None]) -> Blueprint:
    """The cable's one route; `find_user` is called in a greenlet and must not block the loop."""
    blueprint = Blueprint("cable", __name__)

    @blueprint.get("/cable")
    def plain() -> Response:
        raise Problem("This address speaks WebSocket only.", status=426, code="upgrade-required", title="Upgrade required",
                      headers={"Upgrade": "websocket", "Connection": "Upgrade"})

    @blueprint.get("/cable", websocket=True)
    def cable() -> Response:
        _check_origin()
        token = session_token()
        user = find_user(token) if token else None
        if user is None:
            raise Unauthorized("Sign in first; the cable knows you by the session cookie.")
        reason = hub.room_for(user.id)
        if reason:
            raise TooManyRequests(reason, headers={"Retry-After": "10"})
        answer = _shake_hands()
        hub.adopt(_take_socket(answer), user)
        return TakenOver()

    return blueprint


def allowed_origin(origin: str | None, host: str) -> bool:
    """Whether a page of this origin may open the cable (RFC 6455 section 10.2).

    It must be STUDIUM_PUBLIC_URL or a configured one. Without a public address, and in development, it may also be the address that the
    browser reached us by; in development the site's port is another than the cable's.
    """
    if not origin:
        return False
    core = runtime().settings.core
    if origin in core.allowed_origins or origin == core.public_origin:
        return True
    if core.env == "production" and core.public_origin is not None:
        return False  # the Host that came along is the client's word
    page, ours = urlsplit(origin), urlsplit(f"//{host}")
    if page.scheme not in DEFAULT_PORTS or page.hostname is None or page.hostname != ours.hostname:
        return False
    page_port = page.port or DEFAULT_PORTS[page.scheme]
    if core.env == "production":
        return page_port == (ours.port or DEFAULT_PORTS[page.scheme])
    return page_port in (core.port, core.cable_port)


def _check_origin() -> None:
    origin = request.headers.get("Origin")
    try:
        allowed = allowed_origin(origin, request.host)
    except ValueError:
        allowed = False
    if not allowed:
        raise Forbidden(f"The Origin {origin or '(missing)'} may not open the cable. Open it from a page of this site, or add the origin "
                        "to STUDIUM_ALLOWED_ORIGINS.")


def _shake_hands() -> bytes:
    answer = ServerProtocol().accept(Request(request.path, Headers(list(request.headers))))
    if answer.status_code != 101:
        raise BadRequest(f"The WebSocket handshake is wrong: {(answer.body or b'').decode().strip()}")
    return bytes(answer.serialize())


def _take_socket(answer: bytes) -> socket.socket:
    given = request.environ.get("gunicorn.socket")
    if given is None:
        raise Problem("The cable needs the gunicorn worker class studium.core.loop_worker.LoopWorker.", status=500)
    sock = socket.socket(fileno=os.dup(given.fileno()))
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.send(answer)
    return sock
