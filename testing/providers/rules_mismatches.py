"""Money that is not what was asked gives no access, and the owner is told why."""

from __future__ import annotations

from typing import Any

from studium.services.money import Money
from studium.services.providers import POLL
from studium.testing.providers.bench import Bench
from studium.testing.providers.rig import Inapplicable
from studium.testing.providers.rules import rule
from studium.testing.providers.verdict import expect


@rule("mismatch-amount", "Another amount than was asked gives no access: fetch() says what was paid, not what we asked.", POLL)
def amount(bench: Bench) -> None:
    for money in (bench.money(1), bench.money(28), bench.money(290)):
        _no_access(bench, "amount-mismatch", money=money)


@rule("mismatch-currency", "Another currency than was asked gives no access, be the number the same.", POLL)
def currency(bench: Bench) -> None:
    others = bench.meta.currencies - {bench.rig.currency} if bench.meta.currencies else {"USD", "EUR"} - {bench.rig.currency}
    if not others:
        raise Inapplicable("It takes one currency only.")
    _no_access(bench, "currency-mismatch", money=Money(29, sorted(others)[0]))


@rule("mismatch-mode", "Play money does not buy what real money is asked for, nor the reverse: fetch() says the mode.", POLL)
def mode(bench: Bench) -> None:
    _no_access(bench, "mode-mismatch", livemode=not bench.provider.livemode)


@rule("mismatch-order", "A payment of another order gives no access: fetch() says the order's id from the service's metadata.", POLL)
def order(bench: Bench) -> None:
    _no_access(bench, "order-mismatch", order_id="00000000-0000-4000-8000-000000000000")


def _no_access(bench: Bench, problem: str, **false: Any) -> None:
    buyer = bench.shop.buyer()
    payment = buyer.begins()
    reference = payment.reference
    bench.rig.pay(reference)
    bench.rig.falsify(reference, **false)
    bench.shop.hear(payment)
    bench.shop.look(payment)
    expect(payment.problem == problem and not buyer.may_watch(), f"problem {problem!r} and no access", buyer.state(payment))
