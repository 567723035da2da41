"""Refunds of the simulated YooKassa (yookassa.ru/developers/api#refund). Those that fail make no notification, as at YooKassa."""

from __future__ import annotations

from decimal import Decimal

from studium.testing.simulators.yookassa_payments import Refused, checked_amount, checked_metadata, checked_receipt, shown
from studium.testing.simulators.yookassa_store import Body, Books, new_id, timestamp

KNOWN = frozenset({"payment_id", "amount", "description", "metadata", "receipt"})
TAKEN = ("pending", "succeeded")


def create_refund(books: Books, asked: Body) -> Body:
    """POST /v3/refunds; pending while the shop's switch `hold_refunds` is on. Raises Refused."""
    if unknown := sorted(set(asked) - KNOWN):
        raise Refused("The simulator does not know this parameter.", unknown[0])
    payment = books.find("payment", str(asked.get("payment_id")))
    if payment is None:
        raise Refused("Payment doesn't exist or the specified id is incorrect.", "payment_id")
    value = checked_amount(asked.get("amount"))
    if payment["status"] != "succeeded" or asked["amount"]["currency"] != payment["amount"]["currency"]:
        raise Refused("Specified payment is not refundable.", "payment_id")
    left = refundable(books, payment)
    if value > left:
        raise Refused("Specified amount is bigger than what is left of the payment.", "amount.value")
    checked_metadata(asked.get("metadata") or {})
    is_whole = value == Decimal(payment["amount"]["value"])
    if not (is_whole and asked.get("receipt") is None):  # of the whole, YooKassa takes the payment's receipt
        checked_receipt(books, asked.get("receipt"), value)
    refund = books.keep("refund", {
        "id": new_id(), "payment_id": payment["id"], "status": "pending", "created_at": timestamp(), "amount": asked["amount"],
        "metadata": asked.get("metadata") or {}, "description": asked.get("description", ""),
        "simulator": {"receipts": [asked["receipt"]] if "receipt" in asked else []}})
    return refund if books.switch("hold_refunds") else _end(books, refund, completed=True)


def end_refunds(books: Books, payment_id: str, *, completed: bool) -> None:
    """The waiting refunds of a payment go through, or fail."""
    for refund in reversed(books.refunds_of(payment_id)):
        if refund["status"] == "pending":
            _end(books, refund, completed=completed)


def refundable(books: Books, payment: Body) -> Decimal:
    """What is left of a payment."""
    gone = sum(Decimal(one["amount"]["value"]) for one in books.refunds_of(payment["id"]) if one["status"] in TAKEN)
    return Decimal(payment["amount"]["value"]) - gone


def _end(books: Books, refund: Body, *, completed: bool) -> Body:
    if not completed:
        return books.keep("refund", refund | {"status": "canceled", "cancellation_details": {
            "party": "refund_network", "reason": "insufficient_funds"}})
    books.keep("refund", refund | {"status": "succeeded"})
    payment = books.get("payment", refund["payment_id"])
    left = refundable(books, payment)
    back = Decimal(payment["amount"]["value"]) - left
    books.keep("payment", payment | {"refundable": left > 0, "refunded_amount": payment["amount"] | {"value": f"{back:.2f}"}})
    books.notify("refund.succeeded", shown(refund | {"status": "succeeded"}))
    return refund | {"status": "succeeded"}
