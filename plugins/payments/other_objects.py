"""A provider may have more than one object that names a payment, such as two sessions of a lost begin; only one of them pays for it."""

from __future__ import annotations

from studium.core.logs import get_logger
from studium.plugins.payments.audit import note, note_once
from studium.plugins.payments.entities import Payment
from studium.plugins.payments.moving import mark_problem
from studium.plugins.payments.transitions import COMPLETED, PAID
from studium.services.money import total
from studium.services.providers import Snapshot

log = get_logger(__name__)
PAID_TWICE_OBJECT = "paid-twice-object"


def is_another_object(payment: Payment, snapshot: Snapshot) -> bool:
    """Whether it is not the object of the payment's reference: a snapshot names all ids that its object has."""
    return bool(payment.reference and snapshot.reference and payment.reference not in (snapshot.reference, *snapshot.refs))


def follow_other_object(payment: Payment, snapshot: Snapshot, cause: str) -> str:
    """What another object means, in the open transaction: money that came a second time is shown to a person, until it is given back.

    Its refunds, disputes and failures are not the payment's.
    """
    if payment.status not in PAID or snapshot.status != COMPLETED:
        rule = f"the object {snapshot.reference} is {snapshot.status}; the payment waits for {payment.reference}, or for its money"
        note_once(payment, "checked", cause=cause, rule=rule)
        return rule
    if _is_given_back(snapshot):
        rule = f"{PAID_TWICE_OBJECT}: {snapshot.reference} was paid besides {payment.reference}, and given back"
        if payment.problem == PAID_TWICE_OBJECT:
            payment.set(problem=None, revision=payment.revision + 1)
            note(payment, "settled", cause=cause, rule=rule)
        return rule
    rule = f"{PAID_TWICE_OBJECT}: {snapshot.reference} was paid besides {payment.reference}, {snapshot.money}"
    if payment.problem != PAID_TWICE_OBJECT:
        mark_problem(payment, PAID_TWICE_OBJECT)
        log.error("payment_problem", payment=payment.id, problem=PAID_TWICE_OBJECT)
    note_once(payment, "mismatch", cause=cause, rule=rule)
    return rule


def _is_given_back(snapshot: Snapshot) -> bool:
    money = [one.money for one in snapshot.refunds if one.status == "completed" and one.money.currency == snapshot.money.currency]
    return bool(total(money, snapshot.money.currency) >= snapshot.money)
