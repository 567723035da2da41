"""Whether what is on offer can be paid: each price of each course by some provider, and the receipts that the law asks for."""

from __future__ import annotations

from collections.abc import Iterator

from studium.core.clock import now
from studium.core.findings import Finding, ok, red, warning
from studium.core.settings import Settings
from studium.services.courses.catalogue import find_courses
from studium.services.money import Money, MoneyError
from studium.services.provider_registry import providers
from studium.services.providers import OFFLINE, RECEIPT, Order, PaymentProvider

PRICES, RECEIPTS = "prices", "receipts"
ROUBLE = "RUB"


def look(_settings: Settings) -> Iterator[Finding]:
    """Prices, then receipts."""
    priced = [(f"{course.slug}, {tier.key}", Money(amount, currency)) for course in find_courses("en") for tier in course.tiers
              for currency, amount in tier.prices.items() if _is_money(amount, currency)]
    if not priced:
        yield ok(PRICES, "nothing is sold yet")
        return
    yield from _takeable(priced)
    yield from _receipts(priced)


def _takeable(priced: list[tuple[str, Money]]) -> Iterator[Finding]:
    untaken = [(where, price) for where, price in priced if not any(_takes(one, price) for one in providers().values())]
    dead = {where for where, _price in priced} - {where for where, price in priced if (where, price) not in untaken}
    for where, price in untaken:
        found = red if where in dead else warning
        yield found(PRICES, f"{where}: no provider that is set up takes {price}"
                    + (", so nobody can buy it." if where in dead else "; buyers are asked for another currency."),
                    f"Set up a provider that takes {price.currency} (studium payments doctor), or take the price out of the course.")
    if not untaken:
        yield ok(PRICES, f"all {len(priced)} can be paid")


def _receipts(priced: list[tuple[str, Money]]) -> Iterator[Finding]:
    """Sales in roubles by card need a fiscal receipt (Russian law 54-FZ), which the provider has to send."""
    roubles = next((price for _where, price in priced if price.currency == ROUBLE), None)
    cards = [one for one in providers().values() if one.livemode and OFFLINE not in one.meta.capabilities]
    takers = [one for one in cards if roubles and _takes(one, roubles)]
    bare = [one.meta.code for one in takers if RECEIPT not in one.meta.capabilities]
    if bare and len(bare) == len(takers):
        yield warning(RECEIPTS, f"prices are in roubles, and {', '.join(bare)} may not send fiscal receipts (54-FZ).",
                      "Turn receipts on in the provider's settings (docs/settings.md), or see to them elsewhere.")
    elif takers:
        yield ok(RECEIPTS, "buyers are asked for an e-mail address for the fiscal receipt")


def _takes(provider: PaymentProvider, price: Money) -> bool:
    """As the checkout sees it; one that cannot even answer takes nothing."""
    try:
        return provider.is_available(Order("", "", price, "Course", "Tier", "en", now()), price)
    except Exception:  # noqa: BLE001  another person's code; the checkout logs what it raises
        return False


def _is_money(amount: str, currency: str) -> bool:
    """Prices were checked at the import; those of nothing need no provider."""
    try:
        return bool(Money(amount, currency))
    except MoneyError:
        return False
