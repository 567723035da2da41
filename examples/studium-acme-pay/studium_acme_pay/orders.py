"""What Acme Pay is asked for."""

from __future__ import annotations

import re
from typing import Any

from studium.services.providers import Order, ProviderMeta

LONGEST_TITLE = 100
CONTROL = re.compile(r"[\x00-\x1f]+")


def payment_request(order: Order, return_url: str, meta: ProviderMeta) -> dict[str, Any]:
    """The body of POST /payments. Raises MoneyError for an amount that the service cannot express."""
    title = CONTROL.sub(" ", f"{order.title}: {order.item}")
    return {
        "amount": meta.to_minor(order.money), "currency": order.money.currency, "title": title[:LONGEST_TITLE], "order_id": order.id,
        "return_url": return_url,
    }
