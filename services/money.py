"""Amounts of money: exact, in one currency, never a float and never rounded in silence; stored as integer minor units plus currency."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache

from studium.core.errors import StudiumError

MOST_MINOR = 2**63 - 1  # what the columns hold
DECIMALS = {  # of ISO 4217 (list one), where they are not two; Unicode's CLDR, and so Babel, says what people usually write, which is less
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF", 3: "BHD IQD JOD KWD LYD OMR TND", 4: "CLF UYW"}
_DEPARTING = {code: decimals for decimals, codes in DECIMALS.items() for code in codes.split()}


class MoneyError(StudiumError):
    """An amount or a currency that cannot be, or a sum of two currencies; the text names both."""


@dataclass(frozen=True)
class Money:
    """An amount in an ISO 4217 currency, with exactly that currency's decimals: `Money("29.00", "USD")`, `Money(2900, "JPY")`.

    `amount` may be given as Decimal, int or text, never as float. Raises MoneyError for an unknown currency, an amount that is no number,
    has more decimals than the currency, or does not fit into 64 bits of minor units. It may be negative, as in a ledger.
    """

    amount: Decimal
    currency: str

    def __init__(self, amount: Decimal | int | str, currency: str) -> None:
        object.__setattr__(self, "currency", currency)
        object.__setattr__(self, "amount", _exact(amount, currency))

    @classmethod
    def from_minor(cls, minor: int, currency: str) -> Money:
        """The money of so many minor units of ISO 4217: 2900 USD are $29.00, 2900 JPY are 2,900 yen."""
        return cls(Decimal(minor).scaleb(-exponent(currency)), currency)

    @property
    def minor(self) -> int:
        """The amount in minor units of ISO 4217, as stored: cents, yen, fils."""
        return int(self.amount.scaleb(exponent(self.currency)))

    @property
    def zero(self) -> Money:
        """Nothing, in this currency."""
        return Money(0, self.currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other).amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other).amount, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other).amount

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other).amount

    def __gt__(self, other: Money) -> bool:
        return self.amount > self._same(other).amount

    def __ge__(self, other: Money) -> bool:
        return self.amount >= self._same(other).amount

    def __bool__(self) -> bool:
        return self.amount != 0

    def __str__(self) -> str:
        """The amount with all its decimals, and the code: "29.00 USD"."""
        return f"{self.amount} {self.currency}"

    def percent(self, share: Decimal | int) -> Money:
        """So many percent of it, rounded half up to the minor unit: the one place where money is rounded."""
        step = Decimal(1).scaleb(-exponent(self.currency))
        return Money((self.amount * share / 100).quantize(step, ROUND_HALF_UP), self.currency)

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise MoneyError(f"{self} and {other} are of two currencies, so they cannot be added or compared.")
        return other


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum; nothing of `currency` when there is none. Raises MoneyError when another currency is among them."""
    return sum(amounts, Money(0, currency))


def to_minor(money: Money, exponents: Mapping[str, int]) -> int:
    """The amount in a payment service's own minor units: `exponents` names the decimals of currencies where it departs from ISO 4217.

    Raises MoneyError when the service cannot express the amount exactly.
    """
    scaled = money.amount.scaleb(exponents.get(money.currency, exponent(money.currency)))
    if scaled != scaled.to_integral_value():
        raise MoneyError(f"{money} has more decimals than the payment service takes.")
    return int(scaled)


def from_minor(minor: int, currency: str, exponents: Mapping[str, int]) -> Money:
    """The money that a payment service means by so many of its minor units; the reverse of `to_minor`."""
    return Money(Decimal(minor).scaleb(-exponents.get(currency, exponent(currency))), currency)


@cache
def exponent(currency: str) -> int:
    """The decimals of an ISO 4217 currency: USD 2, JPY 0, KWD 3. Raises MoneyError for one that Babel does not know."""
    from babel.core import get_global  # with its data, which programs that touch no money need not carry

    if not re.fullmatch(r"[A-Z]{3}", currency) or currency not in get_global("all_currencies"):
        raise MoneyError(f"{currency[:20]!r} is no currency of ISO 4217. Write its three capital letters, such as EUR.")
    return _DEPARTING.get(currency, 2)


def _exact(amount: Decimal | int | str, currency: str) -> Decimal:
    if isinstance(amount, bool) or not isinstance(amount, (Decimal, int, str)):
        raise MoneyError(f"An amount is a Decimal, an int or a text, not {type(amount).__name__}: a float cannot hold cents exactly.")
    step = Decimal(1).scaleb(-exponent(currency))
    try:
        given = Decimal(amount)
        exact = given.quantize(step)
    except InvalidOperation:
        raise MoneyError(f"{str(amount)[:40]!r} is no amount of {currency}.") from None
    if exact != given or abs(exact.scaleb(exponent(currency))) > MOST_MINOR:
        raise MoneyError(f"{str(amount)[:40]} cannot be an amount of {currency}, which has {exponent(currency)} decimals.")
    return exact + 0  # no negative zero
