"""The state machine of a payment as a table: each line is a change of status that is allowed, and why. Everything else is ignored.

What a provider says late, twice or in the wrong order finds no line here, is written into the audit as ignored, and changes nothing.
"""

from __future__ import annotations

CREATING, PENDING, COMPLETED, FAILED, EXPIRED = "creating", "pending", "completed", "failed", "expired"
PARTLY_REFUNDED, REFUNDED, DISPUTED = "partly_refunded", "refunded", "disputed"
STATUSES = (CREATING, PENDING, COMPLETED, FAILED, EXPIRED, PARTLY_REFUNDED, REFUNDED, DISPUTED)
OPEN = (CREATING, PENDING)
NEVER_PAID = (FAILED, EXPIRED)
PAID = (COMPLETED, PARTLY_REFUNDED, DISPUTED, REFUNDED)

TRANSITIONS: dict[tuple[str, str], str] = {
    (CREATING, PENDING): "the provider knows the payment and waits for the buyer",
    (CREATING, COMPLETED): "the money arrived before the provider's answer to our request did",
    (CREATING, FAILED): "the provider refused the payment",
    (CREATING, EXPIRED): "nobody went on with it before the offer ended",
    (PENDING, COMPLETED): "the money arrived",
    (PENDING, FAILED): "the provider says that it failed",
    (PENDING, EXPIRED): "the offer ended without a payment",
    (FAILED, COMPLETED): "late success: the money arrived after a failure was told",
    (EXPIRED, COMPLETED): "late success: the money arrived after the offer had ended",
    (COMPLETED, PARTLY_REFUNDED): "a part was given back",
    (COMPLETED, REFUNDED): "everything was given back",
    (PARTLY_REFUNDED, REFUNDED): "the rest was given back",
    (PARTLY_REFUNDED, COMPLETED): "a refund that had succeeded was sent back by the bank",
    (REFUNDED, PARTLY_REFUNDED): "a refund that had succeeded was sent back by the bank",
    (REFUNDED, COMPLETED): "a refund that had succeeded was sent back by the bank",
    (COMPLETED, DISPUTED): "the buyer disputes the payment at their bank",
    (PARTLY_REFUNDED, DISPUTED): "the buyer disputes the payment at their bank",
    (DISPUTED, COMPLETED): "the dispute was won",
    (DISPUTED, PARTLY_REFUNDED): "the dispute was won, and a part had been given back before",
    (DISPUTED, REFUNDED): "the dispute was lost, or everything was given back meanwhile",
}


def rule_of(before: str, after: str) -> str | None:
    """Why this change is allowed; None when it is not."""
    return TRANSITIONS.get((before, after))
