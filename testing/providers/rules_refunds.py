"""Giving money back: once for each asking, never more than came, and seen by whoever did it."""

from __future__ import annotations

import uuid

from studium.plugins.payments.refunds import ask_refund
from studium.services.money import Money, total
from studium.services.providers import PARTIAL_REFUND, POLL, REFUND, WEBHOOK, ProviderDown, ProviderRefused, RefundSnapshot
from studium.testing.providers.bench import Bench
from studium.testing.providers.rig import Fault
from studium.testing.providers.rules import rule
from studium.testing.providers.shop import Bought
from studium.testing.providers.verdict import expect


@rule("refund-whole", "refund() gives the amount back; fetch() shows it with our refund's uuid.", REFUND)
def whole(bench: Bench) -> None:
    order, reference = bench.paid()
    key = str(uuid.uuid4())
    found = bench.must_answer("from refund()", lambda: bench.provider.refund(reference, order.money, key))
    _is_ours(found, key, order.money)
    seen = bench.provider.fetch(reference)
    expect(len(seen.refunds) == 1, "one refund in the Snapshot", seen.refunds)
    _is_ours(seen.refunds[0], key, order.money)
    expect(seen.refunds[0].id == found.id, f"the refund {found.id}", seen.refunds[0].id)
    expect(seen.status == "completed", "status 'completed': that money was given back is said by the refunds", repr(seen.status))


@rule("refund-same-key", "refund() twice with one key gives the money back once.", REFUND)
def same_key(bench: Bench) -> None:
    order, reference = bench.paid()
    key, part = str(uuid.uuid4()), _part(bench, order.money)
    first, second = (bench.provider.refund(reference, part, key) for _time in range(2))
    expect(first.id == second.id, f"the refund {first.id} again", second.id)
    _given_back(bench, reference, part)


@rule("refund-lost-answer", "A refund whose answer was lost is asked for again with the same key, and the money goes back once.", REFUND)
def lost_answer(bench: Bench) -> None:
    order, reference = bench.paid()
    key, part = str(uuid.uuid4()), _part(bench, order.money)
    with bench.fault("lost-answer"):
        bench.must_raise(ProviderDown, "when the answer is lost", lambda: bench.provider.refund(reference, part, key))
    found = bench.must_answer("to the second try", lambda: bench.provider.refund(reference, part, key))
    _is_ours(found, key, part)
    _given_back(bench, reference, part)
    expect(set(bench.rig.keys("refund")) == {key}, "our key with every call", bench.rig.keys("refund"))


@rule("refund-error", "A 500, a page of HTML or no connection at refund() is ProviderDown, and gives nothing back.", REFUND)
def error(bench: Bench) -> None:
    for fault in ("error", "garbage", "unreachable"):
        _down(bench, fault)


@rule("refund-slow", "refund() gives up after context.timeout seconds with ProviderDown.", REFUND)
def slow(bench: Bench) -> None:
    _down(bench, "slow")


@rule("refund-refused", "A refund that the service refuses is ProviderRefused: the owner learns of it, and nobody tries again.", REFUND)
def refused(bench: Bench) -> None:
    order, reference = bench.paid()
    with bench.fault("refuse"):
        bench.must_raise(ProviderRefused, "when the service says no",
                         lambda: bench.provider.refund(reference, order.money, str(uuid.uuid4())))
    expect(not bench.provider.fetch(reference).refunds, "no refund", bench.provider.fetch(reference).refunds)


@rule("refund-parts", "Parts can be given back one after the other, until nothing is left.", PARTIAL_REFUND)
def parts(bench: Bench) -> None:
    order, reference = bench.paid(bench.money(30))
    keys = [str(uuid.uuid4()) for _part in range(3)]
    for key in keys:
        bench.must_answer("to each part", lambda key=key: bench.provider.refund(reference, bench.money(10), key))  # type: ignore[misc]
    _given_back(bench, reference, order.money)
    seen = bench.provider.fetch(reference).refunds
    expect({one.refund_id for one in seen} == set(keys), "three refunds with our three uuids", [one.refund_id for one in seen])


