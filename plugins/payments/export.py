"""What payments hold on a person, for the copy of their data. Keys of attempts, webhooks and the audit of the workshop stay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from flask import json

from studium.core.database import reading
from studium.plugins.payments.entities import Coupon, CouponUse, Enrolment, Payment, Refund
from studium.services.money import Money, MoneyError

ROWS_AT_ONCE = 200


def export_user_data(user_id: int) -> dict[str, Any]:
    """Payments with their refunds, enrolments, and the coupons that were used."""
    return {
        "payments": _rows(Payment, user_id, _payment), "enrolments": _rows(Enrolment, user_id, _enrolment),
        "coupons": _rows(CouponUse, user_id, _coupon),
    }


def _payment(row: Payment) -> dict[str, Any]:
    refunds = Refund.select(lambda refund: refund.payment_id == row.id).order_by(Refund.created_at)
    return {
        "id": row.id, "number": row.number, "provider": row.provider, "provider_reference": row.reference, "status": row.status,
        "course_id": row.course_id, "tier": row.tier_key, "bought": json.loads(row.metadata), "email": row.email, "language": row.language,
        "amount": _amount(row.amount_minor, row.currency), "list_price": _amount(row.list_minor, row.currency),
        "discount": _amount(row.discount_minor, row.currency), "upgrade_credit": _amount(row.credit_minor, row.currency),
        "paid": _amount(row.paid_minor, row.currency), "refunded": _amount(row.refunded_minor, row.currency), "currency": row.currency,
        "created_at": row.created_at, "completed_at": row.completed_at,
        "refunds": [{"amount": _amount(one.amount_minor, one.currency), "currency": one.currency, "status": one.status,
                     "created_at": one.created_at, "completed_at": one.completed_at} for one in refunds],
    }


def _enrolment(row: Enrolment) -> dict[str, Any]:
    return {
        "course_id": row.course_id, "tier": row.tier_key, "source": row.source, "payment": row.payment_id, "reason": row.reason,
        "enrolled_at": row.enrolled_at, "expires_at": row.expires_at, "revoked_at": row.revoked_at, "revoked_reason": row.revoked_reason,
    }


def _coupon(row: CouponUse) -> dict[str, Any]:
    coupon = Coupon.get(id=row.coupon_id)
    return {"code": coupon.code if coupon else None, "payment": row.payment_id, "state": row.state, "at": row.at}


def _amount(minor: int, currency: str) -> str:
    """With the currency's decimals; as minor units in a currency that is no longer known."""
    try:
        return str(Money.from_minor(minor, currency).amount)
    except MoneyError:
        return f"{minor} minor units"


def _rows(entity: Any, user_id: int, shown: Callable[[Any], dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """A few hundred at a time, so that no reading stays open while they are written."""
    after: Any = "" if entity is Payment else 0
    while True:
        with reading():
            rows = [(row.id, shown(row)) for row in _page(entity, user_id, after)]
        for _, values in rows:
            yield values
        if len(rows) < ROWS_AT_ONCE:
            return
        after = rows[-1][0]


def _page(entity: Any, user_id: int, after: Any) -> list[Any]:
    found: list[Any] = entity.select(lambda row: row.user_id == user_id and row.id > after).order_by(entity.id)[:ROWS_AT_ONCE]
    return found
