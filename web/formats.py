"""How pages write durations, money, sizes and days in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.units import format_unit
from flask_babel import format_datetime, format_decimal, format_percent, format_timedelta, get_locale
from flask_babel import gettext as _

from studium.core import clock as core_clock
from studium.services.money import Money
from studium.services.money_format import format_money

FIRST_CURRENCY = {"ru": "RUB", "en": "USD"}
NAMELESS = re.compile(r"User (\d+)")
TIME = {"en": "h:mm a"}
DAY = {"en": "MMMM d, y", "ru": "d MMMM y 'г'."}


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


def money(amount: Money) -> str:
    """An exact amount in its currency; whole amounts lose their zeros: "2 900 ₽", "$49.50"."""
    return format_money(amount, _locale())


def prices(amounts: dict[str, str]) -> list[str]:
    """The prices of a tier, the currency of the reader's language first."""
    return [money(one) for one in first_currency(Money(amount, currency) for currency, amount in amounts.items())]


def first_currency(amounts: Iterable[Money]) -> list[Money]:
    """Amounts of one price in several currencies, the currency of the reader's language first."""
    first = FIRST_CURRENCY.get(_locale().language)
    return sorted(amounts, key=lambda amount: amount.currency != first)


def day(moment: datetime) -> str:
    """The day of a moment (naive UTC) where the reader is: "5 March 2027"."""
    return str(format_datetime(moment, DAY.get(_locale().language, "d MMMM y")))


def at_time(moment: datetime) -> str:
    """Day and time of a moment (naive UTC) where the reader is: "March 5, 2027, 4:30 PM"."""
    language = _locale().language
    return str(format_datetime(moment, f"{DAY.get(language, 'd MMMM y')}, {TIME.get(language, 'HH:mm')}"))


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


def shown_name(display_name: str) -> str:
    """A person's name as it is, or, for somebody who has none and is called "User 5008", that in the reader's language."""
    nameless = NAMELESS.fullmatch(display_name)
    return _("User %(number)s", number=nameless[1]) if nameless else display_name


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
    "day": day,
    "decimal": format_decimal,
    "duration": duration,
    "file_size": file_size,
    "first_currency": first_currency,
    "language_name": language_name,
    "moment": at_time,
    "money": money,
    "percent": whole_percent,
    "prices": prices,
    "shown_name": shown_name,
    "time_left": time_left,
}
