"""Sign-ins that this browser has begun: a signed cookie of ten minutes, so that only the browser that began one can end it.

Without it somebody could send another person the end of his own sign-in, and have them learn in his account (login CSRF, RFC 6749 10.12).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace

from flask import request
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.wrappers import Response

from studium.core.clock import now_ms
from studium.core.runtime import runtime
from studium.services.redirects import safe_path
from studium.services.sign_in import AFTER_SIGN_IN

LIFETIME = 600  # seconds
MOST = 3  # begun in several tabs; the cookie stays far below the 4 kB that browsers keep
LONGEST_NEXT = 600


@dataclass(frozen=True)
class Pending:
    """A sign-in that was begun: `state` comes back with its end, `next` is the path to go on to, `failed` names how it went wrong.

    What must stay unknown to others is derived from the state by the secret key, so it is in no cookie and in no table.
    """

    state: str
    next: str
    began_at: int
    failed: str = ""

    @property
    def nonce(self) -> str:
        """What the provider must repeat inside its signature (OpenID Connect Core 3.1.2.1)."""
        return self._derived("nonce")

    @property
    def code_verifier(self) -> str:
        """The secret of PKCE, 43 characters (RFC 7636 section 4.1)."""
        return self._derived("code_verifier")

    def _derived(self, purpose: str) -> str:
        digest = hmac.digest(runtime().settings.secret.encode(), f"telegram:{purpose}:{self.state}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def begin(target: str | None) -> Pending:
    """A new sign-in that goes on to `target` if it is a path of this site; `keep` must follow."""
    path = safe_path(target, AFTER_SIGN_IN)
    return Pending(secrets.token_urlsafe(32), path if len(path) <= LONGEST_NEXT else AFTER_SIGN_IN, now_ms() // 1000)


def find(state: str | None) -> Pending | None:
    """The sign-in of this state, if this browser began it in the last ten minutes."""
    return next((one for one in _of(state) if not one.failed), None)


def find_failed(state: str | None) -> Pending | None:
    """The sign-in of this state, if it went wrong in this browser in the last ten minutes: for a page that is loaded anew."""
    return next((one for one in _of(state) if one.failed), None)


def keep(response: Response, pending: Pending) -> None:
    """Remember the sign-in in this browser, and forget the oldest of too many."""
    _write(response, [*_all(), pending][-MOST:])


def forget(response: Response, pending: Pending) -> None:
    """The sign-in has ended well."""
    _write(response, [one for one in _all() if one.state != pending.state])


def fail(response: Response, pending: Pending, failed: str) -> None:
    """The sign-in went wrong: nothing ends it any more, and its page can say so again."""
    _write(response, [replace(one, failed=failed) if one.state == pending.state else one for one in _all()])


def _of(state: str | None) -> list[Pending]:
    return [one for one in _all() if state and hmac.compare_digest(one.state.encode(), state.encode())]


def _all() -> list[Pending]:
    try:
        rows = _serializer().loads(request.cookies.get(_name(), ""))
        found = [Pending(str(state), safe_path(str(path), AFTER_SIGN_IN), int(began_at), "".join(map(str, failed)))
                 for state, path, began_at, *failed in rows]
    except (BadData, TypeError, ValueError):
        return []
    return [one for one in found if 0 <= now_ms() // 1000 - one.began_at < LIFETIME]


def _write(response: Response, found: list[Pending]) -> None:
    secure = _production()
    if not found:
        response.delete_cookie(_name(), secure=secure, httponly=True, samesite="Lax")
        return
    text = _serializer().dumps([[one.state, one.next, one.began_at, *filter(None, [one.failed])] for one in found])
    response.set_cookie(_name(), text, max_age=LIFETIME, secure=secure, httponly=True, samesite="Lax")


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(runtime().settings.secret, salt="studium.telegram.pending")


def _name() -> str:
    """With the prefix no neighbouring subdomain can set it (RFC 6265bis, 4.1.3.2); browsers take it over https only."""
    return "__Host-studium_telegram" if _production() else "studium_telegram"


def _production() -> bool:
    return runtime().settings.core.env == "production"
