"""Payments of the simulated YooKassa, and what a buyer does on their page (yookassa.ru/developers/api#payment)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from studium.core.clock import now_ms
from studium.plugins.yookassa.settings import CURRENCIES
from studium.services.site import absolute_url
from studium.testing.simulators.yookassa_account import PATH, SHOP_ID
from studium.testing.simulators.yookassa_store import Body, Books, new_id, timestamp

SECONDS_TO_PAY = 3600
KNOWN = frozenset({"amount", "capture", "confirmation", "description", "metadata", "receipt", "merchant_customer_id"})
DECLINES = {"insufficient_funds": "payment_network", "3d_secure_failed": "payment_network", "fraud_suspected": "yoo_money",
            "expired_on_confirmation": "yoo_money"}
FIRST6, LAST4 = "555555", "4477"
CARD = {"type": "bank_card", "title": f"Bank card *{LAST4}", "saved": False, "status": "inactive",
        "card": {"first6": FIRST6, "last4": LAST4, "expiry_year": "2030", "expiry_month": "12",
                 "card_type": "MasterCard"}}


class Refused(Exception):
    """The answer to a call that cannot be done."""

    def __init__(self, description: str, parameter: str = "", *, status: int = 400, code: str = "invalid_request") -> None:
        super().__init__(description)
        self.status = status
        self.error = {"type": "error", "id": new_id(), "code": code, "description": description}
        self.error |= {"parameter": parameter} if parameter else {}


def create_payment(books: Books, asked: Body) -> Body:
    """POST /v3/payments. Raises Refused."""
    if unknown := sorted(set(asked) - KNOWN):
        raise Refused("The simulator does not know this parameter.", unknown[0])
    value = checked_amount(asked.get("amount"))
    confirmation = asked.get("confirmation") or {}
    if confirmation.get("type") != "redirect" or not str(confirmation.get("return_url", "")).startswith(("http://", "https://")):
        raise Refused("The simulator wants a redirect with a return_url.", "confirmation")
    if confirmation.get("locale") not in ("ru_RU", "en_US") or len(asked.get("description", "")) > 128:
        raise Refused("Illegal parameter value.", "description" if confirmation.get("locale") else "confirmation.locale")
    checked_metadata(asked.get("metadata") or {})
    checked_receipt(books, asked.get("receipt"), value)
    made = new_id()
    return books.keep("payment", {
        "id": made, "status": "pending", "paid": False, "amount": asked["amount"], "created_at": timestamp(), "test": True,
        "refundable": False, "recipient": {"account_id": SHOP_ID, "gateway_id": "1"}, "metadata": asked.get("metadata") or {},
        "description": asked.get("description", ""),
        "confirmation": {"type": "redirect", "return_url": confirmation["return_url"],
                         "confirmation_url": absolute_url(f"{PATH}/pay/{made}")},
        "simulator": {"capture": asked.get("capture", False), "return_url": confirmation["return_url"],
                      "receipts": [asked["receipt"]] if "receipt" in asked else []}})


def current_payment(books: Books, payment_id: str) -> Body | None:
    """The payment as it is now: one whose time ran out is cancelled."""
    found = books.find("payment", payment_id)
    if found and found["status"] == "pending" and _age(found) > SECONDS_TO_PAY:
        return cancel(books, found, "expired_on_confirmation")
    return found


def pay(books: Books, payment: Body) -> None:
    """The card is charged; where `capture` is false, as it is by default, the money is only held. Raises Refused."""
    _must_wait(payment)
    captured = payment["simulator"]["capture"] is True
    payment |= {"status": "succeeded" if captured else "waiting_for_capture", "paid": True, "refundable": captured,
                "payment_method": CARD | {"id": payment["id"]}, "authorization_details": {"rrn": "10000000000", "auth_code": "000000"}}
    payment |= {"captured_at": timestamp(), "refunded_amount": payment["amount"] | {"value": "0.00"}} if captured else {}
    payment.pop("confirmation", None)
    books.keep("payment", payment)
    books.notify(f"payment.{payment['status']}", shown(payment))


def cancel(books: Books, payment: Body, reason: str) -> Body:
    """The card is refused, or the time ran out; for good. Raises Refused."""
    _must_wait(payment)
    payment |= {"status": "canceled", "cancellation_details": {"party": DECLINES[reason], "reason": reason}}
    payment.pop("confirmation", None)
    books.keep("payment", payment)
    books.notify("payment.canceled", shown(payment))
    return payment


def shown(found: Body) -> Body:
    """An object as the API shows it."""
    return {name: value for name, value in found.items() if name != "simulator"}


def checked_amount(given: Any) -> Decimal:
    """The value; raises Refused."""
    value, currency = (str(given.get(name, "")) for name in ("value", "currency")) if isinstance(given, Mapping) else ("", "")
    if not re.fullmatch(r"\d{1,12}\.\d{2}", value) or Decimal(value) <= 0:
        raise Refused("Incorrect value for `amount.value`: it needs two decimals and is more than 0.", "amount.value")
    if currency not in CURRENCIES:
        raise Refused("Incorrect value for `amount.currency`.", "amount.currency")
    return Decimal(value)


def checked_metadata(given: Mapping[str, Any]) -> None:
    """Raises Refused."""
    if len(given) > 16 or any(len(name) > 32 or not isinstance(value, str) or len(value) > 512 for name, value in given.items()):
        raise Refused("At most 16 keys of at most 32 characters, with texts of at most 512.", "metadata")


def checked_receipt(books: Books, receipt: Any, value: Decimal) -> None:
    """Raises Refused; also where the shop needs receipts (a switch) and there is none."""
    if receipt is None:
        if books.switch("fiscal"):
            raise Refused("Receipt is missing or illegal", "receipt")
        return
    if "@" not in (receipt.get("customer") or {}).get("email", "") or receipt.get("tax_system_code", 1) not in range(1, 7):
        raise Refused("Receipt is missing or illegal", "receipt.customer")
    items = receipt.get("items") or []
    if not 0 < len(items) <= 80 or sum(checked_amount(item["amount"]) * Decimal(str(item["quantity"])) for item in items) != value:
        raise Refused("Receipt amount does not match the payment's", "receipt.items")
    if any(not 0 < len(item["description"]) <= 128 or item["vat_code"] not in range(1, 13) for item in items):
        raise Refused("Receipt is missing or illegal", "receipt.items")


def _must_wait(payment: Body) -> None:
    if payment["status"] != "pending":
        raise Refused(f"The payment is {payment['status']}, and that is final.")


def _age(payment: Body) -> float:
    return now_ms() / 1000 - datetime.fromisoformat(payment["created_at"]).astimezone(UTC).timestamp()
