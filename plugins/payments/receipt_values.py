"""What a receipt says, as plain values: the same for the page and for the PDF. Moments are naive UTC."""

from __future__ import annotations

from dataclasses import dataclass

from studium.core.errors import NotFound
from studium.plugins.payments.payment_view import PaymentView, find_payment
from studium.services.people import find_person
from studium.services.site import site_name


@dataclass(frozen=True)
class Receipt:
    """A payment whose money came, who paid, and whom; `is_play`: by test keys, so no money moved."""

    payment: PaymentView
    school: str
    buyer: str
    reference: str | None
    time_zone: str
    is_play: bool


def find_receipt(user_id: int, payment_id: str) -> Receipt:
    """The receipt of the person's own payment; raises NotFound for one without money, and for somebody else's."""
    payment = find_payment(user_id, payment_id)
    if not payment.is_paid or payment.completed_at is None:
        raise NotFound("There is no receipt: no money came for this payment.")
    person = find_person(user_id)
    return Receipt(payment, site_name(), person.full_name if person else "", payment.reference, person.time_zone if person else "UTC",
                   not payment.livemode)
