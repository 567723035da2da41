"""The rule by which the legacy Login Widget's data is Telegram's (core.telegram.org/widgets/login-legacy, "Checking authorization")."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

KNOWN = ("auth_date", "first_name", "id", "last_name", "photo_url", "username")  # in the order of the data-check-string
FRESH_SECONDS = 600
AHEAD_SECONDS = 60  # that Telegram's clock may be before ours


def data_check_string(fields: Mapping[str, str]) -> str:
    """The known fields that are there, as lines `name=value`; what else is in the address, such as `state`, is not signed."""
    return "\n".join(f"{name}={fields[name]}" for name in KNOWN if name in fields)


def is_signed(fields: Mapping[str, str], given_hash: str, bot_token: str) -> bool:
    """Whether the hash is the HMAC-SHA-256 of the fields under the SHA-256 of the bot's token.

    A value of several lines could be read as further fields, so such a one is never signed.
    """
    if any("\n" in value for value in fields.values()):
        return False
    key = hashlib.sha256(bot_token.encode()).digest()
    expected = hmac.new(key, data_check_string(fields).encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), given_hash.encode())


def is_fresh(auth_date: str, now: int) -> bool:
    """Whether Telegram said so in the last ten minutes; times are seconds since the epoch."""
    if not (auth_date.isascii() and auth_date.isdigit() and len(auth_date) <= 12):
        return False
    return -AHEAD_SECONDS <= now - int(auth_date) <= FRESH_SECONDS
