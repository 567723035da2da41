"""Whether a webhook is Stripe's (docs.stripe.com/webhooks#verify-manually): `Stripe-Signature: t=<seconds>,v1=<hex>[,v1=<hex>...]`.

The SDK could do it too, but would be imported for whatever strangers send, and lets signatures from the future pass.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable

from studium.core.clock import now_ms
from studium.services.providers import InvalidWebhook

HEADER = "stripe-signature"
TOLERANCE = 300  # seconds, either way: clocks differ, and what is older may be a recorded delivery
MOST_SIGNATURES = 20


def verify(raw: bytes, header: str, secrets: Iterable[str]) -> None:
    """Raises InvalidWebhook: `signature` when none of the secrets made any of its signatures, `stale` when it was made at another time."""
    at, signatures = _read(header)
    made = [hmac.new(secret.encode(), b"%s.%s" % (at, raw), hashlib.sha256).hexdigest().encode() for secret in secrets]
    matches = [hmac.compare_digest(ours, theirs) for ours in made for theirs in signatures]
    if not any(matches):
        raise InvalidWebhook("No signature of the delivery was made with a secret of this site's endpoint.", "signature")
    if abs(now_ms() / 1000 - int(at)) > TOLERANCE:
        raise InvalidWebhook(f"The delivery was signed more than {TOLERANCE} s away from now.", "stale")


def _read(header: str) -> tuple[bytes, list[bytes]]:
    """The time as it was signed, and the signatures of the scheme v1."""
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _is, value in parts if name == "t"]
    signatures = [value.encode(errors="replace") for name, _is, value in parts if name == "v1"]
    if len(times) != 1 or not re.fullmatch(r"[0-9]{1,12}", times[0], re.ASCII) or not 0 < len(signatures) <= MOST_SIGNATURES:
        raise InvalidWebhook("The header Stripe-Signature is missing or not as Stripe writes it.", "signature")
    return times[0].encode(), signatures
