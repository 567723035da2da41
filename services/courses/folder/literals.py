"""The small languages inside a course: ids, slugs, times, prices, openings. Each parser returns None for nonsense."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal, InvalidOperation

from babel import Locale, UnknownLocaleError
from babel.core import get_global

from studium.services.money import MoneyError, exponent

ID_RULE = "1 to 64 of a-z, 0-9, '-', '_' and '.', beginning with a letter or digit"
SLUG_RULE = "words of a-z and 0-9 joined by '-', at most 80 characters"
TIME_RULE = "m:ss or h:mm:ss (such as 3:20 or 1:02:03.500), or a number of seconds"
AVAILABLE_RULE = "now, +7d or +12h after enrolment, or a moment such as 2026-10-01T10:00+03:00"

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):([0-5]\d)(?:\.(\d{1,3}))?", re.ASCII)
_SECONDS = re.compile(r"(\d{1,7})(?:\.(\d{1,3}))?", re.ASCII)
_DELAY = re.compile(r"\+\d{1,4}[dh]", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}")


def is_id(text: str) -> bool:
    """Tell whether `text` may be a stable id."""
    return _ID.fullmatch(text) is not None


def is_slug(text: str) -> bool:
    """Tell whether `text` may be a part of a web address."""
    return len(text) <= 80 and _SLUG.fullmatch(text) is not None


def language_name(code: str) -> str | None:
    """Return the language's own name ("Русский"), or None when the code is unknown."""
    if len(code) > 20 or not _LANGUAGE.fullmatch(code):
        return None
    try:
        name = Locale.parse(code, sep="-").get_display_name(code.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return None
    return name[:1].upper() + name[1:] if name else None


def parse_time(text: str) -> int | None:
    """Return milliseconds for a time written by `TIME_RULE`."""
    clock = _CLOCK.fullmatch(text)
    if clock:
        hours, minutes, seconds, fraction = clock.groups()
        if hours and int(minutes) > 59:
            return None
        whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
        return whole * 1000 + _fraction_ms(fraction)
    plain = _SECONDS.fullmatch(text)
    return int(plain[1]) * 1000 + _fraction_ms(plain[2]) if plain else None


def format_time(milliseconds: int) -> str:
    """Write milliseconds as m:ss or h:mm:ss, with the thousandths only when there are any."""
    seconds, rest = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    clock = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
    return f"{clock}.{rest:03}" if rest else clock


def parse_available(text: str) -> str | None:
    """Return the normal form of an opening moment written by `AVAILABLE_RULE`."""
    if text == "now" or _DELAY.fullmatch(text):
        return text
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.isoformat(timespec="minutes") if moment.tzinfo else None


def is_currency(code: str) -> bool:
    """Tell whether `code` is an ISO 4217 currency known to Babel."""
    return _CURRENCY.fullmatch(code) is not None and code in get_global("all_currencies")


def parse_price(text: str, currency: str) -> str | None:
    """Return the amount with exactly the currency's decimals ("2900.00"), or None when it does not fit exactly."""
    if not re.fullmatch(r"\d{1,9}(\.\d{1,4})?", text, re.ASCII):
        return None
    try:
        amount = Decimal(text)
        rounded = amount.quantize(Decimal(1).scaleb(-exponent(currency)))
    except (InvalidOperation, MoneyError):
        return None
    return str(rounded) if rounded == amount else None


def _fraction_ms(digits: str | None) -> int:
    return int((digits or "0").ljust(3, "0"))
