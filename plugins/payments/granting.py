"""Who may watch what: grants, renews and takes back enrolments, each with its fact and its live message, in one transaction.

The tier's access days count from the grant. An upgrade stands on the enrolment whose price was taken off (`base_id`): its own days count
from the upgrade, the base keeps its own end, and when the base is revoked the upgrade is too. An end by the clock takes nothing else along.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from studium.core.clock import now
from studium.core.database import transaction
from studium.core.errors import Conflict, NotFound, Unprocessable
from studium.core.facts import publish
from studium.core.logs import get_logger
from studium.plugins.payments import audit, holdings
from studium.plugins.payments.access_messages import tell
from studium.plugins.payments.course_rules import costs_nothing
from studium.plugins.payments.entities import Enrolment, Payment
from studium.plugins.payments.expiry import end_soon
from studium.plugins.payments.holdings import runs
from studium.plugins.payments.moving import mark_problem
from studium.services.courses.catalogue import TierInfo, find_course_by_id
from studium.services.facts import EnrolmentGranted, EnrolmentRevoked
from studium.services.people import find_person
from studium.services.translation import N_

MOST_DAYS = 36_500
REASON_CHARS = 1000
NOTICE_DAYS = (7, 1)
BY_PAYMENT, BY_HAND, FREE = "payment", "grant", "free"
PAID_TWICE, BASE_GONE = "paid-twice", "upgrade-base-gone"
STILL_PAID = ("completed", "partly_refunded")
REFUND, DISPUTE, HAND = "refund", "dispute", "hand"
UNDONE = (REFUND, DISPUTE)  # what may be undone: by a bank that sends money back, by a dispute that is won

log = get_logger(__name__)


def grant_paid(payment: Payment) -> Enrolment | None:
    """Give what a completed payment pays for, in the caller's transaction; once for each payment, however often it is called.

    A running enrolment that another payment paid for is returned as it is: its `payment_id` tells that this one was paid twice. None when
    the buyer deleted their account meanwhile.
    """
    if payment.user_id is None:
        return None
    row = _find(payment.user_id, payment.tier_id)
    if row is not None and runs(row) and row.payment_id is not None:
        return row
    row = row or _new(payment.user_id, payment.course_id, payment.tier_id, payment.tier_key)
    at = now()
    ends = _later(_end(payment.access_days, at), row.expires_at) if runs(row) else _end(payment.access_days, at)
    row.set(payment_id=payment.id, base_id=_base(payment), amount_paid_minor=payment.paid_minor, currency=payment.currency)
    _start(row, BY_PAYMENT, at, ends, "", f"payment {payment.number}")
    return row


def revoke_paid(payment: Payment, reason: Literal["refund", "dispute"], by: str) -> None:
    """Take back what the payment gave, with the upgrades that stand on it, in the caller's transaction; again does nothing.

    When it was paid twice and the other payment stands, that one takes its place, and nothing closes.
    """
    for row in Enrolment.select(lambda row: row.payment_id == payment.id and row.revoked_at is None)[:]:
        other = _other_payment(row)
        if other is not None:
            row.set(payment_id=other.id, amount_paid_minor=other.paid_minor, currency=other.currency)
            other.set(set_aside=False, problem=None if other.problem == PAID_TWICE else other.problem)
            audit.note(other, "grant", cause=by, rule="it takes the place of a payment that was given back", data={"enrolment": row.id})
        else:
            _revoke(row, reason, reason, by)
            audit.note(payment, "revoke", cause=by, rule=f"access ends with a {reason}", data={"enrolment": row.id})


def restore_paid(payment: Payment, by: str) -> None:
    """Give back what a dispute (or a refund that the bank sent back) took, until the same end as before, in the caller's transaction.

    An upgrade whose base is gone meanwhile stays closed, and a person decides.
    """
    for row in Enrolment.select(lambda row: row.payment_id == payment.id and row.revoked_at is not None)[:]:
        if row.revoked_kind in UNDONE and _lost_base(row):
            _flag_base_gone(payment, row, by)
        elif row.revoked_kind in UNDONE:
            audit.note(payment, "grant", cause=by, rule=f"the {row.revoked_kind} was undone", data={"enrolment": row.id})
            _restore(row, row.revoked_at, by)


def grant_by_hand(user_id: int, course_id: int, tier_id: int, *, days: int | None, reason: str, by: str) -> int:
    """Give a tier without a payment, for `days` from now (None: for life), or move the end of a running one; answers the enrolment's id.

    Raises NotFound for an unknown person, course or tier, Unprocessable for days out of range or without a reason.
    """
    tier = _find_tier(course_id, tier_id)
    if find_person(user_id) is None:
        raise NotFound(N_("There is no such person."))
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise Unprocessable(N_("Write how many days as a whole number from 1 to 36500, or leave it empty for life."), code="bad-days")
    why = _checked(reason)
    with transaction():
        at, row = now(), _find(user_id, tier_id) or _new(user_id, course_id, tier_id, tier.key)
        source = row.source if runs(row) else BY_HAND
        if not runs(row):
            row.set(payment_id=None, base_id=None, amount_paid_minor=0, currency=None)
        _start(row, source, at, _end(days, at), why, by)
        return int(row.id)


def revoke_enrolment(enrolment_id: int, *, reason: str, by: str) -> None:
    """End an enrolment by hand, with the upgrades that stand on it, for good: one that a dispute closed does not open again either.

    Raises NotFound, Conflict for one that ended before, Unprocessable.
    """
    why = _checked(reason)
    with transaction():
        row = Enrolment.get(id=enrolment_id)
        if row is None:
            raise NotFound(N_("There is no such enrolment."))
        if row.revoked_at is not None and row.revoked_kind in UNDONE:
            row.set(revoked_reason=why, revoked_kind=HAND, revoked_by=by[:200])
            return
        if not runs(row):
            raise Conflict(N_("This enrolment has ended already."), code="enrolment-ended")
        _revoke(row, why, HAND, by)


def enrol_free(user_id: int, course_id: int, tier_id: int) -> int:
    """Enrol the person in a tier that costs nothing; answers the enrolment's id, that of the running one when there is one.

    Raises NotFound for an unknown tier, Conflict for one that costs something.
    """
    tier = _find_tier(course_id, tier_id)
    if not costs_nothing(tier.prices):
        raise Conflict(N_("This tier is not free."), code="tier-not-free")
    with transaction():
        at, row = now(), _find(user_id, tier_id) or _new(user_id, course_id, tier_id, tier.key)
        if not runs(row):
            row.set(payment_id=None, base_id=None, amount_paid_minor=0, currency=None)
            _start(row, FREE, at, _end(tier.access_days, at), "", "the student")
        return int(row.id)


def _new(user_id: int, course_id: int, tier_id: int, tier_key: str) -> Enrolment:
    """A row that does not run yet: `_start` does the rest in the same transaction."""
    return Enrolment(user_id=user_id, course_id=course_id, tier_id=tier_id, tier_key=tier_key, source=BY_HAND, granted_by="nobody yet",
                     enrolled_at=now(), expires_at=now())


def _start(row: Enrolment, source: str, at: datetime, ends: datetime | None, reason: str, by: str) -> None:
    """Let the row run from `at`, the present, until `ends`; one that runs already keeps its day of enrolment."""
    row.set(source=source, expires_at=ends, noticed_days=_noticed(ends, at), reason=reason, granted_by=by[:200],
            enrolled_at=row.enrolled_at if runs(row) else at, revoked_at=None, revoked_kind=None, revoked_reason="", revoked_by="")
    _announce(row)


def _announce(row: Enrolment) -> None:
    row.flush()
    publish(EnrolmentGranted(enrolment_id=row.id, user_id=row.user_id, course_id=row.course_id, tier_id=row.tier_id, source=row.source,
                             expires_at=row.expires_at, granted_at=now()))
    end_soon(row)
    holdings.forget()
    tell(row.user_id, row.course_id)


def _revoke(row: Enrolment, why: str, word: str, by: str) -> None:
    """End the row and what stands on it; `word` is the fact's. For one that is over already there is nothing to tell."""
    ran = runs(row)
    row.set(revoked_at=now(), revoked_kind=word, revoked_reason=why, revoked_by=by[:200])
    row.flush()
    if ran:
        publish(EnrolmentRevoked(enrolment_id=row.id, user_id=row.user_id, course_id=row.course_id, tier_id=row.tier_id, reason=word,
                                 revoked_at=row.revoked_at))
    for upgrade in Enrolment.select(lambda other: other.base_id == row.id and other.user_id == row.user_id and other.revoked_at is None)[:]:
        _revoke(upgrade, why, word, by)
        paid = _payment_of(upgrade)
        if word in UNDONE and paid is not None and paid.status in STILL_PAID:
            _flag_base_gone(paid, upgrade, by)
    holdings.forget()
    tell(row.user_id, row.course_id)


