"""Refunds and disputes of the simulated Stripe."""

from __future__ import annotations

from studium.testing.simulators.stripe_answers import Refused, missing
from studium.testing.simulators.stripe_sessions import emit
from studium.testing.simulators.stripe_store import Body, Books, epoch, new_id

COUNTED = ("succeeded", "pending", "requires_action")  # in a charge's amount_refunded


def create_refund(books: Books, params: Body) -> Body:
    """POST /v1/refunds, or the dashboard's button. Raises Refused."""
    charge = _charge_of(books, params)
    left = charge["amount"] - charge["amount_refunded"]
    amount = int(params.get("amount") or left)
    if charge["status"] != "succeeded":
        raise Refused("This PaymentIntent does not have a successful charge to refund.", code="charge_not_refundable", begun=True)
    if left == 0:
        raise Refused(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded", begun=True)
    if not 0 < amount <= left:
        raise Refused(f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})", begun=True, param="amount")
    refund = books.keep({
        "id": new_id("re"), "object": "refund", "created": epoch(), "amount": amount, "currency": charge["currency"],
        "charge": charge["id"], "payment_intent": charge["payment_intent"], "metadata": params.get("metadata") or {},
        "reason": params.get("reason"),
        "status": "pending" if books.switch("hold_refunds") else "succeeded", "failure_reason": None})
    emit(books, "charge.refunded", _recount(books, charge["id"]))
    emit(books, "refund.created", refund)
    return refund


def end_refunds(books: Books, intent: str, *, completed: bool) -> None:
    """Waiting refunds go through, or (waiting or not) the bank sends them back."""
    for refund in books.all("refund", payment_intent=intent):
        if refund["status"] not in (("pending",) if completed else ("pending", "succeeded")):
            continue
        refund |= {"status": "succeeded"} if completed else {"status": "failed", "failure_reason": "expired_or_canceled_card"}
        books.keep(refund)
        _recount(books, refund["charge"])
        emit(books, "refund.updated", refund)
        if not completed:
            emit(books, "refund.failed", refund)


def open_dispute(books: Books, intent: str, *, inquiry: bool = False) -> None:
    """The buyer asks the bank for the money; an inquiry takes none yet. Raises Refused."""
    charge = _charge_of(books, {"payment_intent": intent})
    if charge["status"] != "succeeded" or charge["disputed"]:
        raise Refused("There is nothing to dispute.")
    books.keep(charge | {"disputed": True})
    dispute = books.keep({
        "id": new_id("du"), "object": "dispute", "created": epoch(), "livemode": charge["livemode"], "amount": charge["amount"],
        "currency": charge["currency"], "charge": charge["id"], "payment_intent": intent, "reason": "product_not_received",
        "status": "warning_needs_response" if inquiry else "needs_response", "is_charge_refundable": inquiry})
    emit(books, "charge.dispute.created", dispute)
    if not inquiry:
        emit(books, "charge.dispute.funds_withdrawn", dispute)


def escalate_inquiry(books: Books, intent: str) -> None:
    """The inquiry becomes a dispute that takes the money."""
    for dispute in _disputes(books, intent, "warning_needs_response"):
        books.keep(dispute | {"status": "needs_response", "is_charge_refundable": False})
        emit(books, "charge.dispute.updated", books.get(dispute["id"]))
        emit(books, "charge.dispute.funds_withdrawn", books.get(dispute["id"]))


def end_dispute(books: Books, intent: str, *, won: bool) -> None:
    """It is decided; an inquiry is closed."""
    for dispute in _disputes(books, intent, "warning_needs_response", "needs_response"):
        inquiry = dispute["status"].startswith("warning")
        books.keep(dispute | {"status": "warning_closed" if inquiry else "won" if won else "lost"})
        if won and not inquiry:
            emit(books, "charge.dispute.funds_reinstated", books.get(dispute["id"]))
        emit(books, "charge.dispute.closed", books.get(dispute["id"]))


def warn_of_fraud(books: Books, intent: str) -> None:
    """The bank suspects fraud; nothing happens to the money."""
    charge = _charge_of(books, {"payment_intent": intent})
    emit(books, "radar.early_fraud_warning.created", books.keep({
        "id": new_id("issfr"), "object": "radar.early_fraud_warning", "created": epoch(), "livemode": charge["livemode"],
        "actionable": True, "charge": charge["id"], "payment_intent": intent, "fraud_type": "made_with_stolen_card"}))


def _disputes(books: Books, intent: str, *statuses: str) -> list[Body]:
    return [dispute for dispute in books.all("dispute", payment_intent=intent) if dispute["status"] in statuses]


def _charge_of(books: Books, params: Body) -> Body:
    given = params.get("payment_intent") or params.get("charge") or ""
    found = books.find(given)
    if found is None or found["object"] not in ("payment_intent", "charge"):
        raise missing("payment_intent", given)
    if found["object"] == "charge":
        return found
    if not found["latest_charge"]:
        raise Refused("This PaymentIntent does not have a successful charge to refund.", code="charge_not_refundable", begun=True)
    return books.get(found["latest_charge"])


def _recount(books: Books, charge_id: str) -> Body:
    """The charge with the sum of its refunds."""
    charge = books.get(charge_id)
    amount = sum(refund["amount"] for refund in books.all("refund", charge=charge_id) if refund["status"] in COUNTED)
    return books.keep(charge | {"amount_refunded": amount, "refunded": amount == charge["amount"]})
