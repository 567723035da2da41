"""Message-IDs that are the same at every try of a mail, and that prove to whom it went: a bounce which names one was caused by us.

A Message-ID is `<name.proof@domain>`: a name made of the mail's key, and a proof that only the owner of the site's secret can make. Both
tell nothing about rows.
"""

from __future__ import annotations

import hashlib
import hmac
import re

from studium.core.runtime import runtime

FORM = re.compile(r"<?([0-9a-f]{32})\.([0-9a-f]{32})@[^@>\s]+>?")


def message_id(key: str, address: str, domain: str) -> str:
    """The Message-ID (RFC 5322, 3.6.4) of the mail of this key to this address."""
    name = _sign("name", key)
    return f"<{name}.{_proof(name, address)}@{domain}>"


def is_ours(found: str, address: str) -> bool:
    """Whether a Message-ID is that of a mail that this site sent to this address."""
    parts = FORM.fullmatch(found.strip())
    return parts is not None and hmac.compare_digest(parts[2], _proof(parts[1], address))


def _proof(name: str, address: str) -> str:
    return _sign("proof", f"{name} {address.lower()}")  # servers may tell the address of a bounce in lower case


def _sign(purpose: str, text: str) -> str:
    signed = hmac.new(runtime().settings.secret.encode(), f"studium.mail.{purpose} {text}".encode(), hashlib.sha256)
    return signed.hexdigest()[:32]
