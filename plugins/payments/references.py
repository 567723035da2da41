"""The ids by which a provider may speak of a payment, and finding the payment by them."""

from __future__ import annotations

from collections.abc import Iterable

from studium.plugins.payments.entities import Payment, PaymentReference, WebhookDelivery
from studium.queue import jobs

LONGEST_REF = 200


def find_by_reference(provider: str, ref: str) -> str | None:
    """The id of the payment that this provider's object belongs to; in an open reading or transaction."""
    row = PaymentReference.get(provider=provider, ref=ref[:LONGEST_REF])
    if row is not None:
        return str(row.payment_id)
    payment = Payment.get(provider=provider, reference=ref[:LONGEST_REF])
    return str(payment.id) if payment else None


def owner_of(provider: str, refs: Iterable[str]) -> set[str]:
    """The ids of the payments that any of these belong to."""
    return {found for ref in refs if ref and (found := find_by_reference(provider, ref))}


def remember(payment: Payment, refs: Iterable[str]) -> None:
    """Store the ids that are new, in the open transaction; webhooks about them that came too early are handled again."""
    kept = dict.fromkeys(ref[:LONGEST_REF] for ref in refs if ref)
    new = [ref for ref in kept if PaymentReference.get(provider=payment.provider, ref=ref) is None]
    for ref in new:
        PaymentReference(provider=payment.provider, ref=ref, payment_id=payment.id)
    if new:
        _wake_early_webhooks(payment.provider, new)


def _wake_early_webhooks(provider: str, refs: list[str]) -> None:
    for row in WebhookDelivery.select(lambda row: row.provider == provider and row.object_id in refs and row.state == "ignored"):
        row.state = "new"
        jobs.enqueue("payment_webhook", {"delivery_id": row.id}, unique_key=str(row.id))
