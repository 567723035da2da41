"""Everything about one payment as plain values, with a constant number of queries."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from flask import json
from flask_babel import gettext as _
from pony.orm import select

from studium.core.database import reading
from studium.core.errors import NotFound
from studium.plugins.payments.entities import CouponUse, Enrolment, LedgerEntry, Payment, PaymentReference, Refund
from studium.plugins.payments.granting import STILL_PAID
from studium.plugins.payments.holdings import runs
from studium.plugins.payments.owner_pages.search import PaymentRow, rows_of
from studium.plugins.payments.owner_pages.upgrades import with_upgrades
from studium.plugins.payments.payment_view import ID
from studium.plugins.payments.story_words import PROBLEMS
from studium.plugins.payments.timeline import StoryRow, story, why_stuck
from studium.services.courses.catalogue import find_course_by_id
from studium.services.languages import language
from studium.services.money import Money
from studium.services.provider_registry import provider_classes, providers

GONE = ("asking", "pending", "completed")  # refunds whose money is not there any more, or soon will not be


@dataclass(frozen=True)
class RefundRow:
    """A refund; `at` is when it was asked for, `done_at` when the money went. Naive UTC."""

    id: str
    money: Money
    status: str
    reason: str
    by: str
    error: str | None
    at: datetime
    done_at: datetime | None


@dataclass(frozen=True)
class Movement:
    """A line of the ledger."""

    at: datetime
    kind: str
    ref: str
    money: Money


@dataclass(frozen=True)
class Access:
    """An enrolment that this payment paid for, or that stands on one; `runs` says whether it is open now."""

    id: int
    tier: str
    runs: bool
    is_upgrade: bool
    enrolled_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    revoked_reason: str


@dataclass(frozen=True)
class Record:
    """A payment with all that belongs to it. `left` can be given back; `has_substitute` says that another payment for the same
    tier would take its place; `seen` changes whenever something of weight does.
    """

    row: PaymentRow
    capabilities: frozenset[str]
    is_set_up: bool
    stuck: str | None
    problem: str | None
    checks: int
    next_check_at: datetime | None
    expires_at: datetime | None
    last_error: str | None
    attempt_key: str
    course_id: int
    tier_id: int
    access_days: int | None
    upgrade_of: int | None
    coupon_use: str | None
    references: tuple[str, ...]
    refunds: tuple[RefundRow, ...]
    ledger: tuple[Movement, ...]
    accesses: tuple[Access, ...]
    left: Money
    has_substitute: bool
    seen: str

    @property
    def name(self) -> str:
        """The buyer in words."""
        return self.row.buyer.full_name if self.row.buyer else _("The buyer (account deleted)")


def find_record(payment_id: str) -> Record:
    """The payment of this id, or number; raises NotFound."""
    with reading():
        payment = Payment.get(id=payment_id) if ID.fullmatch(payment_id) else Payment.get(number=payment_id[:20])
        if payment is None:
            raise NotFound(_("There is no such payment."))
        found = str(payment.id)
        refunds = _refunds(found)
        provider = provider_classes().get(payment.provider)
        gone = sum(refund.money.minor for refund in refunds if refund.status in GONE)
        return Record(
            row=rows_of([payment])[0], capabilities=provider.meta.capabilities if provider else frozenset(),
            is_set_up=payment.provider in providers(), stuck=why_stuck(found, _),
            problem=_(PROBLEMS[payment.problem]) if payment.problem in PROBLEMS else payment.problem, checks=payment.checks,
            next_check_at=payment.next_check_at, expires_at=payment.expires_at, last_error=payment.last_error,
            attempt_key=payment.attempt_key, course_id=payment.course_id, tier_id=payment.tier_id, access_days=payment.access_days,
            upgrade_of=payment.upgrade_of, coupon_use=_coupon_use(found), references=_references(found), refunds=refunds,
            ledger=_ledger(found), accesses=_accesses(found, _tier_titles(payment.course_id)),
            left=Money.from_minor(max(0, payment.paid_minor - gone), payment.currency),
            has_substitute=_has_substitute(payment), seen=_seen(payment, refunds))


def story_of(record: Record) -> list[StoryRow]:
    """What happened to it, the oldest first, in the reader's language."""
    return story(record.row.id, _)


def _refunds(payment_id: str) -> tuple[RefundRow, ...]:
    rows = Refund.select(lambda row: row.payment_id == payment_id).order_by(Refund.created_at)
    return tuple(
        RefundRow(row.id, Money.from_minor(row.amount_minor, row.currency), row.status, row.reason, row.by, row.last_error, row.created_at,
                  row.completed_at) for row in rows)


def _ledger(payment_id: str) -> tuple[Movement, ...]:
    rows = LedgerEntry.select(lambda row: row.payment_id == payment_id).order_by(LedgerEntry.id)
    return tuple(Movement(row.at, row.kind, row.ref, Money.from_minor(row.amount_minor, row.currency)) for row in rows)


def _accesses(payment_id: str, titles: dict[int, str]) -> tuple[Access, ...]:
    """What it paid for, then the upgrades on that."""
    paid_for = list(Enrolment.select(lambda row: row.payment_id == payment_id))
    return tuple(
        Access(row.id, titles.get(row.tier_id, row.tier_key), runs(row), row not in paid_for, row.enrolled_at, row.expires_at,
               row.revoked_at, row.revoked_reason)
        for row in with_upgrades(paid_for))


def _tier_titles(course_id: int) -> dict[int, str]:
    course = find_course_by_id(course_id, language())
    return {tier.id: tier.title for tier in course.tiers} if course else {}


def _references(payment_id: str) -> tuple[str, ...]:
    return tuple(select(row.ref for row in PaymentReference if row.payment_id == payment_id))  # type: ignore[attr-defined]


def _coupon_use(payment_id: str) -> str | None:
    use = CouponUse.get(payment_id=payment_id)
    return str(use.state) if use else None


def _has_substitute(payment: Payment) -> bool:
    """Whether the tier was paid twice: then nothing closes when one of the two payments is given back."""
    if payment.user_id is None:
        return False
    return bool(Payment.exists(lambda row: row.user_id == payment.user_id and row.tier_id == payment.tier_id and row.id != payment.id
                               and row.set_aside and row.status in STILL_PAID))


def _seen(payment: Payment, refunds: tuple[RefundRow, ...]) -> str:
    """A mark of how it stands, for forms: what was confirmed on sight of one state is not done in another, nor twice."""
    state = [payment.status, payment.problem, payment.paid_minor, payment.refunded_minor, payment.revision,
             [[refund.id, refund.status] for refund in refunds]]
    return hashlib.sha256(json.dumps(state).encode()).hexdigest()[:16]
