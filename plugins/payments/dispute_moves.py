"""A dispute opens, is won or is lost: ledger, access and facts, in the open transaction. While it is open, access rests."""

from __future__ import annotations

from typing import Literal

from studium.core.clock import now
from studium.plugins.payments import completing, ledger
from studium.plugins.payments.audit import note, note_once
from studium.plugins.payments.entities import Payment
from studium.plugins.payments.moving import mark_problem, move
from studium.plugins.payments.refund_merging import settle_sum, status_by_sum
from studium.plugins.payments.telling import tell_disputed
from studium.plugins.payments.transitions import COMPLETED, DISPUTED, PARTLY_REFUNDED, REFUNDED

DISPUTABLE = (COMPLETED, PARTLY_REFUNDED)
DISPUTED_AFTER_REFUND = "disputed-after-refund"


def follow_dispute(payment: Payment, *, disputed: bool, lost: bool, cause: str) -> list[str]:
    """Bring the payment to where its dispute is now; explanations of its moves, none when nothing changed."""
    rules: list[str | None] = []
    if payment.status in DISPUTABLE and (disputed or (lost and not ledger.lost_disputes(payment))):  # a service says "lost" for ever
        rules.append(_open(payment, cause))
    if payment.status == DISPUTED and not disputed:
        rules.append(_lose(payment, cause) if lost else _win(payment, cause))
    elif payment.status == REFUNDED and not disputed and ledger.open_disputes(payment):
        rules.append(_end_after_refund(payment, lost, cause))
    if disputed and payment.status == REFUNDED and not ledger.open_disputes(payment) + ledger.lost_disputes(payment):
        note_once(payment, "mismatch", cause=cause, rule="disputed although everything was given back: answer the dispute with the refund")
        if payment.problem != DISPUTED_AFTER_REFUND:
            mark_problem(payment, DISPUTED_AFTER_REFUND)
    return [rule for rule in rules if rule]


def _open(payment: Payment, cause: str) -> str | None:
    ref = f"dispute-{ledger.disputes_so_far(payment) + 1}"
    rule = move(payment, DISPUTED, cause=cause)
    ledger.enter(payment, ledger.DISPUTE, ref, payment.refunded_minor - payment.paid_minor)
    completing.suspend(payment, cause)
    tell_disputed(payment, ref, "open")
    return rule


def _win(payment: Payment, cause: str) -> str | None:
    (taken,) = ledger.open_disputes(payment)[-1:]
    rule = move(payment, status_by_sum(payment), cause=cause)
    ledger.enter(payment, ledger.DISPUTE_WON, taken.ref, -taken.amount_minor)
    if payment.status != REFUNDED:
        completing.restore(payment, cause)
    tell_disputed(payment, taken.ref, "won")
    return rule


def _lose(payment: Payment, cause: str) -> str | None:
    (taken,) = ledger.open_disputes(payment)[-1:]
    payment.refunded_minor -= taken.amount_minor
    rule = move(payment, REFUNDED, cause=cause)
    ledger.enter(payment, ledger.DISPUTE_LOST, taken.ref, 0)
    completing.revoke(payment, cause)
    tell_disputed(payment, taken.ref, "lost")
    return rule


def _end_after_refund(payment: Payment, lost: bool, cause: str) -> str:
    """The dispute was open when the last of the money was given back: won, its part is here again; lost, the same money went twice."""
    (taken,) = ledger.open_disputes(payment)[-1:]
    state: Literal["won", "lost"] = "lost" if lost else "won"
    if lost:
        ledger.enter(payment, ledger.DISPUTE_LOST, taken.ref, 0)
        settle_sum(payment, cause)
    else:
        ledger.enter(payment, ledger.DISPUTE_WON, taken.ref, -taken.amount_minor)
    rule = f"the dispute was {state} after everything was given back"
    payment.set(updated_at=now(), revision=payment.revision + 1)
    note(payment, "dispute", cause=cause, rule=rule)
    tell_disputed(payment, taken.ref, state)
    return rule
