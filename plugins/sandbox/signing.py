"""How the sandbox signs its webhooks: HMAC-SHA256 over the second of sending and the body, as payment services do."""

from __future__ import annotations

import hmac
import re

from studium.core.clock import now_ms
from studium.core.runtime import runtime
from studium.services.providers import InvalidWebhook

HEADER = "sandbox-signature"
TOLERANCE = 300  # seconds, either way: clocks differ, and what is older may be a recorded delivery


def webhook_key() -> str:
    """The key of this site's sandbox, made from the site's secret."""
    return hmac.new(runtime().settings.secret.encode(), b"studium.sandbox.webhook", "sha256").hexdigest()


def sign(raw: bytes, key: str, at: int | None = None) -> str:
    """The header's value for a body sent at `at` (epoch seconds, now unless told): `t=<seconds>,v1=<hex>`."""
    at = now_ms() // 1000 if at is None else at
    return f"t={at},v1={_digest(raw, key, at)}"


def verify(raw: bytes, header: str, key: str) -> None:
    """Raises InvalidWebhook: `signature` for a missing or wrong one, `stale` for one that was made too long ago or in the future."""
    found = re.fullmatch(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})", header)
    if found is None:
        raise InvalidWebhook(f"The header {HEADER} is missing or not as the sandbox writes it.", "signature")
    at = int(found[1])
    if not hmac.compare_digest(found[2], _digest(raw, key, at)):
        raise InvalidWebhook("The signature does not fit the body.", "signature")
    if abs(now_ms() / 1000 - at) > TOLERANCE:
        raise InvalidWebhook(f"The delivery was signed more than {TOLERANCE} s away from now.", "stale")


def _digest(raw: bytes, key: str, at: int) -> str:
    return hmac.new(key.encode(), b"%d." % at + raw, "sha256").hexdigest()
