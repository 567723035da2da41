"""Codes of certificates: sixteen letters and digits that can be read aloud, copied from paper, and recognised as ours without a look-up.

A code is 40 random bits and 40 bits of a keyed hash (HMAC-SHA-256, RFC 2104) over them, in Crockford's Base32
(crockford.com/base32.html): no I, L, O and U, so that nothing looks like 1, 0 or V. People may write it in small letters, with or without
dashes, and with O for 0 or I and L for 1. Somebody who makes codes up needs 2**40 tries for one that is signed, and that one has never been
issued: the look-up still decides whether a certificate exists.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from studium.core.runtime import runtime
from studium.plugins.documents.settings import DocumentsSettings

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
HALF = 8  # characters of the random part, and of the signature
GROUP = 4
PURPOSE = b"studium certificate "
READ_AS = str.maketrans("OIL", "011", "- \N{NO-BREAK SPACE}\N{EN DASH}\N{EM DASH}\N{NON-BREAKING HYPHEN}")


def new_code() -> str:
    """A signed code as it is stored: 16 characters without dashes."""
    random_part = "".join(secrets.choice(LETTERS) for _ in range(HALF))
    return random_part + _signature(random_part)


def read_code(written: str) -> str | None:
    """The stored form of a code as somebody wrote it; None when it was never issued by this school."""
    code = written.strip().upper().translate(READ_AS)
    if len(code) != 2 * HALF or not set(code) <= set(LETTERS):
        return None
    return code if hmac.compare_digest(code[HALF:], _signature(code[:HALF])) else None


def show_code(code: str) -> str:
    """The code for people: ABCD-EFGH-JKMN-PQRS."""
    return "-".join(code[start:start + GROUP] for start in range(0, len(code), GROUP))


def _signature(random_part: str) -> str:
    digest = hmac.digest(_key(), PURPOSE + random_part.encode(), hashlib.sha256)
    return "".join(LETTERS[byte % len(LETTERS)] for byte in digest[:HALF])


def _key() -> bytes:
    """The settings' key for certificates, else the site's."""
    settings = runtime().settings
    own = settings[DocumentsSettings].certificate_key
    return (own.get_secret_value() if own else settings.secret).encode()
