"""Webhooks through the site's own inbox: any number, any order, any sender."""

from __future__ import annotations

import dataclasses

from studium.services.providers import POLL, WEBHOOK
from studium.testing.providers.bench import Bench
from studium.testing.providers.rig import SIGNATURE, SOURCE, Delivery
from studium.testing.providers.rules import rule
from studium.testing.providers.rules_webhooks import BAD_BODIES
from studium.testing.providers.verdict import expect

COPIES = 8
HUGE = 300 * 1024


@rule("inbox-duplicates", "One event that arrives eight times at the same moment gives access once.", WEBHOOK)
def duplicates(bench: Bench) -> None:
    buyer = bench.shop.buyer()
    payment = buyer.begins()
    bench.rig.pay(payment.reference)
    events = list(bench.rig.deliveries(payment.reference))
    answers = bench.shop.post_at_once([events[-1]] * COPIES)
    expect(answers == [200] * COPIES, f"200 to each of {COPIES}", answers)
    bench.shop.run_waiting_jobs()
    expect(payment.status == "completed" and buyer.enrolments() == 1, "status 'completed', one enrolment", buyer.state(payment))
    expect(len(payment.ledger()) == 1, "one charge in the ledger", payment.ledger())


@rule("inbox-reversed", "Events that arrive in the wrong order lead to the same end.", WEBHOOK)
def reversed_order(bench: Bench) -> None:
    buyer = bench.shop.buyer()
    payment = buyer.begins()
    early = list(bench.rig.deliveries(payment.reference))
    bench.rig.pay(payment.reference)
    events = early + list(bench.rig.deliveries(payment.reference))
    bench.shop.hear(payment, list(reversed(events)))
    expect(payment.status == "completed" and buyer.enrolments() == 1, "status 'completed', one enrolment", buyer.state(payment))


@rule("inbox-believes-fetch", "A webhook that says 'paid' while fetch() says 'pending' gives no access.", WEBHOOK, POLL)
def believes_fetch(bench: Bench) -> None:
    buyer = bench.shop.buyer()
    payment = buyer.begins()
    status = bench.shop.post(bench.rig.claim_paid(payment.reference))
    bench.shop.run_waiting_jobs()
    expect(status == 200 and payment.status == "pending" and not buyer.may_watch(), "200, status 'pending', no access",
           f"{status}, {buyer.state(payment)}")


@rule("inbox-unknown", "A webhook of a payment that nobody here knows is taken and changes nothing.", WEBHOOK)
def unknown(bench: Bench) -> None:
    buyer = bench.shop.buyer()
    payment = buyer.begins()
    status = bench.shop.post(bench.rig.claim_paid("nobody-knows-this"))
    bench.shop.run_waiting_jobs()
    expect(status == 200, "200: the service must not send it again for days", status)
    expect(payment.status == "pending" and not buyer.may_watch(), "other payments as they were", buyer.state(payment))


@rule("inbox-refuses", "What is not proven is answered by 4xx and stored nowhere.", WEBHOOK)
def refuses(bench: Bench) -> None:
    bench.shop.buyer()
    _reference, delivery = bench.genuine()
    kept = bench.shop.inbox()
    for what, bad in _unproven(bench, delivery).items():
        status = bench.shop.post(bad)
        expect(400 <= status < 500, f"4xx to {what}", status)
    expect(bench.shop.inbox() == kept, "nothing stored", f"{bench.shop.inbox() - kept} rows")


@rule("inbox-odd-bodies", "No body, however odd, makes the site answer 5xx; one beyond 256 KB is refused.", WEBHOOK)
def odd_bodies(bench: Bench) -> None:
    _reference, delivery = bench.genuine()
    for what, raw in BAD_BODIES.items():
        status = bench.shop.post(_proven(bench, delivery, raw))
        expect(status == 200 or 400 <= status < 500, f"200 or 4xx to {what}", status)
    status = bench.shop.post(_proven(bench, delivery, b" " * HUGE))
    expect(400 <= status < 500, "4xx to 300 KB", status)
    bench.shop.run_waiting_jobs()


@rule("inbox-retries", "A webhook that comes while the service is down is handled once it is back.", WEBHOOK, POLL)
def retries(bench: Bench) -> None:
    buyer = bench.shop.buyer()
    payment = buyer.begins()
    bench.rig.pay(payment.reference)
    events = list(bench.rig.deliveries(payment.reference))
    with bench.fault("error"):
        status = {bench.shop.post(event) for event in events}
        bench.shop.run_jobs()
        expect(status == {200} and payment.status == "pending", "200, status 'pending' for now", f"{status}, {payment.status!r}")
    bench.shop.run_waiting_jobs()
    expect(payment.status == "completed" and buyer.enrolments() == 1, "status 'completed', one enrolment", buyer.state(payment))


def _unproven(bench: Bench, delivery: Delivery) -> dict[str, Delivery]:
    found: dict[str, Delivery] = {}
    if SIGNATURE in bench.rig.proofs:
        found |= {"a forged webhook": bench.rig.forge(delivery), "a changed body": dataclasses.replace(delivery, raw=delivery.raw + b" "),
                  "no signature": dataclasses.replace(delivery, headers={})}
    if SOURCE in bench.rig.proofs:
        found |= {f"a webhook from {one}": dataclasses.replace(delivery, remote_addr=one) for one in bench.rig.strangers()}
    return found


def _proven(bench: Bench, delivery: Delivery, raw: bytes) -> Delivery:
    return bench.rig.resign(delivery, raw=raw) if SIGNATURE in bench.rig.proofs else dataclasses.replace(delivery, raw=raw)
