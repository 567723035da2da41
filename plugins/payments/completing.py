"""What happens when a payment completes, fails or runs out: ledger, coupon, enrolment and facts, all in the open transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studium.core.clock import now
from studium.core.logs import get_logger
from studium.plugins.payments import coupons, granting, ledger
from studium.plugins.payments.audit import note
from studium.plugins.payments.course_rules import ANY_TIER, rules_of_course
from studium.plugins.payments.entities import Enrolment, Payment
from studium.plugins.payments.granting import BASE_GONE, PAID_TWICE
from studium.plugins.payments.holdings import runs
from studium.plugins.payments.moving import mark_problem, move
from studium.plugins.payments.pricing import credit_stands
from studium.plugins.payments.telling import tell_completed, tell_failed
from studium.plugins.payments.transitions import COMPLETED, EXPIRED

log = get_logger(__name__)
NO_ACCOUNT, CREDIT_GONE, COUPON_OVERUSED = "no-account", "credit-gone", "coupon-overused"
SOLVED_BY_REFUND = (NO_ACCOUNT, PAID_TWICE, BASE_GONE, CREDIT_GONE, COUPON_OVERUSED)


def complete(payment: Payment, *, cause: str, data: Mapping[str, Any] | None = None) -> str | None:
    """The money is there: it is booked, and what it pays for is granted. The explanation, or None when the table has no such line."""
    rule = move(payment, COMPLETED, cause=cause, data=data)
    if rule is None:
        return None
    payment.set(paid_minor=payment.amount_minor, completed_at=now(), problem=None, last_error=None)
    if payment.amount_minor:
        ledger.enter(payment, ledger.CHARGE, payment.reference or payment.id, payment.amount_minor)
    if payment.coupon_id is not None:
        coupons.use(payment)
    _grant(payment, cause)
    tell_completed(payment)
    return rule


def end_unpaid(payment: Payment, status: str, *, reason: str, cause: str, data: Mapping[str, Any] | None = None) -> str | None:
    """It failed or expired: the coupon is free again. The explanation, or None when the table has no such line."""
    rule = move(payment, status, cause=cause, data=data)
    if rule is None:
        return None
    payment.last_error = reason[:1000] or None
    if payment.coupon_id is not None:
        coupons.release(payment)
    tell_failed(payment, reason[:1000], expired=status == EXPIRED)
    return rule


def revoke(payment: Payment, cause: str) -> None:
    """All money went back: access ends, the coupon is free again, and a second payment for the same, if there is one, takes its place."""
    if payment.coupon_id is not None:
        coupons.release(payment)
    if payment.problem in SOLVED_BY_REFUND:
        payment.problem = None
    if not payment.set_aside:  # which never gave access; the other payment does
        granting.revoke_paid(payment, "refund", cause)
        _take_up(payment, cause)


def suspend(payment: Payment, cause: str) -> None:
    """The money is in dispute: access rests."""
    if not payment.set_aside:
        granting.revoke_paid(payment, "dispute", cause)


def restore(payment: Payment, cause: str) -> None:
    """Money that had gone came back: so does access, unless another payment has taken this one's place meanwhile."""
    if payment.coupon_id is not None:
        coupons.use(payment)
    if payment.set_aside:
        payment.set_aside = False
        _grant(payment, cause)
        return
    granting.restore_paid(payment, cause)
    if not Enrolment.exists(payment_id=payment.id) and _why_not(payment) == PAID_TWICE:
        _set_aside(payment)


def _grant(payment: Payment, cause: str) -> None:
    """Access is given, unless nobody, or somebody who has it already, would get it; then a person decides."""
    problem = _why_not(payment)
    if problem is None:
        enrolment = granting.grant_paid(payment)
        note(payment, "grant", cause=cause, rule="paid in full", data={"enrolment": enrolment.id if enrolment else None})
        _check_price(payment, cause)
        return
    if problem == PAID_TWICE:
        _set_aside(payment)
    else:
        mark_problem(payment, problem)
    note(payment, "mismatch", cause=cause, rule=f"{problem}: access was not given for this payment, refund it or decide")
    log.error("payment_problem", payment=payment.id, problem=problem)


def _set_aside(payment: Payment) -> None:
    """Its money gives nothing while another payment gives the same. A problem that was there before stays in sight."""
    payment.set_aside = True
    mark_problem(payment, payment.problem or PAID_TWICE)


def _check_price(payment: Payment, cause: str) -> None:
    """What was promised is given; but when the price was promised on what is no longer so, a person must know."""
    found = {CREDIT_GONE: not credit_stands(payment), COUPON_OVERUSED: coupons.is_overused(payment)}
    for problem in [name for name, wrong in found.items() if wrong]:
        mark_problem(payment, payment.problem or problem)
        note(payment, "mismatch", cause=cause, rule=f"{problem}: access was given for what was asked; look whether more is owed")
        log.error("payment_problem", payment=payment.id, problem=problem)


def _take_up(gone: Payment, cause: str) -> None:
    """Money that was set aside, because this payment gave as much or more, gives what it paid for now."""
    others = Payment.select(lambda row: row.user_id == gone.user_id and row.course_id == gone.course_id and row.set_aside
                            and row.id != gone.id and row.status in granting.STILL_PAID)
    for other in others.order_by(Payment.completed_at)[:] if gone.user_id is not None else ():
        if _why_not(other) is None:
            other.set(set_aside=False, problem=None if other.problem == PAID_TWICE else other.problem, updated_at=now(),
                      revision=other.revision + 1)
            granting.grant_paid(other)
            note(other, "grant", cause=cause, rule="what gave the same or more was given back")


def _why_not(payment: Payment) -> str | None:
    if payment.user_id is None:
        return NO_ACCOUNT
    if _has_it_paid(payment):
        return PAID_TWICE
    base = Enrolment.get(id=payment.upgrade_of) if payment.upgrade_of else None
    if base is not None and base.revoked_at is not None:
        return BASE_GONE
    return None


def _has_it_paid(payment: Payment) -> bool:
    """Whether another payment gives the tier, or a higher one that includes it, already. A gift does not count: it may end before."""
    rules = rules_of_course(payment.course_id)
    rank = rules.rank_of(payment.tier_id) if rules else ANY_TIER
    rows = Enrolment.select(lambda row: row.user_id == payment.user_id and row.course_id == payment.course_id and row.revoked_at is None)
    return any(
        row.payment_id not in (None, payment.id) and runs(row)
        and (row.tier_id == payment.tier_id or (rules is not None and rules.rank_of(row.tier_id) > rank))
        for row in rows)
