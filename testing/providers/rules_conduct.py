"""How a provider behaves inside the site: it stores nothing, comes back in time, and fails in known ways only.

The guard looks for these three in every other scenario too; here is one that calls everything.
"""

from __future__ import annotations

import uuid
from contextlib import suppress

from studium.services.providers import POLL, REFUND, WEBHOOK, ProviderError
from studium.testing.providers.bench import Bench
from studium.testing.providers.rig import Inapplicable
from studium.testing.providers.rules import rule


@rule("no-database", "A provider does not use the site's database; the core stores what it answers.")
def no_database(bench: Bench) -> None:
    _call_everything(bench)


@rule("in-time", "Every call ends within context.timeout seconds.")
def in_time(bench: Bench) -> None:
    _call_everything(bench)


@rule("only-known-errors", "Every call answers or raises ProviderDown, ProviderRefused or (of webhooks) InvalidWebhook, nothing else.")
def only_known_errors(bench: Bench) -> None:
    for reference in ("", "?", "a/b", "x" * 500, "Ж", "nobody\n"):
        if POLL in bench.meta.capabilities:
            with suppress(ProviderError):
                bench.provider.fetch(reference)
        if REFUND in bench.meta.capabilities:
            with suppress(ProviderError):
                bench.provider.refund(reference, bench.money(1), str(uuid.uuid4()))
    with suppress(ProviderError):
        bench.provider.read_webhook(b"\xff", {}, "")


def _call_everything(bench: Bench) -> None:
    order = bench.order()
    bench.provider.is_available(order, order.money)
    bench.provider.check()
    reference = bench.begin(order)
    if POLL not in bench.meta.capabilities:
        return
    with suppress(Inapplicable):
        bench.rig.pay(reference)
    bench.provider.matching_id(bench.provider.fetch(reference))
    if WEBHOOK in bench.meta.capabilities:
        for delivery in bench.rig.deliveries(reference):
            bench.read(delivery)
    if REFUND in bench.meta.capabilities:
        bench.provider.refund(reference, order.money, str(uuid.uuid4()))
        bench.provider.redact(bench.provider.fetch(reference).raw)