def _restore(row: Enrolment, revoked_at: datetime, by: str) -> None:
    row.set(revoked_at=None, revoked_kind=None, revoked_reason="", revoked_by="", granted_by=by[:200])
    paid = _payment_of(row)
    if paid is not None and paid.problem == BASE_GONE:
        paid.set(problem=None, updated_at=now(), revision=paid.revision + 1)
        audit.note(paid, "restore", cause=by, rule="what it stands on is there again", data={"enrolment": row.id})
    if runs(row):
        _announce(row)
    above = Enrolment.select(lambda other: other.base_id == row.id and other.user_id == row.user_id and other.revoked_at is not None)
    for upgrade in above[:]:
        paid = _payment_of(upgrade)
        closed_with_it = upgrade.revoked_at >= revoked_at or (paid is not None and paid.problem == BASE_GONE)
        if closed_with_it and upgrade.revoked_kind in UNDONE and (paid is None or paid.status in STILL_PAID):
            _restore(upgrade, revoked_at, by)


def _payment_of(row: Enrolment) -> Payment | None:
    """What paid for it; None for what was not bought."""
    return Payment.get(id=row.payment_id) if row.payment_id else None


def _lost_base(row: Enrolment) -> bool:
    base = Enrolment.get(id=row.base_id) if row.base_id else None
    return base is not None and base.revoked_at is not None


