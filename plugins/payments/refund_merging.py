"""Brings what a provider says of refunds into our rows, and their sum into the payment. A refund that we asked for is known by our id.

A refund goes asking -> pending -> completed or failed, from completed to failed when the bank sends it back, and from failed on when the
provider says that it went through all the same; nothing else. What a refund's answer cannot be believed in is shown to a person.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import uuid4

from pony.orm import flush

from studium.core.clock import now
from studium.core.logs import get_logger
from studium.plugins.payments import completing, ledger
from studium.plugins.payments.audit import note, note_once
from studium.plugins.payments.entities import Payment, Refund
from studium.plugins.payments.moving import mark_problem, move
from studium.plugins.payments.telling import tell_refunded
from studium.plugins.payments.transitions import COMPLETED, DISPUTED, PAID, PARTLY_REFUNDED, REFUNDED
from studium.services.providers import RefundSnapshot

log = get_logger(__name__)
ASKING, PENDING, DONE, FAILED = "asking", "pending", "completed", "failed"
MOVES = {(ASKING, PENDING), (ASKING, DONE), (ASKING, FAILED), (PENDING, DONE), (PENDING, FAILED), (DONE, FAILED),
         (FAILED, PENDING), (FAILED, DONE)}  # a failure that was told may still have gone through
STATUSES = (PENDING, DONE, FAILED)
REFUND_FAILED, REFUND_MISMATCH, OVER_REFUNDED = "refund-failed", "refund-mismatch", "over-refunded"


def merge_refunds(payment: Payment, snapshots: Iterable[RefundSnapshot], *, cause: str) -> list[str]:
    """Take over what changed, in the open transaction; explanations of it, none when nothing did."""
    if payment.status not in PAID:
        return []
    rules, completed, found = [], [], list(snapshots)
    for snapshot in found:
        row = _take(payment, snapshot, cause, named=any(one.refund_id for one in found))
        if row is not None:
            rules.append(f"refund {row.id[:8]} is {row.status}")
            completed += [row] if row.status == DONE else []
    if rules:
        rules += settle_sum(payment, cause)
        payment.set(updated_at=now(), revision=payment.revision + 1)
    for row in completed:
        tell_refunded(payment, row)
    return rules


def settle_sum(payment: Payment, cause: str) -> list[str]:
    """Make the payment's status fit what was given back and lost in disputes so far; explanations of its moves."""
    lost = -sum(entry.amount_minor for entry in ledger.lost_disputes(payment))
    flush()
    rows = Refund.select(lambda row: row.payment_id == payment.id and row.status == DONE)
    payment.refunded_minor = sum(row.amount_minor for row in rows) + lost
    if payment.refunded_minor > payment.paid_minor:
        mark_problem(payment, OVER_REFUNDED)
    goal = status_by_sum(payment)
    if goal == payment.status or (payment.status == DISPUTED and goal != REFUNDED):
        return []
    before, rule = payment.status, move(payment, goal, cause=cause)
    if rule and goal == REFUNDED:
        completing.revoke(payment, cause)
    elif rule and before == REFUNDED and not lost:  # who took the money back at the bank does not get the course for the rest
        completing.restore(payment, cause)
    return [rule] if rule else []


def status_by_sum(payment: Payment) -> str:
    """What a paid payment without an open dispute is."""
    if payment.paid_minor and payment.refunded_minor >= payment.paid_minor:
        return REFUNDED
    return PARTLY_REFUNDED if payment.refunded_minor else COMPLETED