@rule("refund-over", "More than what is left is ProviderRefused, and gives nothing back.", REFUND)
def over(bench: Bench) -> None:
    order, reference = bench.paid()
    more = order.money + bench.money(1)
    bench.must_raise(ProviderRefused, f"for {more} of {order.money}", lambda: bench.provider.refund(reference, more, str(uuid.uuid4())))
    _given_back(bench, reference, order.money.zero)


@rule("refund-unpaid", "A refund of what nobody paid is ProviderRefused.", REFUND)
def unpaid(bench: Bench) -> None:
    order = bench.order()
    reference = bench.begin(order)
    bench.must_raise(ProviderRefused, "for a payment that is pending",
                     lambda: bench.provider.refund(reference, order.money, str(uuid.uuid4())))


@rule("refund-elsewhere", "A refund that was made on the service's own pages is in the Snapshot, with refund_id None.", REFUND, POLL)
def elsewhere(bench: Bench) -> None:
    order, reference = bench.paid()
    bench.rig.refund_elsewhere(reference, order.money)
    seen = bench.provider.fetch(reference).refunds
    completed = [one.money for one in seen if one.status == "completed"]
    expect(completed == [order.money], f"one completed refund of {order.money}", seen)
    expect(seen[0].refund_id is None, "refund_id None, as it is not ours", seen[0].refund_id)


@rule("refund-pending", "A refund that takes time is `pending`, and later `completed` or `failed`, as the service says.", REFUND, POLL)
def pending(bench: Bench) -> None:
    for completed, status in ((True, "completed"), (False, "failed")):
        order = bench.order()
        reference = bench.begin(order)
        bench.rig.pay(reference)
        bench.rig.hold_refunds()
        found = bench.provider.refund(reference, order.money, str(uuid.uuid4()))
        expect(found.status == "pending", "status 'pending'", repr(found.status))
        bench.rig.end_refunds(reference, completed=completed)
        seen = bench.provider.fetch(reference).refunds
        expect([one.status for one in seen] == [status], f"status {status!r} in the Snapshot", [one.status for one in seen])


@rule("refund-webhook", "A webhook of a refund, ours or another, is about its payment.", REFUND, WEBHOOK)
def webhook(bench: Bench) -> None:
    order, reference = bench.paid()
    bench.rig.deliveries(reference)
    bench.rig.refund_elsewhere(reference, order.money)
    found = [notice for delivery in bench.rig.deliveries(reference) for notice in bench.read(delivery)]
    seen = bench.provider.fetch(reference)
    known = {reference, seen.reference, *seen.refs}
    expect(any(notice.object_id in known for notice in found),
           f"a Notice whose object_id is one of {sorted(known)}: ids of refunds are refs too", [notice.object_id for notice in found])


def _part(bench: Bench, money: Money) -> Money:
    return bench.money(10) if PARTIAL_REFUND in bench.meta.capabilities else money


def _is_ours(found: RefundSnapshot, key: str, money: Money) -> None:
    why = "our uuid, from the service's metadata, by which its echo is recognised"
    expect(found.refund_id == key, f"refund_id {key}: {why}", found.refund_id)
    expect(found.money == money, f"{money}", found.money)
    expect(found.id, "the service's id of the refund", found.id)


def _given_back(bench: Bench, reference: str, money: Money) -> None:
    made = bench.rig.refunded(reference)
    expect(total(made, money.currency) == money, f"{money} given back in all", f"{[str(one) for one in made]}")


def _down(bench: Bench, fault: Fault) -> None:
    order, reference = bench.paid()
    key = str(uuid.uuid4())
    with bench.fault(fault):
        bench.must_raise(ProviderDown, f"for refund() while the service fails by '{fault}'",
                         lambda: bench.provider.refund(reference, order.money, key))
    _given_back(bench, reference, order.money.zero)
    bench.must_answer("once the service is well again", lambda: bench.provider.refund(reference, order.money, key))
    _given_back(bench, reference, order.money)


# Through the site


