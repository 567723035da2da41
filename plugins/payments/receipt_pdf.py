"""Draws a receipt: one A4 page, from templates/payments/receipt.typ. Only the running job imports it: it needs heavy libraries."""

from __future__ import annotations

from gettext import NullTranslations
from pathlib import Path
from typing import Any

from studium.plugins.payments.payment_view import PaymentView
from studium.plugins.payments.receipt_values import Receipt
from studium.services import typesetting
from studium.services.moment_format import format_day, format_moment
from studium.services.money_format import format_money
from studium.services.translation import translator
from studium.services.typesetting import drawable

TEMPLATE = Path(__file__).parent / "templates" / "payments" / "receipt.typ"


def draw(receipt: Receipt, language: str, format: str = "pdf") -> bytes:
    """The receipt in `language` as a PDF, tagged for screen readers; `format` "png" is for looking at it."""
    return typesetting.draw(TEMPLATE, _values(receipt, language), format)[0]


def _values(receipt: Receipt, language: str) -> dict[str, Any]:
    texts = translator(language)
    _, payment = texts.gettext, receipt.payment
    return {
        "language": language,
        "document_title": " ".join((_("Receipt"), payment.number)),
        "title": _("Receipt"),
        "school": drawable(receipt.school),
        "number": payment.number,
        "facts": [[label, drawable(value)] for label, value in _facts(receipt, language, texts) if value],
        "item_label": _("What was bought"),
        "amount_label": _("Amount"),
        "course": drawable(payment.course_title),
        "tier": drawable(payment.tier_title),
        "lines": _lines(payment, language, texts),
        "total_label": _("Paid"),
        "total": format_money(payment.paid, language),
        "refunds": _refunds(receipt, language, texts),
        "rest_label": _("Paid after refunds"),
        "rest": format_money(payment.rest, language) if payment.refunded else "",
        "note": _("Play money: no payment was made.") if receipt.is_play else "",
    }


def _facts(receipt: Receipt, language: str, texts: NullTranslations) -> list[tuple[str, str]]:
    _, payment, paid_at = texts.gettext, receipt.payment, receipt.payment.completed_at
    return [
        (_("Paid on"), format_moment(paid_at, language, receipt.time_zone, offset=True) if paid_at else ""),
        (_("Buyer"), receipt.buyer),
        (_("Paid by"), _(payment.provider_title) if payment.provider_title else ""),
        (_("Transaction"), receipt.reference or ""),
    ]


def _lines(payment: PaymentView, language: str, texts: NullTranslations) -> list[list[str]]:
    _ = texts.gettext
    coupon = _("Coupon %(code)s") % {"code": payment.coupon} if payment.coupon else _("Coupon")
    shown = [(_("Price"), payment.list_price), (_("Paid before for a lower tier"), -payment.credit), (coupon, -payment.discount)]
    return [[label, format_money(money, language)] for label, money in shown if money]


def _refunds(receipt: Receipt, language: str, texts: NullTranslations) -> list[list[str]]:
    _ = texts.gettext
    return [[_("Given back on %(day)s") % {"day": format_day(one.at, language, receipt.time_zone)}, format_money(-one.money, language)]
            for one in reversed(receipt.payment.refunds) if one.at is not None]
