"""Disputes: the buyer asks their bank for the money back."""

from __future__ import annotations

from studium.services.providers import DISPUTE, WEBHOOK
from studium.testing.providers.bench import Bench
from studium.testing.providers.rules import rule
from studium.testing.providers.verdict import expect


@rule("dispute-open", "While a dispute is open, fetch() says disputed, and the payment is still completed.", DISPUTE)
def opened(bench: Bench) -> None:
    _order, reference = bench.paid()
    expect(not bench.provider.fetch(reference).disputed, "disputed False before", True)
    bench.rig.dispute(reference)
    _is(bench, reference, disputed=True, lost=False)


@rule("dispute-won", "A dispute that the school won leaves the payment as it was.", DISPUTE)
def won(bench: Bench) -> None:
    _order, reference = bench.paid()
    bench.rig.dispute(reference)
    bench.rig.end_dispute(reference, won=True)
    _is(bench, reference, disputed=False, lost=False)


@rule("dispute-lost", "A dispute that the buyer won is dispute_lost, for good.", DISPUTE)
def lost(bench: Bench) -> None:
    _order, reference = bench.paid()
    bench.rig.dispute(reference)
    bench.rig.end_dispute(reference, won=False)
    _is(bench, reference, disputed=False, lost=True)


@rule("dispute-webhook", "The webhook of a dispute is about its payment.", DISPUTE, WEBHOOK)
def webhook(bench: Bench) -> None:
    _order, reference = bench.paid()
    bench.rig.deliveries(reference)
    bench.rig.dispute(reference)
    found = [notice for delivery in bench.rig.deliveries(reference) for notice in bench.read(delivery)]
    seen = bench.provider.fetch(reference)
    known = {reference, seen.reference, *seen.refs}
    expect(any(notice.object_id in known for notice in found), f"a Notice whose object_id is one of {sorted(known)}",
           [notice.object_id for notice in found])


@rule("dispute-access", "An open dispute suspends the enrolment, a won one restores it, a lost one ends it.", DISPUTE)
def access(bench: Bench) -> None:
    for won in (True, False):
        buyer = bench.shop.buyer()
        payment = buyer.buys()
        bench.rig.dispute(payment.reference)
        bench.shop.hear(payment)
        expect(payment.status == "disputed" and not buyer.may_watch(), "status 'disputed' and no access", buyer.state(payment))
        bench.rig.end_dispute(payment.reference, won=won)
        bench.shop.hear(payment)
        status = "completed" if won else "refunded"
        expect(payment.status == status and buyer.may_watch() == won, f"status {status!r}, access {won}", buyer.state(payment))


def _is(bench: Bench, reference: str, *, disputed: bool, lost: bool) -> None:
    seen = bench.provider.fetch(reference)
    expect((seen.disputed, seen.dispute_lost) == (disputed, lost), f"disputed {disputed}, dispute_lost {lost}",
           f"disputed {seen.disputed}, dispute_lost {seen.dispute_lost}")
    expect(seen.status == "completed", "status 'completed': the dispute is said beside it", repr(seen.status))