@rule("refund-echo", "Our refund and its webhook are one refund, and the whole money back ends access.", REFUND, POLL)
def echo(bench: Bench) -> None:
    buyer = bench.shop.buyer()
    payment = buyer.buys()
    ask_refund(payment.id, None, reason="asked for", by="Olga")
    bench.shop.run_waiting_jobs()
    bench.shop.hear(payment)
    bench.shop.look(payment)
    _one_refund(payment, payment.money)
    expect(payment.status == "refunded" and not buyer.may_watch(), "status 'refunded', no access", buyer.state(payment))


@rule("refund-part-keeps-access", "A part given back keeps access, and the rest can follow.", PARTIAL_REFUND, POLL)
def part_keeps_access(bench: Bench) -> None:
    buyer = bench.shop.buyer()
    payment = buyer.buys()
    ask_refund(payment.id, bench.money(9), reason="a lesson fell out", by="Olga")
    bench.shop.run_waiting_jobs()
    bench.shop.hear(payment)
    expect(payment.status == "partly_refunded" and buyer.may_watch(), "status 'partly_refunded' and access", buyer.state(payment))
    ask_refund(payment.id, None, reason="the rest", by="Olga")
    bench.shop.run_waiting_jobs()
    bench.shop.hear(payment)
    expect(payment.status == "refunded" and not buyer.may_watch(), "status 'refunded', no access", buyer.state(payment))
    expect(sum(minor for kind, minor in payment.ledger() if kind == "refund") == -payment.money.minor, "refunds of the whole in the ledger",
           payment.ledger())


@rule("refund-retried", "A refund whose answer was lost is made once, and counted once.", REFUND, POLL)
def retried(bench: Bench) -> None:
    buyer = bench.shop.buyer()
    payment = buyer.buys()
    with bench.fault("lost-answer"):
        ask_refund(payment.id, None, reason="asked for", by="Olga")
        bench.shop.run_waiting_jobs()
    bench.shop.run_waiting_jobs()
    bench.shop.look(payment)
    _one_refund(payment, payment.money)
    _given_back(bench, payment.reference, payment.money)
    expect(payment.status == "refunded", "status 'refunded'", buyer.state(payment))


@rule("refund-elsewhere-access", "A refund on the service's own pages ends access as ours does.", REFUND, POLL)
def elsewhere_access(bench: Bench) -> None:
    buyer = bench.shop.buyer()
    payment = buyer.buys()
    bench.rig.refund_elsewhere(payment.reference, payment.money)
    bench.shop.hear(payment)
    bench.shop.look(payment)
    _one_refund(payment, payment.money)
    expect(payment.status == "refunded" and not buyer.may_watch(), "status 'refunded', no access", buyer.state(payment))


@rule("refund-failed-access", "A refund that fails in the end leaves access as it was.", REFUND, POLL)
def failed_access(bench: Bench) -> None:
    buyer = bench.shop.buyer()
    payment = buyer.buys()
    bench.rig.hold_refunds()
    ask_refund(payment.id, None, reason="asked for", by="Olga")
    bench.shop.run_waiting_jobs()
    expect(payment.status == "completed" and buyer.may_watch(), "status 'completed' while the refund is pending", buyer.state(payment))
    bench.rig.end_refunds(payment.reference, completed=False)
    bench.shop.hear(payment)
    bench.shop.look(payment)
    expect(payment.status == "completed" and buyer.may_watch(), "status 'completed' and access", buyer.state(payment))
    statuses = [row["status"] for row in payment.refunds()]
    expect(statuses == ["failed"], "one refund that failed", statuses)


def _one_refund(payment: Bought, money: Money) -> None:
    rows = payment.refunds()
    expect([(row["status"], row["amount_minor"]) for row in rows] == [("completed", money.minor)], f"one completed refund of {money}",
           [(row["status"], row["amount_minor"], row["currency"]) for row in rows])
    booked = [minor for kind, minor in payment.ledger() if kind == "refund"]
    expect(booked == [-money.minor], "one refund in the ledger", payment.ledger())
