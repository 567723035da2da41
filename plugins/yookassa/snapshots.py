"""YooKassa's objects as our values; pure, so that each rule can be tested by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from studium.plugins.yookassa.orders import ORDER_ID, REFUND_ID
from studium.services.money import Money
from studium.services.providers import (
    REDACTED_KEYS,
    Completed,
    PaymentStatus,
    ProviderDown,
    ProviderRefused,
    Redirect,
    RefundSnapshot,
    RefundStatus,
    Snapshot,
)

TIME_TO_PAY = timedelta(hours=1)  # for cards, SBP, SberPay and the wallet; what is paid later counts too
RAN_OUT = frozenset({"expired_on_confirmation", "expired_on_capture"})
REFUND_STATUSES: dict[str, RefundStatus] = {"pending": "pending", "succeeded": "completed", "canceled": "failed"}
PERSONAL = REDACTED_KEYS | {  # of payment methods, and the address where anybody could pay
    "account_holder_name", "account_number", "auth_code", "confirmation_url", "first6", "full_name", "login", "merchant_customer_id",
    "payer_bank_details", "rrn", "sbp_operation_id", "title",
}
Found = Mapping[str, Any]


def begun(payment: Found) -> Redirect | Completed:
    """Where the buyer goes. The key may have been used before, so the payment may be over. Raises ProviderRefused for a cancelled one."""
    url = (payment.get("confirmation") or {}).get("confirmation_url")
    if payment["status"] == "canceled":
        raise ProviderRefused(f"YooKassa cancelled the payment: {_reason(payment) or 'no reason given'}.", _reason(payment) or "canceled")
    if payment["status"] == "pending":
        if not url:
            raise ProviderDown("YooKassa answered no address to send the buyer to.")
        return Redirect(str(url), str(payment["id"]), _time(payment["created_at"]) + TIME_TO_PAY)
    return Completed(str(payment["id"]))


def snapshot(payment: Found, refunds: Sequence[Found]) -> Snapshot:
    """The payment as YooKassa has it. It knows of no disputes; people hear of those by e-mail and mark them by hand."""
    return Snapshot(
        status=_status(payment), money=_money(payment["amount"]), refunds=tuple(refund_snapshot(one) for one in refunds),
        livemode=not payment["test"], raw={"payment": dict(payment), "refunds": [dict(one) for one in refunds]},
        reference=str(payment["id"]), refs=tuple(str(one["id"]) for one in refunds),
        order_id=(payment.get("metadata") or {}).get(ORDER_ID), reason=_reason(payment))


def refund_snapshot(refund: Found) -> RefundSnapshot:
    """A refund, ours or one that was made on YooKassa's pages."""
    return RefundSnapshot(
        id=str(refund["id"]), status=REFUND_STATUSES.get(refund["status"], "pending"), money=_money(refund["amount"]),
        refund_id=(refund.get("metadata") or {}).get(REFUND_ID), reason=_reason(refund) or str(refund.get("description") or ""))


def _status(payment: Found) -> PaymentStatus:
    """`succeeded` and `canceled` are final; money that is only held (`waiting_for_capture`) is not ours."""
    if payment["status"] == "succeeded":
        return "completed"
    if payment["status"] == "canceled":
        return "expired" if _reason(payment) in RAN_OUT else "failed"
    return "pending"


def _money(found: Found) -> Money:
    return Money(str(found["value"]), str(found["currency"]))


def _reason(found: Found) -> str:
    return str((found.get("cancellation_details") or {}).get("reason") or "")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)
