"""A person looked at a payment's problem and dealt with it: it is taken off the list, and the audit says who did and why."""

from __future__ import annotations

from studium.core.clock import now
from studium.core.database import transaction
from studium.plugins.payments.audit import note
from studium.plugins.payments.entities import Payment
from studium.plugins.payments.errors import UnknownPayment


def dismiss_problem(payment_id: str, *, reason: str, by: str) -> bool:
    """Take the problem off; False when there is none. What caused it may bring it back. Raises UnknownPayment."""
    with transaction():
        payment = Payment.get(id=payment_id)
        if payment is None:
            raise UnknownPayment(f"There is no payment {payment_id[:40]}. `studium payments list` shows them.")
        if payment.problem is None:
            return False
        note(payment, "settled", cause=by, rule=f"{payment.problem}: {reason}")
        payment.set(problem=None, updated_at=now(), revision=payment.revision + 1)
        return True
