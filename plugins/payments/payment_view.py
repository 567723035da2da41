"""A payment as its buyer sees it: plain values, and in one word how it stands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import json
from pony.orm import desc

from studium.core.database import reading
from studium.core.errors import NotFound
from studium.plugins.payments.checking import MISMATCHES
from studium.plugins.payments.entities import Enrolment, Payment, Refund
from studium.plugins.payments.holdings import runs
from studium.plugins.payments.offers import is_open
from studium.plugins.payments.transitions import CREATING, EXPIRED, NEVER_PAID, OPEN, PAID, PENDING
from studium.services.money import Money
from studium.services.provider_registry import provider_classes, providers

ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PREPARING, DOWN, WAITING, INSTRUCTED, REPLACED, EXAMINED = "preparing", "down", "waiting", "instructed", "replaced", "examined"
UNSETTLED = (PREPARING, DOWN, WAITING, INSTRUCTED)
BACK, UNDER_WAY = "completed", ("asking", "pending")


@dataclass(frozen=True)
class RefundView:
    """Money that was given back (`at` says when), or is on its way (None)."""

    money: Money
    at: datetime | None


@dataclass(frozen=True)
class PaymentView:
    """`state` is a status of transitions.py, or while it is open: preparing, down (the provider gives no answer), waiting (at the
    provider), instructed, replaced (the buyer chose again). Not paid, but examined: what the provider says does not fit, as when another
    amount came, so nobody can tell the buyer that nothing was charged. `course` and titles are as bought. Moments are naive UTC.
    """

    id: str
    number: str
    state: str
    status: str
    provider: str
    provider_title: str
    course_id: int
    course: str
    course_title: str
    tier_key: str
    tier_title: str
    coupon: str | None
    total: Money
    list_price: Money
    discount: Money
    credit: Money
    paid: Money
    refunded: Money
    refunds: tuple[RefundView, ...]
    instructions: tuple[tuple[str, str], ...]
    instructions_text: str
    has_access: bool
    access_until: datetime | None
    problem: str | None
    set_aside: bool
    created_at: datetime
    completed_at: datetime | None
    expires_at: datetime | None
    reference: str | None
    livemode: bool

    @property
    def is_unsettled(self) -> bool:
        """Whether it may change any moment, so that the page waits for it."""
        return self.state in UNSETTLED

    @property
    def is_paid(self) -> bool:
        """Whether money came, so that there is a receipt."""
        return self.status in PAID

    @property
    def rest(self) -> Money:
        """What was paid and not given back."""
        return self.paid - self.refunded


def find_payment(user_id: int, payment_id: str) -> PaymentView:
    """The person's own payment; raises NotFound for an unknown one and for somebody else's."""
    with reading():
        row = Payment.get(id=payment_id, user_id=user_id) if ID.fullmatch(payment_id) else None
        if row is None:
            raise NotFound("There is no such payment.")
        return view_of(row)


def view_of(row: Payment) -> PaymentView:
    """The view of a row; needs reading() or transaction()."""
    return views_of([row])[0]


def views_of(rows: Sequence[Payment]) -> list[PaymentView]:
    """The views of rows, in two queries however many they are; needs reading() or transaction()."""
    ids, people, shown = [row.id for row in rows], {row.user_id for row in rows if row.user_id}, (BACK, *UNDER_WAY)
    held = {(one.user_id, one.course_id, one.tier_id): one for one in Enrolment.select(lambda one: one.user_id in people)}
    refunds: dict[str, list[Refund]] = {payment_id: [] for payment_id in ids}
    for refund in Refund.select(lambda one: one.payment_id in ids and one.status in shown).order_by(desc(Refund.created_at)):
        refunds[refund.payment_id].append(refund)
    return [_view(row, held.get((row.user_id, row.course_id, row.tier_id)), refunds[row.id]) for row in rows]


def _view(row: Payment, held: Enrolment | None, refunds: Sequence[Refund]) -> PaymentView:
    bought: dict[str, Any] = json.loads(row.metadata)
    told = bought.get("instructions") or {}
    found = held if held is not None and held.payment_id == row.id and runs(held) else None

    def money(minor: int) -> Money:
        return Money.from_minor(minor, row.currency)

    return PaymentView(
        id=row.id, number=row.number, state=state_of(row, bool(told)), status=row.status, provider=row.provider,
        provider_title=provider_title(row.provider), course_id=row.course_id, course=str(bought.get("course", "")),
        course_title=str(bought.get("course_title", "")), tier_key=row.tier_key, tier_title=str(bought.get("tier_title", "")),
        coupon=bought.get("coupon"), total=money(row.amount_minor), list_price=money(row.list_minor), discount=money(row.discount_minor),
        credit=money(row.credit_minor), paid=money(row.paid_minor), refunded=money(row.refunded_minor),
        refunds=tuple(map(_refund, refunds)),
        instructions=tuple((str(label), str(value)) for label, value in told.get("lines", ())),
        instructions_text=str(told.get("text", "")), has_access=found is not None,
        access_until=found.expires_at if found else None, problem=row.problem, set_aside=row.set_aside, created_at=row.created_at,
        completed_at=row.completed_at, expires_at=row.expires_at, reference=row.reference, livemode=row.livemode)


def state_of(row: Payment, instructed: bool) -> str:
    """The status, told apart further while no money was booked."""
    if row.problem in MISMATCHES and row.status in (*OPEN, *NEVER_PAID):
        return EXAMINED
    if row.status not in OPEN:
        return str(row.status)
    if row.open_key is None:
        return REPLACED
    if not is_open(row):
        return EXPIRED
    if row.status == PENDING:
        return INSTRUCTED if instructed else WAITING
    return DOWN if row.status == CREATING and (row.last_error or row.provider not in providers()) else PREPARING


def provider_title(code: str) -> str:
    """The title that buyers read, still in English; "" for a payment of nothing."""
    found = provider_classes().get(code)
    return found.meta.title if found else ""


def _refund(row: Refund) -> RefundView:
    return RefundView(Money.from_minor(row.amount_minor, row.currency), row.completed_at if row.status == BACK else None)
