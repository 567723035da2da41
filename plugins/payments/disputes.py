"""Disputes that a person tells of, for providers that do not tell of them themselves."""

from __future__ import annotations

from typing import Literal

from studium.core.database import transaction
from studium.plugins.payments import ledger
from studium.plugins.payments.audit import note
from studium.plugins.payments.dispute_moves import DISPUTABLE, follow_dispute
from studium.plugins.payments.entities import Payment
from studium.plugins.payments.errors import NotConfirmable, UnknownPayment
from studium.plugins.payments.settling import Applied
from studium.plugins.payments.transitions import DISPUTED, REFUNDED
from studium.services.provider_registry import provider_classes
from studium.services.providers import DISPUTE
from studium.services.translation import N_


def mark_dispute(payment_id: str, state: Literal["open", "won", "lost"], *, reason: str, by: str) -> Applied:
    """A person says that a dispute was opened, or ended; access follows. `reason` and `by` are in words, kept in the audit.

    Raises UnknownPayment, and NotConfirmable when the provider tells of disputes itself, or the payment is in no state for it.
    """
    with transaction():
        payment = Payment.get(id=payment_id)
        if payment is None:
            raise UnknownPayment(f"There is no payment {payment_id[:40]}. `studium payments list` shows them.")
        _refuse(payment, state)
        before = payment.status
        note(payment, "dispute", cause=by, rule=f"{state}: {reason}"[:300])
        rules = follow_dispute(payment, disputed=state == "open", lost=state == "lost", cause=by)
        return Applied(before, payment.status, bool(rules), "; ".join(rules))


def _refuse(payment: Payment, state: str) -> None:
    provider = provider_classes().get(payment.provider)
    if provider is not None and DISPUTE in provider.meta.capabilities:
        raise NotConfirmable(N_("This provider tells of disputes itself; what a person says would be overwritten."))
    allowed = DISPUTABLE if state == "open" else (DISPUTED, *(DISPUTABLE if state == "lost" else ()))
    ends_late = state != "open" and payment.status == REFUNDED and bool(ledger.open_disputes(payment))
    if payment.status not in allowed and not ends_late:
        raise NotConfirmable(N_("The payment is %(status)s; a dispute cannot be %(state)s now."), status=payment.status, state=state)
