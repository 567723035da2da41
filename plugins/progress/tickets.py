"""The signed id of a watch session (`sid`): who watches which video since when. Whoever has it may report beats for it, and only for it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import lru_cache

from itsdangerous import BadSignature, URLSafeSerializer

from studium.core.clock import now_ms
from studium.core.runtime import runtime

SALT = "studium.watch"
REV_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Ticket:
    """The content of a sid; `started_at` is the server's clock in ms since the epoch, `device` is "phone" or "computer"."""

    key: str
    user_id: int
    lesson_id: int
    asset_rev: str
    started_at: int
    device: str
    sid: str


def issue(user_id: int, lesson_id: int, asset_rev: str, device: str) -> str:
    """A new sid, starting now."""
    fields = [secrets.token_hex(8), user_id, lesson_id, asset_rev[:REV_LENGTH], now_ms(), device]
    return str(_serializer(runtime().settings.secret).dumps(fields))


def read(sid: str) -> Ticket | None:
    """The ticket of a sid, or None when its signature is not ours."""
    return _read(sid, runtime().settings.secret)


@lru_cache(maxsize=20_000)
def _read(sid: str, secret: str) -> Ticket | None:
    try:
        key, user_id, lesson_id, asset_rev, started_at, device = _serializer(secret).loads(sid)
    except (BadSignature, TypeError, ValueError):
        return None
    return Ticket(key, user_id, lesson_id, asset_rev, started_at, device, sid)


@lru_cache(maxsize=2)
def _serializer(secret: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt=SALT)
