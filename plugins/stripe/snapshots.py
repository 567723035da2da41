"""Stripe's objects as our values; pure, so that each rule can be tested by itself."""

from __future__ import annotations

from typing import Any

from studium.plugins.stripe.currencies import StripeMeta
from studium.plugins.stripe.finding import Found, Objects
from studium.plugins.stripe.orders import ORDER_ID, REFUND_ID
from studium.services.money import Money
from studium.services.providers import PaymentStatus, RefundSnapshot, RefundStatus, Snapshot

# Inquiries (warning_...) take no money, and neither does a dispute that was prevented; in an appeal it is still with the bank
OPEN_DISPUTES = frozenset({"needs_response", "under_review", "appeal_needs_response", "appeal_under_review"})
REFUND_STATUSES: dict[str, RefundStatus] = {
    "pending": "pending", "requires_action": "pending", "succeeded": "completed", "failed": "failed", "canceled": "failed",
}
PAID = frozenset({"paid", "no_payment_required"})


def snapshot(found: Objects, meta: StripeMeta) -> Snapshot:
    """The payment as Stripe has it. With adaptive pricing, `amount_total` and `currency` count: what we asked, not what was shown."""
    main = found.session or found.intent or {}
    disputes = {dispute["status"] for dispute in found.disputes}
    return Snapshot(
        status=_session_status(found.session, found.intent) if found.session else _intent_status(main), money=_money(found, meta),
        refunds=tuple(refund_snapshot(refund, meta) for refund in found.refunds), disputed=bool(disputes & OPEN_DISPUTES),
        dispute_lost="lost" in disputes and not disputes & OPEN_DISPUTES, livemode=bool(main["livemode"]), raw=_raw(found),
        reference=main["id"], refs=_refs(found), order_id=_order_id(found), reason=_reason(found))


def refund_snapshot(refund: Found, meta: StripeMeta) -> RefundSnapshot:
    """A refund, ours or one that was made on Stripe's pages."""
    return RefundSnapshot(
        id=refund["id"], status=REFUND_STATUSES.get(refund["status"], "pending"),
        money=meta.from_minor(refund["amount"], refund["currency"]),
        refund_id=(refund.get("metadata") or {}).get(REFUND_ID), reason=refund.get("failure_reason") or refund.get("reason") or "")


def _session_status(session: Found, intent: Found | None) -> PaymentStatus:
    """A declined attempt leaves the session open, so it is pending; only a slow method can fail once the session is complete."""
    if session["payment_status"] in PAID:
        return "completed"
    if session["status"] == "expired":
        return "expired"
    if session["status"] == "complete" and intent and intent["status"] in ("requires_payment_method", "canceled"):
        return "failed"
    return "pending"


def _intent_status(intent: Found) -> PaymentStatus:
    if intent["status"] == "succeeded":
        return "completed"
    return "failed" if intent["status"] == "canceled" else "pending"


def _money(found: Objects, meta: StripeMeta) -> Money:
    if found.session:
        return meta.from_minor(found.session["amount_total"], found.session["currency"])
    intent = found.intent or {}
    return meta.from_minor(intent["amount_received"] if intent["status"] == "succeeded" else intent["amount"], intent["currency"])


def _order_id(found: Objects) -> str | None:
    """Ours, by either join: the session's metadata or the intent's. `client_reference_id` is not believed: of a payment link the buyer
    writes it into the address (docs.stripe.com/payment-links/url-parameters).
    """
    session, intent = found.session or {}, found.intent or {}
    return (session.get("metadata") or {}).get(ORDER_ID) or (intent.get("metadata") or {}).get(ORDER_ID)


def _refs(found: Objects) -> tuple[str, ...]:
    """All further ids; webhooks of refunds and disputes may come with any of them."""
    ids = [(found.intent or {}).get("id") if found.session else None, (found.charge or {}).get("id")]
    return tuple(one for one in (*ids, *(refund["id"] for refund in found.refunds), *(dispute["id"] for dispute in found.disputes)) if one)


def _reason(found: Objects) -> str:
    error = (found.intent or {}).get("last_payment_error") or {}
    cancelled = (found.intent or {}).get("cancellation_reason")
    return str(error.get("message") or error.get("decline_code") or error.get("code") or cancelled or "")


def _raw(found: Objects) -> dict[str, Any]:
    if found.session:
        return {"session": found.session, "refunds": found.refunds, "disputes": found.disputes}
    return {"payment_intent": found.intent, "refunds": found.refunds, "disputes": found.disputes}
