"""What Acme Pay answers, as the contract has it."""

from __future__ import annotations

from collections.abc import Mapping

from studium.services.providers import PaymentStatus, ProviderMeta, RefundSnapshot, Snapshot

from studium_acme_pay.api import Body

STATUSES: Mapping[str, PaymentStatus] = {"pending": "pending", "paid": "completed", "failed": "failed", "expired": "expired"}


def snapshot(found: Body, meta: ProviderMeta) -> Snapshot:
    """A payment. A status that nobody knows raises KeyError, which counts as no answer: better late than wrong."""
    return Snapshot(
        status=STATUSES[found["status"]], money=meta.from_minor(found["amount"], found["currency"]),
        refunds=tuple(refund_snapshot(one, found["currency"], meta) for one in found["refunds"]),
        disputed=found["dispute"] == "open", dispute_lost=found["dispute"] == "lost", livemode=found["live"], raw=found,
        reference=found["id"], order_id=found["order_id"], reason=found["reason"])


def refund_snapshot(found: Body, currency: str, meta: ProviderMeta) -> RefundSnapshot:
    """A refund; `refund_id` is our uuid, or None for one that was made on the service's own pages."""
    return RefundSnapshot(found["id"], found["status"], meta.from_minor(found["amount"], currency), found["refund_id"])
