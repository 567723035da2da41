"""Data for fiscal receipts (54-FZ; yookassa.ru/developers/payment-acceptance/receipts/54fz).

What a receipt said is kept in the payment's metadata: a partial refund needs a receipt of its own with the same buyer, words and VAT, be
it that the settings have changed since, as the VAT did in 2026. A refund of the whole needs none: YooKassa takes the payment's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from studium.plugins.yookassa.settings import YookassaSettings
from studium.services.money import Money
from studium.services.providers import Order, ProviderRefused

LONGEST = 128  # characters of a description
RUB = "RUB"


@dataclass(frozen=True)
class ReceiptTerms:
    """What is on the receipts of one payment but the amount."""

    email: str
    item: str
    vat_code: int
    payment_mode: str
    payment_subject: str
    internet: bool
    tax_system_code: int | None = None

    def metadata(self) -> dict[str, str]:
        """The terms as metadata of the payment; the key `email` is among those that are never shown."""
        found = {"email": self.email, "receipt_item": self.item, "receipt_vat": str(self.vat_code), "receipt_mode": self.payment_mode,
                 "receipt_subject": self.payment_subject, "receipt_internet": str(int(self.internet))}
        return found | ({"receipt_tax": str(self.tax_system_code)} if self.tax_system_code else {})

    def receipt(self, money: Money) -> dict[str, Any]:
        """The receipt over this amount, which is one thing, so the sum of the items is the amount to the kopeck."""
        item = {"description": self.item, "quantity": 1, "amount": amount(money), "vat_code": self.vat_code,
                "payment_mode": self.payment_mode, "payment_subject": self.payment_subject}
        found = {"customer": {"email": self.email}, "items": [item], "internet": self.internet}
        return found | ({"tax_system_code": self.tax_system_code} if self.tax_system_code else {})


def terms_of(order: Order, settings: YookassaSettings) -> ReceiptTerms:
    """By the settings of today. Raises ProviderRefused without an e-mail address."""
    if not order.email or settings.vat_code is None:
        raise ProviderRefused("A fiscal receipt needs the buyer's e-mail address.", "email")
    return ReceiptTerms(order.email, shortened(item_of(order)), settings.vat_code, settings.payment_mode, settings.payment_subject,
                        settings.internet, settings.tax_system_code)


def terms_from(metadata: Mapping[str, str]) -> ReceiptTerms | None:
    """Those that the payment was made with; None for one without receipts. Raises KeyError and ValueError for half of them."""
    if "receipt_vat" not in metadata:
        return None
    return ReceiptTerms(metadata["email"], metadata["receipt_item"], int(metadata["receipt_vat"]), metadata["receipt_mode"],
                        metadata["receipt_subject"], metadata["receipt_internet"] == "1", int(metadata.get("receipt_tax") or 0) or None)


def item_of(order: Order) -> str:
    """Course and tier."""
    return ", ".join(part for part in (order.title.strip(), order.item.strip()) if part) or order.number


def shortened(text: str) -> str:
    """On one line, of at most 128 characters."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST - 1].rstrip()}…"


def amount(money: Money) -> dict[str, str]:
    """As YooKassa writes money: all its currencies have two decimals, and the shop's one is the only one that it takes."""
    return {"value": f"{money.amount:.2f}", "currency": money.currency}
