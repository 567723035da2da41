"""The person out of what Telegram says: the number `id`, and names and a photo that may be missing or odd."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from studium.services.sign_in import ExternalIdentity

LONGEST = {"first_name": 64, "last_name": 64, "username": 32, "photo_url": 500}
NUMBER = re.compile(r"[1-9][0-9]{0,18}")


def telegram_id(value: Any) -> int | None:
    """A Telegram id, given as a number or as its digits; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str) or not NUMBER.fullmatch(str(value)):
        return None
    return int(value) if int(value) < 2**63 else None


def from_claims(claims: Mapping[str, Any]) -> ExternalIdentity | None:
    """From an ID token. The account is the claim `id`: `sub` is another number, which the bot and the widget do not know."""
    number = telegram_id(claims.get("id"))
    if number is None:
        return None
    first_name = _text(claims, "given_name", "first_name") or _text(claims, "name", "first_name")
    return ExternalIdentity(number, first_name, _text(claims, "family_name", "last_name"), _text(claims, "preferred_username", "username"),
                            _address(_text(claims, "picture", "photo_url")))


def from_widget(fields: Mapping[str, str]) -> ExternalIdentity | None:
    """From the fields of the widget, verified before."""
    number = telegram_id(fields.get("id"))
    if number is None:
        return None
    texts = {name: _text(fields, name, name) for name in LONGEST}
    return ExternalIdentity(number, texts["first_name"], texts["last_name"], texts["username"], _address(texts["photo_url"]))


def printable(text: str, longest: int) -> str:
    """One line without what would not be seen, or could turn the line around, cut to so many characters."""
    return "".join(letter for letter in text if letter.isprintable()).strip()[:longest].strip()


def _text(source: Mapping[str, Any], key: str, limit: str) -> str:
    """A text of at most LONGEST[limit]; a photo's address is not cut but left out when it is too long."""
    value = source.get(key)
    if not isinstance(value, str) or (limit == "photo_url" and len(value.strip()) > LONGEST[limit]):
        return ""
    return printable(value, LONGEST[limit])


def _address(value: str) -> str:
    return value if value.startswith("https://") else ""
