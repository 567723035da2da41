"""Buying with the provider through the site's own checkout: charged once, enrolled once, whatever gets lost."""

from __future__ import annotations

import uuid

from studium.services.providers import OFFLINE, POLL, REDIRECT, ProviderDown
from studium.testing.providers.bench import Bench
from studium.testing.providers.rules import rule
from studium.testing.providers.verdict import expect


@rule("checkout-buys", "Paid money gives access, once, and is in the ledger to the cent.", POLL)
def buys(bench: Bench) -> None:
    buyer = bench.shop.buyer()
    payment = buyer.buys()
    expect(buyer.enrolments() == 1, "one enrolment", buyer.enrolments())
    expect(payment.ledger() == [("charge", payment.money.minor)], f"one charge of {payment.money.minor} minor units", payment.ledger())


@rule("checkout-double-click", "A double click, and the back button, make one payment at the service.", REDIRECT)
def double_click(bench: Bench) -> None:
    buyer = bench.shop.buyer()
    first, second = buyer.begins(), buyer.begins()
    expect(first.id == second.id and first.reference == second.reference, "the same payment", f"{first.id} and {second.id}")
    expect(bench.rig.payments_of(first.id) == 1, "one payment at the service", bench.rig.payments_of(first.id))


@rule("checkout-lost-answer", "When the answer to begin() is lost, the buyer tries again and is charged once.", POLL, beside=(OFFLINE,))
def lost_answer(bench: Bench) -> None:
    buyer = bench.shop.buyer()
    payment_id = buyer.starts()
    with bench.fault("lost-answer"):
        expect(buyer.begins(payment_id).down, "the site shows that the service does not answer", "it went on")
    payment = buyer.begins(payment_id)
    expect(not payment.down and payment.status == "pending", "status 'pending' after the second try", buyer.state(payment))
    expect(bench.rig.payments_of(payment_id) == 1, "one payment at the service", bench.rig.payments_of(payment_id))
    bench.rig.pay(payment.reference)
    bench.shop.hear(payment)
    expect(payment.status == "completed" and buyer.enrolments() == 1, "status 'completed', one enrolment", buyer.state(payment))


@rule("checkout-lost-webhook", "When no webhook comes, asking on the return page or by the reconciler gives access all the same.", POLL)
def lost_webhook(bench: Bench) -> None:
    buyer = bench.shop.buyer()
    payment = buyer.begins()
    bench.rig.pay(payment.reference)
    bench.shop.look(payment)
    expect(payment.status == "completed" and buyer.may_watch(), "status 'completed' and access", buyer.state(payment))


@rule("checkout-not-paid", "Coming back without having paid gives no access, and the payment stays open.", POLL)
def not_paid(bench: Bench) -> None:
    buyer = bench.shop.buyer()
    payment = buyer.begins()
    bench.shop.look(payment)
    expect(payment.status == "pending" and not buyer.may_watch(), "status 'pending', no access", buyer.state(payment))


@rule("checkout-failed", "A payment that failed gives no access.", POLL)
def failed(bench: Bench) -> None:
    buyer = bench.shop.buyer()
    payment = buyer.begins()
    bench.rig.decline(payment.reference)
    bench.shop.hear(payment)
    bench.shop.look(payment)
    expect(payment.status == "failed" and not buyer.may_watch(), "status 'failed', no access", buyer.state(payment))


@rule("checkout-late-success", "Money that comes after a failure, or after the time ran out, still gives access.", POLL)
def late_success(bench: Bench) -> None:
    for end in (bench.rig.decline, bench.rig.expire):
        buyer = bench.shop.buyer()
        payment = buyer.begins()
        end(payment.reference)
        bench.shop.look(payment)
        before = payment.status
        bench.rig.pay(payment.reference)
        bench.shop.hear(payment)
        expect(before in ("failed", "expired"), "status 'failed' or 'expired' at first", repr(before))
        expect(payment.status == "completed" and buyer.may_watch(), "status 'completed' and access later", buyer.state(payment))


@rule("checkout-down", "While the service is down the payment stays as it is, and what was paid counts once it is back.", POLL)
def down(bench: Bench) -> None:
    buyer = bench.shop.buyer()
    payment = buyer.begins()
    bench.rig.pay(payment.reference)
    with bench.fault("error"):
        bench.must_raise(ProviderDown, "while the service answers 500", lambda: bench.shop.look(payment))
        expect(payment.status == "pending" and not buyer.may_watch(), "status 'pending' while nobody knows", buyer.state(payment))
    bench.shop.look(payment)
    expect(payment.status == "completed" and buyer.may_watch(), "status 'completed' and access", buyer.state(payment))


@rule("checkout-no-state", "A provider keeps nothing between calls: another process goes on with what this one began.", POLL)
def no_state(bench: Bench) -> None:
    order, key = bench.order(), str(uuid.uuid4())
    reference = bench.begin(order, key)
    bench.rig.fault = ""
    bench.renew()
    bench.rig.pay(reference)
    seen = bench.must_answer("from a provider that was made anew", lambda: bench.provider.fetch(reference))
    expect(seen.order_id == order.id and seen.status == "completed", f"order {order.id}, completed",
           f"order {seen.order_id}, {seen.status}")