def _take(payment: Payment, snapshot: RefundSnapshot, cause: str, *, named: bool) -> Refund | None:
    """The row when this changed it. `named`: the service keeps our ids."""
    row = _find(payment, snapshot, named=named)
    wrong = _wrong(payment, snapshot, row)
    if wrong:
        _doubt(payment, wrong, cause)
        return None
    row = row or _made_elsewhere(payment, snapshot)
    before = row.status
    if not row.reference and snapshot.id and Refund.get(provider=payment.provider, reference=snapshot.id) is None:
        row.reference = snapshot.id
    if before == snapshot.status:
        return None
    if (before, snapshot.status) not in MOVES:
        note_once(payment, "ignored", cause=cause, rule=f"refund {row.id}: {before} -> {snapshot.status} is no transition: old news")
        return None
    if before != DONE and row.amount_minor != snapshot.money.minor:
        _doubt(payment, f"refund {row.id}: {row.amount_minor} minor units were asked for, {snapshot.money} are given back", cause)
    _change(payment, row, snapshot)
    note(payment, "refund", cause=cause, rule=f"refund {row.id}: {before} -> {row.status}",
         data={"refund": row.id, "reference": row.reference, "amount_minor": row.amount_minor, "currency": row.currency, "by": row.by,
               "reason": snapshot.reason})
    return row


def _wrong(payment: Payment, snapshot: RefundSnapshot, row: Refund | None) -> str | None:
    """Why it cannot be a refund of this payment; one without an id of its own must have ours, else each look would book it again."""
    if snapshot.money.currency != payment.currency or snapshot.money.minor <= 0:
        return f"refund {snapshot.id} of {snapshot.money} cannot belong to this payment"
    if snapshot.status not in STATUSES:
        return f"refund {snapshot.id} has a status that there is not: {snapshot.status}"
    if row is not None:
        return None
    if not snapshot.id:
        return f"a refund of {snapshot.money} has neither an id nor ours"
    taken = Refund.get(provider=payment.provider, reference=snapshot.id)
    return f"refund {snapshot.id} is of the payment {taken.payment_id}" if taken is not None else None


def _doubt(payment: Payment, rule: str, cause: str) -> None:
    note_once(payment, "mismatch", cause=cause, rule=rule)
    if payment.problem != REFUND_MISMATCH:
        mark_problem(payment, REFUND_MISMATCH)
        log.error("payment_problem", payment=payment.id, problem=REFUND_MISMATCH)


def _find(payment: Payment, snapshot: RefundSnapshot, *, named: bool) -> Refund | None:
    """By our id, else by the provider's, else the one of that amount that we are asking for: not every service keeps an id of ours.

    A row that has another id of the provider's already is another refund.
    """
    row = Refund.get(id=snapshot.refund_id) if snapshot.refund_id else None
    if row is None or row.payment_id != payment.id or (snapshot.id and row.reference not in (None, snapshot.id)):
        row = Refund.get(provider=payment.provider, reference=snapshot.id) if snapshot.id else None
    if row is None and snapshot.id and snapshot.refund_id is None and not named:
        amount = snapshot.money.minor
        row = Refund.select(lambda one: one.payment_id == payment.id and one.reference is None and one.amount_minor == amount
                            and one.status == ASKING).order_by(Refund.created_at).first()
    return row if row is not None and row.payment_id == payment.id else None


def _made_elsewhere(payment: Payment, snapshot: RefundSnapshot) -> Refund:
    return Refund(id=str(uuid4()), payment_id=payment.id, provider=payment.provider, reference=snapshot.id or None,
                  amount_minor=snapshot.money.minor, currency=payment.currency, status=ASKING, reason=snapshot.reason[:1000],
                  by=f"made at the provider ({payment.provider})", created_at=now())


def _change(payment: Payment, row: Refund, snapshot: RefundSnapshot) -> None:
    before = row.status
    if before != DONE:
        row.amount_minor = snapshot.money.minor  # what went is what counts
    row.set(status=snapshot.status, next_check_at=now() if snapshot.status == PENDING else None)
    if snapshot.status != FAILED and payment.problem == REFUND_FAILED:
        payment.problem = None
    if snapshot.status == DONE:
        row.completed_at = now()
        ledger.enter(payment, ledger.REFUND, ledger.refund_ref(payment, row.id, ledger.REFUND), -row.amount_minor)
    elif snapshot.status == FAILED:
        row.last_error = snapshot.reason[:1000] or None
        if before == DONE:
            ledger.enter(payment, ledger.REFUND_FAILED, ledger.refund_ref(payment, row.id, ledger.REFUND_FAILED), row.amount_minor)
        mark_problem(payment, REFUND_FAILED)
        log.error("refund_failed", payment=payment.id, refund=row.id, reason=snapshot.reason[:200])
