"""Our order as a Checkout Session (docs.stripe.com/api/checkout/sessions/create). The same order always makes the same parameters.

That matters: Stripe answers an error to an idempotency key that comes again with other parameters.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from studium.plugins.stripe.currencies import StripeMeta
from studium.services.providers import Order

ORDER_ID, ORDER_NUMBER, REFUND_ID = "order_id", "order_number", "refund_id"
SHORTEST, LONGEST = timedelta(minutes=60), timedelta(hours=23, minutes=50)  # Stripe takes 30 min to 24 h; clocks and retries need room
LONGEST_NAME = 250
LOCALES = frozenset({
    "bg", "cs", "da", "de", "el", "en", "en-GB", "es", "es-419", "et", "fi", "fil", "fr", "fr-CA", "hi-IN", "hr", "hu", "id", "it", "ja",
    "ko", "lt", "lv", "ms", "mt", "nb", "nl", "pl", "pt", "pt-BR", "ro", "ru", "sk", "sl", "sv", "th", "tr", "vi", "zh", "zh-HK", "zh-TW",
})


def session_params(order: Order, return_url: str, meta: StripeMeta) -> dict[str, Any]:
    """What to create the session with. Raises MoneyError when Stripe cannot express the amount."""
    known = {ORDER_ID: order.id, ORDER_NUMBER: order.number}
    product = {"name": _line(order.title) or order.number}
    if order.item.strip():
        product["description"] = _line(order.item)
    params: dict[str, Any] = {
        "mode": "payment",
        "line_items": [{"quantity": 1, "price_data": {"currency": order.money.currency.lower(), "unit_amount": meta.to_minor(order.money),
                                                      "product_data": product}}],
        "client_reference_id": order.id,
        "metadata": known,
        # refunds and disputes know the intent only
        "payment_intent_data": {"metadata": known, "description": f"{order.number}: {product['name']}"},
        "success_url": return_url,
        "cancel_url": return_url,
        "expires_at": int(expires_at(order).replace(tzinfo=UTC).timestamp()),
        "locale": _locale(order.language),
    }
    return params | ({"customer_email": order.email} if order.email else {})


def expires_at(order: Order) -> datetime:
    """When the session ends (naive UTC): with the offer, as far as Stripe allows."""
    wanted = order.expires_at or order.created_at + LONGEST
    return min(max(wanted, order.created_at + SHORTEST), order.created_at + LONGEST).replace(microsecond=0)


def _line(text: str) -> str:
    """One line of text, shortened to what Stripe takes."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_NAME else line[: LONGEST_NAME - 1] + "…"


def _locale(language: str) -> str:
    tag = language.replace("_", "-")
    return next((found for found in (tag, tag.partition("-")[0]) if found in LOCALES), "auto")
