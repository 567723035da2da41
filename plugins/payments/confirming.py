"""Money that comes outside of the site: a person says that it came, or that it will not."""

from __future__ import annotations

from dataclasses import replace

from flask import json

from studium.core.database import reading, transaction
from studium.plugins.payments.audit import note
from studium.plugins.payments.checking import asked
from studium.plugins.payments.entities import Payment, PaymentEvent
from studium.plugins.payments.errors import NotConfirmable, UnknownPayment
from studium.plugins.payments.settling import Applied, apply
from studium.plugins.payments.transitions import NEVER_PAID, OPEN
from studium.services.money import Money, total
from studium.services.provider_registry import find_provider
from studium.services.providers import OFFLINE, Snapshot
from studium.services.translation import N_


def confirm_offline(payment_id: str, money: Money, *, reference_note: str, by: str) -> Applied:
    """So much came, seen by a person: another amount or currency than was asked is noted as a problem and gives no access, until the rest
    is confirmed, which makes the amount together with what was confirmed before, or the right amount is.

    `reference_note` is what joins it with the bank's statement. Also for a payment that has expired. Raises UnknownPayment, NotConfirmable.
    """
    before = _confirmed(payment_id, money.currency)
    snapshot = _snapshot(payment_id, (*OPEN, *NEVER_PAID), "confirmed", reference_note, by, money)
    whole = snapshot.money  # what was asked
    came = whole if whole.currency == money.currency and before + money == whole else money
    return apply(payment_id, replace(snapshot, status="completed", money=came), by)


def reject_offline(payment_id: str, reason: str, by: str) -> Applied:
    """It will not come; `reason` is told to the buyer. Raises UnknownPayment, NotConfirmable."""
    return apply(payment_id, replace(_snapshot(payment_id, OPEN, "rejected", reason, by), status="failed", reason=reason), by)


def _confirmed(payment_id: str, currency: str) -> Money:
    """The sum of what people confirmed so far in this currency."""
    with reading():
        rows = PaymentEvent.select(lambda row: row.payment_id == payment_id and row.event == "confirmed")
        found = [json.loads(row.data) for row in rows]
    return total((Money.from_minor(one["amount_minor"], currency) for one in found if one.get("currency") == currency), currency)


def _snapshot(payment_id: str, allowed: tuple[str, ...], event: str, text: str, by: str, money: Money | None = None) -> Snapshot:
    """What the person says, with what they need not say; writes down that they said it."""
    with reading():
        payment = Payment.get(id=payment_id)
        if payment is None:
            raise UnknownPayment(f"There is no payment {payment_id[:40]}. `studium payments list` shows them.")
        code, status = payment.provider, payment.status
        found = Snapshot("pending", asked(payment), livemode=payment.livemode, reference=payment.reference or "", order_id=payment.id)
    if OFFLINE not in find_provider(code).meta.capabilities:
        raise NotConfirmable(N_("This provider knows itself what was paid; look at the payment again instead."))
    if status not in allowed:
        raise NotConfirmable(N_("The payment is %(status)s already."), status=status)
    with transaction():
        came = {"amount_minor": money.minor, "currency": money.currency} if money else None
        note(Payment.get(id=payment_id), event, cause=by, rule=text[:300], data=came)
    return found
