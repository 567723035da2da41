"""What others are told of a payment: facts with the transaction, and the buyer's open pages after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from studium.core.clock import now
from studium.core.facts import FactPayload, publish
from studium.plugins.payments.entities import Payment, Refund
from studium.services import cable
from studium.services.facts import PaymentCompleted, PaymentDisputed, PaymentFailed, PaymentRefunded


def tell_page(payment: Payment) -> None:
    """The page that waits for the payment hears of its status once this transaction is committed."""
    if payment.user_id is not None:
        told = {"type": "payment", "id": payment.id, "status": payment.status}
        cable.publish(cable.user_stream(payment.user_id), {"data": told}, collapse=f"payment:{payment.id}")


def tell_completed(payment: Payment) -> None:
    """Once for each payment."""
    _publish(payment, payment.id, lambda whose: PaymentCompleted(
        **whose, provider=payment.provider, amount_minor=payment.amount_minor, currency=payment.currency, completed_at=now()))


def tell_failed(payment: Payment, reason: str, expired: bool) -> None:
    """Once for each payment and way to fail."""
    _publish(payment, f"{payment.id}:{payment.status}", lambda whose: PaymentFailed(
        **whose, provider=payment.provider, expired=expired, reason=reason, failed_at=now()))


def tell_refunded(payment: Payment, refund: Refund) -> None:
    """Once for each refund."""
    _publish(payment, refund.id, lambda whose: PaymentRefunded(
        **whose, refund_id=refund.id, amount_minor=refund.amount_minor, currency=refund.currency,
        whole=payment.refunded_minor >= payment.paid_minor, refunded_at=now()))


def tell_disputed(payment: Payment, ref: str, state: Literal["open", "won", "lost"]) -> None:
    """Once for each dispute and state; `ref` names the dispute within the payment."""
    _publish(payment, f"{payment.id}:{ref}:{state}", lambda whose: PaymentDisputed(**whose, state=state, disputed_at=now()))


def _publish(payment: Payment, unique_key: str, make: Callable[[dict[str, Any]], FactPayload]) -> None:
    """Nothing is told of somebody who deleted their account."""
    if payment.user_id is None:
        return
    whose = {"payment_id": payment.id, "user_id": payment.user_id, "course_id": payment.course_id, "tier_id": payment.tier_id}
    publish(make(whose), unique_key=unique_key)
