"""How pages write durations, money, sizes and days in the reader's language."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.numbers import format_currency
from babel.units import format_unit
from flask_babel import format_decimal, format_percent, format_timedelta, get_locale

from studium.core import clock as core_clock

FIRST_CURRENCY = {"ru": "RUB", "en": "USD"}


def clock(milliseconds: int) -> str:
    """A place in a video: 754000 is "12:34", from one hour on "1:02:03"."""
    seconds = max(0, milliseconds // 1000)
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"


def clock_up(milliseconds: int) -> str:
    """As `clock`, rounded up to whole seconds, so that what is left never reads 0:00."""
    return clock(-(-milliseconds // 1000) * 1000)


def duration(milliseconds: int) -> str:
    """A length in words: "1 hr 20 min"; below one minute in seconds."""
    seconds = milliseconds // 1000
    hours, minutes = divmod(round(seconds / 60), 60)
    if seconds < 60:
        return format_unit(seconds, "duration-second", "short", locale=_locale())
    parts = [(hours, "duration-hour"), (minutes, "duration-minute")]
    return " ".join(format_unit(amount, unit, "short", locale=_locale()) for amount, unit in parts if amount)


def money(amount: str, currency: str) -> str:
    """An exact amount in its currency; whole amounts lose their zeros: "2 900 ₽", "$49.50"."""
    value, pattern = Decimal(amount), _locale().currency_formats["standard"].pattern
    if value == value.to_integral_value():
        text = format_currency(value, currency, pattern.replace(".00", ""), locale=_locale(), currency_digits=False)
    else:
        text = format_currency(value, currency, locale=_locale())
    return re.sub(
        r"(?<=[A-Z])(?=\d)", "\N{NO-BREAK SPACE}", text
    )  # Unicode TR 35, currency spacing; Babel leaves it out


def prices(amounts: dict[str, str]) -> list[str]:
    """The prices of a tier, the currency of the reader's language first."""
    first = FIRST_CURRENCY.get(_locale().language)
    ordered = sorted(amounts.items(), key=lambda item: item[0] != first)
    return [money(amount, currency) for currency, amount in ordered]


def file_size(size: int) -> str:
    """A file's size in bytes, as people read it: "1.2 MB"."""
    for unit, step in (("digital-megabyte", 1_000_000), ("digital-kilobyte", 1_000)):
        if size >= step:
            return format_unit(round(size / step, 1), unit, "short", locale=_locale())
    return format_unit(size, "digital-byte", "long", locale=_locale())


def ago(moment: datetime) -> str:
    """How long ago a moment (naive UTC) was: "3 hours ago"."""
    return str(format_timedelta(moment - core_clock.now(), add_direction=True, threshold=1.2))


def time_left(moment: datetime) -> str:
    """How long it is until a moment (naive UTC): "7 days"."""
    return str(format_timedelta(moment - core_clock.now(), threshold=1.2))


def language_name(code: str) -> str:
    """A language in its own words: "Русский"; a code that nobody knows stays as it is."""
    try:
        name = Locale.parse(code).get_display_name(code)
    except (UnknownLocaleError, ValueError):
        return code
    return name.capitalize() if name else code


def whole_percent(value: float) -> str:
    """A whole number 0..100 as percent in the reader's language."""
    return str(format_percent(value / 100))


def _locale() -> Locale:
    locale = get_locale()
    return locale if locale is not None else Locale("en")


FILTERS: dict[str, Any] = {
    "ago": ago,
    "clock": clock,
    "clock_up": clock_up,
    "decimal": format_decimal,
    "duration": duration,
    "file_size": file_size,
    "language_name": language_name,
    "percent": whole_percent,
    "prices": prices,
    "time_left": time_left,
}
