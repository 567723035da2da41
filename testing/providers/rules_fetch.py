"""The payment as the service has it: the one thing that the core believes."""

from __future__ import annotations

from datetime import timedelta

from studium.core.clock import now
from studium.services.providers import POLL, PaymentProvider, ProviderDown, ProviderRefused
from studium.testing.providers.bench import Bench
from studium.testing.providers.rig import Fault, Inapplicable
from studium.testing.providers.rules import rule
from studium.testing.providers.verdict import expect


@rule("fetch-pending", "A payment that nobody paid is pending, and says our order's id, the money, and whether it is real.", POLL)
def pending(bench: Bench) -> None:
    order = bench.order()
    _like(bench, bench.begin(order), "pending", order.id, str(order.money))


@rule("fetch-completed", "A payment that is paid is completed.", POLL)
def completed(bench: Bench) -> None:
    order, reference = bench.paid()
    _like(bench, reference, "completed", order.id, str(order.money))


@rule("fetch-failed", "A payment that failed for good is failed, and says why.", POLL)
def failed(bench: Bench) -> None:
    order = bench.order()
    reference = bench.begin(order)
    bench.rig.decline(reference)
    _like(bench, reference, "failed", order.id, str(order.money))
    expect(bench.provider.fetch(reference).reason, "a reason", "none")


@rule("fetch-expired", "A payment whose time ran out is expired.", POLL)
def expired(bench: Bench) -> None:
    order = bench.order()
    reference = bench.begin(order)
    bench.rig.expire(reference)
    _like(bench, reference, "expired", order.id, str(order.money))


@rule("fetch-refs", "fetch() takes the reference and every further id that it has named.", POLL)
def refs(bench: Bench) -> None:
    _order, reference = bench.paid()
    seen = bench.provider.fetch(reference)
    for ref in (seen.reference, *seen.refs):
        found = bench.must_answer(f"to fetch({ref!r})", lambda ref=ref: bench.provider.fetch(ref))  # type: ignore[misc]
        expect(found.order_id == seen.order_id and reference in (found.reference, *found.refs),
               f"the payment of {reference}", f"{found.reference} of order {found.order_id}")


@rule("fetch-unknown", "An id that the service does not know is ProviderRefused with the code `not-found`.", POLL)
def unknown(bench: Bench) -> None:
    for reference in ("nobody-knows-this", "../secret", "x" * 200):
        found = bench.must_raise(ProviderRefused, f"for fetch({reference[:20]!r})",
                                 lambda reference=reference: bench.provider.fetch(reference))  # type: ignore[misc]
        code = found.code if isinstance(found, ProviderRefused) else ""
        expect(code == "not-found", "the code 'not-found'", code)


@rule("fetch-error", "A 500 or a page of HTML at fetch() is ProviderDown: the payment is neither paid nor failed.", POLL)
def error(bench: Bench) -> None:
    for fault in ("error", "garbage"):
        _down(bench, fault)


@rule("fetch-unreachable", "A service that cannot be reached at fetch() is ProviderDown.", POLL)
def unreachable(bench: Bench) -> None:
    _down(bench, "unreachable")


@rule("fetch-slow", "fetch() gives up after context.timeout seconds with ProviderDown.", POLL)
def slow(bench: Bench) -> None:
    _down(bench, "slow")


@rule("fetch-changes", "list_changes() names payments that changed since a time, so that the nightly sweep finds what was missed.", POLL)
def changes(bench: Bench) -> None:
    if type(bench.provider.inner).list_changes is PaymentProvider.list_changes:
        raise Inapplicable("It has no list_changes().")
    _order, reference = bench.paid()
    ids = {reference, *bench.provider.fetch(reference).refs}
    found = bench.must_answer("from list_changes()", lambda: list(bench.provider.list_changes(now() - timedelta(days=3))))
    expect(ids & set(found), f"one of {sorted(ids)}", found)


def _like(bench: Bench, reference: str, status: str, order_id: str, money: str) -> None:
    seen = bench.must_answer("from fetch()", lambda: bench.provider.fetch(reference))
    expect(seen.status == status, f"status {status!r}", repr(seen.status))
    expect(seen.order_id == order_id, f"order_id {order_id}, from the service's metadata", seen.order_id)
    expect(str(seen.money) == money, f"money {money}", seen.money)
    expect(seen.livemode == bench.provider.livemode, f"livemode {bench.provider.livemode}", seen.livemode)
    expect(reference in (seen.reference, *seen.refs), f"reference or refs with {reference}", (seen.reference, *seen.refs))


def _down(bench: Bench, fault: Fault) -> None:
    reference = bench.begin(bench.order())
    with bench.fault(fault):
        bench.must_raise(ProviderDown, f"for fetch() while the service fails by '{fault}'", lambda: bench.provider.fetch(reference))
    bench.must_answer("once the service is well again", lambda: bench.provider.fetch(reference))
