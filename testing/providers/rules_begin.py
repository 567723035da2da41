"""Asking for a payment: once for each order, whatever happens to the answer."""

from __future__ import annotations

import threading
import uuid
from contextlib import suppress
from urllib.parse import urlsplit

from studium.services.providers import OFFLINE, POLL, Completed, Instructions, Order, ProviderDown, ProviderError, ProviderRefused, Redirect
from studium.testing.providers.bench import Bench
from studium.testing.providers.rig import Fault
from studium.testing.providers.rules import rule
from studium.testing.providers.verdict import Broken, expect

THREADS = 8


@rule("begin-answer", "begin() answers a reference of 1 to 200 characters, and a whole http(s) address to send the buyer to.")
def answer(bench: Bench) -> None:
    order = bench.order()
    found = bench.provider.begin(order, str(uuid.uuid4()), bench.return_url(order))
    expect(isinstance(found, Redirect | Instructions | Completed), "Redirect, Instructions or Completed", found)
    expect(isinstance(found.reference, str) and 0 < len(found.reference) <= 200, "a reference of 1 to 200 characters", found.reference)
    if isinstance(found, Redirect):
        url = urlsplit(found.url)
        expect(url.scheme in ("http", "https") and url.netloc, "an absolute http(s) url", found.url)
    if not isinstance(found, Completed):
        expect(found.expires_at is None or found.expires_at.tzinfo is None, "expires_at as naive UTC", found.expires_at)
    expect(bench.rig.payments_of(order.id) == 1, "one payment at the service, with our order's id in its metadata",
           bench.rig.payments_of(order.id))


@rule("begin-same-key", "begin() twice with one idempotency key makes one payment, and answers the same reference.")
def same_key(bench: Bench) -> None:
    order, key = bench.order(), str(uuid.uuid4())
    first, second = bench.begin(order, key), bench.begin(order, key)
    expect(first == second, "the same reference", f"{first} and {second}")
    _one_payment(bench, order)
    expect(set(bench.rig.keys("begin")) <= {key}, "no other key than ours at the service", bench.rig.keys("begin"))


@rule("begin-lost-answer", "A payment whose answer was lost is asked for again with the same key, and is there once.", beside=(OFFLINE,))
def lost_answer(bench: Bench) -> None:
    order, key = bench.order(), str(uuid.uuid4())
    with bench.fault("lost-answer"):
        bench.must_raise(ProviderDown, "when the answer is lost: the payment may be there", lambda: bench.begin(order, key))
    reference = bench.must_answer("to the second try", lambda: bench.begin(order, key))
    _one_payment(bench, order)
    expect(set(bench.rig.keys("begin")) == {key}, "our key with every call", bench.rig.keys("begin"))
    expect(reference, "a reference", reference)


@rule("begin-error", "A 500 at begin() is ProviderDown, and the next call with the same key succeeds.", beside=(OFFLINE,))
def error(bench: Bench) -> None:
    _down_then_fine(bench, "error", "when the service answers 500")


@rule("begin-garbage", "A page of HTML instead of an answer is ProviderDown.", beside=(OFFLINE,))
def garbage(bench: Bench) -> None:
    _down_then_fine(bench, "garbage", "when a proxy answers 502 with HTML")


@rule("begin-unreachable", "A service that cannot be reached is ProviderDown.", beside=(OFFLINE,))
def unreachable(bench: Bench) -> None:
    _down_then_fine(bench, "unreachable", "when the connection is refused")


@rule("begin-slow", "begin() gives up after context.timeout seconds with ProviderDown.", beside=(OFFLINE,))
def slow(bench: Bench) -> None:
    _down_then_fine(bench, "slow", "when no answer comes in time")


@rule("begin-refused", "A payment that the service refuses is ProviderRefused with the service's reason, so that nobody tries again.",
      beside=(OFFLINE,))
def refused(bench: Bench) -> None:
    order = bench.order()
    with bench.fault("refuse"):
        found = bench.must_raise(ProviderRefused, "when the service says no", lambda: bench.begin(order))
    expect(str(found), "the service's reason as text, for the owner", "an empty text")


@rule("begin-threads", "Payments that are begun at the same time in several threads do not get mixed up.")
def threads(bench: Bench) -> None:
    orders, found, start = [bench.order(bench.money(10 + number)) for number in range(THREADS)], {}, threading.Barrier(THREADS)

    def one(order: Order) -> None:
        with bench.rig.site.app.app_context():
            start.wait(10)
            with suppress(ProviderError, Broken):  # seen below as an answer that is missing, and by the guard
                found[order.id] = bench.begin(order)

    running = [threading.Thread(target=one, args=(order,)) for order in orders]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(30)
    expect(len(set(found.values())) == THREADS, f"{THREADS} references", f"{len(found)} answers, {len(set(found.values()))} different")
    for order in orders:
        _one_payment(bench, order)
        if POLL in bench.meta.capabilities:
            seen = bench.provider.fetch(found[order.id])
            expect(seen.order_id == order.id and seen.money == order.money, f"order {order.id} with {order.money}",
                   f"order {seen.order_id} with {seen.money}")


@rule("begin-amounts", "The service is sent exactly the amount, in its own minor units: yen, dinars, krónur and shillings too.", POLL)
def amounts(bench: Bench) -> None:
    if not bench.rig.amounts:
        raise Broken("`amounts` of the rig says what the service must be sent, by its documentation: {Money(500, \"JPY\"): \"500\", ...}",
                     "it is empty")
    for money, words in bench.rig.amounts.items():
        reference = bench.begin(bench.order(money))
        expect(bench.rig.sent_amount(reference) == words, f"{words} for {money}", bench.rig.sent_amount(reference))
        seen = bench.provider.fetch(reference).money
        expect(seen == money, f"fetch() answers {money}", seen)


@rule("begin-names", "Names in any script, long titles, quotes and emoji go through, shortened if need be.")
def names(bench: Bench) -> None:
    titles = ("Чай для начинающих", "茶道入門", "شاي", "Tea & \"coffee\" <b>'s</b> 🍵", "Ж" * 300, "a\nb\tc")
    for title in titles:
        order = bench.order(title=title, item=title[:60], language="ru")
        bench.must_answer(f"for the title {title[:20]!r}", lambda order=order: bench.begin(order))  # type: ignore[misc]
        _one_payment(bench, order)


def _down_then_fine(bench: Bench, fault: Fault, when: str) -> None:
    order, key = bench.order(), str(uuid.uuid4())
    with bench.fault(fault):
        bench.must_raise(ProviderDown, when, lambda: bench.begin(order, key))
    bench.must_answer("once the service is well again", lambda: bench.begin(order, key))
    _one_payment(bench, order)


def _one_payment(bench: Bench, order: Order) -> None:
    held = bench.rig.payments_of(order.id)
    expect(held == 1, "one payment at the service for one order", f"{held} payments")


