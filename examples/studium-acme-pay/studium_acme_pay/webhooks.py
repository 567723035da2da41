"""The webhooks of Acme Pay: that they are genuine, and what they are about."""

from __future__ import annotations

import hmac
import json
import re
import time

from studium.services.providers import InvalidWebhook, Notice

HEADER = "x-signature"
SIGNATURE = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")
WORD = re.compile(r"[A-Za-z0-9._-]{1,100}")
TOLERANCE = 300  # seconds, either way: clocks differ, and what is older may be a recorded delivery


def verify(raw: bytes, header: str, secret: str) -> None:
    """Raises InvalidWebhook: `signature` for a missing or wrong one, `stale` for another time than now."""
    found = SIGNATURE.fullmatch(header)
    if found is None:
        raise InvalidWebhook("The signature is missing, or not as Acme Pay writes it.", "signature")
    expected = hmac.new(secret.encode(), found[1].encode() + b"." + raw, "sha256").hexdigest()
    if not hmac.compare_digest(found[2], expected):
        raise InvalidWebhook("The signature does not fit the body.", "signature")
    if abs(time.time() - int(found[1])) > TOLERANCE:
        raise InvalidWebhook(f"It was signed more than {TOLERANCE} s away from now.", "stale")


def read_event(raw: bytes) -> list[Notice]:
    """What a verified body is about; raises InvalidWebhook, `malformed`."""
    try:
        told = json.loads(raw)
        words = [str(told[name]) for name in ("id", "type", "payment_id")]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InvalidWebhook(f"The body is no event of Acme Pay ({type(error).__name__}).", "malformed") from None
    if not all(WORD.fullmatch(word) for word in words):
        raise InvalidWebhook("The body has other words than Acme Pay writes.", "malformed")
    return [Notice(*words)]
