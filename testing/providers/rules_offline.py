"""Money that comes outside of the site: the buyer is told how, and a person says that it came."""

from __future__ import annotations

from contextlib import suppress

from studium.core.errors import Problem
from studium.plugins.payments.confirming import confirm_offline
from studium.services.providers import OFFLINE, POLL
from studium.testing.providers.bench import Bench
from studium.testing.providers.rig import Inapplicable
from studium.testing.providers.rules import rule
from studium.testing.providers.verdict import expect


@rule("offline-instructions", "The buyer is told the amount, and a reference by which the money is recognised.", OFFLINE)
def instructions(bench: Bench) -> None:
    order = bench.order()
    found = bench.instructions(order)
    said = " ".join((found.text, *(word for line in found.lines for word in line)))
    expect(found.lines and all(label and value for label, value in found.lines), "lines of (label, value) to copy", found.lines)
    expect(order.number in said or found.reference in said, f"the number {order.number} or the reference {found.reference}", said)
    digits = "".join(char for char in said if char.isdigit())
    expect(str(order.money.amount).split(".")[0] in digits, f"the amount {order.money}", said)


@rule("offline-language", "Instructions are in the order's language.", OFFLINE)
def language(bench: Bench) -> None:
    if len(bench.rig.languages) < 2:
        raise Inapplicable("The provider's texts are in one language; the rig says so by `languages`.")
    first, second = bench.rig.languages[:2]
    told = [[label for label, _value in bench.instructions(bench.order(language=name)).lines] for name in (first, second)]
    expect(told[0] != told[1], f"other labels in {second} than in {first}", told[1])


@rule("offline-confirmed", "When a person says that the money came, access is given once; another amount is refused.", OFFLINE,
      beside=(POLL,))
def confirmed(bench: Bench) -> None:
    buyer = bench.shop.buyer()
    payment = buyer.begins()
    expect(payment.status == "pending" and not buyer.may_watch(), "status 'pending' and no access at first", buyer.state(payment))
    with suppress(Problem):
        confirm_offline(payment.id, bench.money(1), reference_note="statement 7", by="Olga")
    expect(not buyer.may_watch(), "no access for another amount", buyer.state(payment))
    for _again in range(2):
        with suppress(Problem):
            confirm_offline(payment.id, payment.money, reference_note="statement 7", by="Olga")
    expect(payment.status == "completed" and buyer.enrolments() == 1, "status 'completed', one enrolment", buyer.state(payment))