def _flag_base_gone(payment: Payment, row: Enrolment, by: str) -> None:
    """The upgrade was paid, and is closed because of another payment: the buyer's money is here for nothing."""
    mark_problem(payment, BASE_GONE)
    audit.note(payment, "mismatch", cause=by, rule=f"{BASE_GONE}: what it stands on was given back, so access ended; refund it or decide",
               data={"enrolment": row.id})
    log.error("payment_problem", payment=payment.id, problem=BASE_GONE)


def _base(payment: Payment) -> int | None:
    """What an upgrade stands on; nothing when that was revoked meanwhile."""
    if payment.upgrade_of is None:
        return None
    base = Enrolment.get(id=payment.upgrade_of)
    return None if base is None or base.revoked_at is not None else int(base.id)


def _other_payment(row: Enrolment) -> Payment | None:
    """A payment for the same that came while the row ran, was set aside as paid twice, and was not given back."""
    paid: Payment | None = Payment.select(
        lambda other: other.user_id == row.user_id and other.tier_id == row.tier_id and other.id != row.payment_id
        and other.status in STILL_PAID and other.set_aside and other.completed_at >= row.enrolled_at
    ).first()
    return paid


def _find(user_id: int, tier_id: int) -> Enrolment | None:
    found: Enrolment | None = Enrolment.select(lambda row: row.user_id == user_id and row.tier_id == tier_id).first()
    return found


def _find_tier(course_id: int, tier_id: int) -> TierInfo:
    course = find_course_by_id(course_id)
    tier = next((tier for tier in course.tiers if tier.id == tier_id), None) if course else None
    if tier is None:
        raise NotFound(N_("There is no such tier."))
    return tier


def _checked(reason: str) -> str:
    why = " ".join(reason.split())
    if not 1 <= len(why) <= REASON_CHARS:
        raise Unprocessable(N_("Write a reason, of at most 1000 characters."), code="reason-needed")
    return why


def _end(days: int | None, at: datetime) -> datetime | None:
    return at + timedelta(days=days) if days is not None else None


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(one, other) if one is not None and other is not None else None


def _noticed(ends: datetime | None, at: datetime) -> int | None:
    """The notices that a short enrolment does without: nobody is told on the first day that a week is left."""
    passed = [days for days in NOTICE_DAYS if ends is not None and ends - at <= timedelta(days=days)]
    return min(passed, default=None)
