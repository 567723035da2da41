"""What YooKassa is asked for: a payment of an order, and a refund of a payment; pure, so that each field can be tested by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studium.plugins.yookassa.receipts import ReceiptTerms, amount, item_of, shortened, terms_from
from studium.services.money import Money
from studium.services.providers import Order

ORDER_ID, REFUND_ID = "order_id", "refund_id"
RUSSIAN, ENGLISH = "ru_RU", "en_US"  # the two languages of YooKassa's page


def payment_request(order: Order, return_url: str, terms: ReceiptTerms | None) -> dict[str, Any]:
    """The body of POST /payments. `capture` is said since its default, false, would hold the money and then let it go."""
    confirmation = {"type": "redirect", "return_url": return_url, "locale": RUSSIAN if order.language.startswith("ru") else ENGLISH}
    asked: dict[str, Any] = {
        "amount": amount(order.money), "capture": True, "confirmation": confirmation,
        "description": shortened(f"{order.number}: {item_of(order)}"),
        "metadata": {ORDER_ID: order.id, "order_number": order.number} | (terms.metadata() if terms else {}),
    }
    return asked | ({"receipt": terms.receipt(order.money)} if terms else {})


def refund_request(payment: Mapping[str, Any], money: Money, refund_id: str) -> dict[str, Any]:
    """The body of POST /refunds; with a receipt when it gives back a part of a payment that had one."""
    asked: dict[str, Any] = {"payment_id": payment["id"], "amount": amount(money), "metadata": {REFUND_ID: refund_id}}
    terms = terms_from(payment.get("metadata") or {})
    if terms is None or amount(money) == payment["amount"]:
        return asked
    return asked | {"receipt": terms.receipt(money)}
