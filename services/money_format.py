"""Money as people read it. Babel's data is heavy, so only what shows money to somebody imports this module."""

from __future__ import annotations

import re
from copy import copy

from babel import Locale

from studium.services.money import Money, exponent


def format_money(money: Money, locale: Locale | str) -> str:
    """An exact amount in its currency; whole amounts lose their zeros: "2 900 ₽", "$49.50"."""
    found = Locale.parse(locale) if isinstance(locale, str) else locale
    decimals = 0 if money.amount == money.amount.to_integral_value() else exponent(money.currency)
    pattern = copy(found.currency_formats["standard"])
    pattern.frac_prec = (decimals, decimals)  # CLDR's own number of them would round where ISO 4217 has more
    text = pattern.apply(money.amount, found, currency=money.currency, currency_digits=False)
    return re.sub(r"(?<=[A-Z])(?=\d)", "\N{NO-BREAK SPACE}", text)  # Unicode TR 35, currency spacing; Babel leaves it out
