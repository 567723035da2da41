"""Refunds that happen once. Stripe forgets an idempotency key after a day, so our refund's uuid in the metadata is what counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studium.plugins.stripe.finding import MOST, Found
from studium.plugins.stripe.orders import REFUND_ID

if TYPE_CHECKING:
    from stripe import StripeClient


def refund_once(client: StripeClient, intent: str, minor: int, key: str) -> Found:
    """The refund of this uuid: the one that is there, else a new one. A failed one that is there is the answer too."""
    from studium.plugins.stripe.api import StoredFailure, translating

    if (made := _made(client, intent, key)) is not None:
        return made
    try:
        with translating():
            return _create(client, intent, minor, key, key)
    except StoredFailure:  # whether it happened before that 500 is seen in the list only
        return _made(client, intent, key) or _create(client, intent, minor, key, f"{key}-2")


def _create(client: StripeClient, intent: str, minor: int, refund_id: str, key: str) -> Found:
    made = client.v1.refunds.create({"payment_intent": intent, "amount": minor, "metadata": {REFUND_ID: refund_id}},
                                    {"idempotency_key": key})
    return made.to_dict()


def _made(client: StripeClient, intent: str, refund_id: str) -> Found | None:
    refunds = client.v1.refunds.list({"payment_intent": intent, "limit": MOST}).auto_paging_iter()
    return next((found for one in refunds if (found := one.to_dict()).get("metadata", {}).get(REFUND_ID) == refund_id), None)
