"""Payments that match a filter: some at a time, the newest first, and their totals in each currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import json
from pony.orm import count, desc, select

from studium.core.clock import now
from studium.core.database import reading
from studium.plugins.payments.entities import Payment, PaymentReference, Refund
from studium.plugins.payments.key_pages import Place
from studium.plugins.payments.owner_pages.filters import PaymentFilter
from studium.plugins.payments.payment_view import ID
from studium.plugins.payments.schedule import THEN
from studium.plugins.payments.transitions import CREATING, DISPUTED, OPEN
from studium.services.money import Money
from studium.services.people import Person, find_people, find_people_called
from studium.services.provider_registry import provider_classes
from studium.services.providers import OFFLINE

MOST_PEOPLE = 200  # of one name
MOST_REFUNDS = 200
TOO_LONG = timedelta(minutes=10)  # for an answer to our request
UNDER_WAY = ("asking", "pending")


@dataclass(frozen=True)
class PaymentRow:
    """A payment in a list; titles are as bought, `buyer` is None when the account is deleted. Moments are naive UTC."""

    id: str
    number: str
    status: str
    problem: str | None
    buyer: Person | None
    user_id: int | None
    email: str | None
    course: str
    tier: str
    provider: str
    reference: str | None
    livemode: bool
    list_price: Money
    discount: Money
    credit: Money
    amount: Money
    paid: Money
    refunded: Money
    coupon: str | None
    created_at: datetime
    completed_at: datetime | None

    @property
    def net(self) -> Money:
        """What came and stayed."""
        return self.paid - self.refunded

    @property
    def place(self) -> Place:
        """Where it is in the list."""
        return self.created_at, self.id


@dataclass(frozen=True)
class Total:
    """Sums of one currency, of real or of test money."""

    livemode: bool
    count: int
    paid: Money
    refunded: Money

    @property
    def net(self) -> Money:
        """What came and stayed."""
        return self.paid - self.refunded


def find_payments(asked: PaymentFilter, before: Place | None, limit: int) -> list[PaymentRow]:
    """At most `limit` payments from that place on, the newest first."""
    with reading():
        found = _matching(asked)
        if before is not None:
            at, payment_id = before
            found = found.filter(lambda row: row.created_at <= at and (row.created_at < at or row.id < payment_id))  # an index finds this
        rows = found.order_by(desc(Payment.created_at), desc(Payment.id))[:limit]
        return rows_of(rows)


def find_totals(asked: PaymentFilter) -> list[Total]:
    """The sums of all that match, real money first."""
    with reading():
        matching = _matching(asked)
        sums = select(
            (row.livemode, row.currency, count(), sum(row.paid_minor), sum(row.refunded_minor)) for row in matching)[:]
    made = [Total(live, number, Money.from_minor(paid, code), Money.from_minor(back, code)) for live, code, number, paid, back in sums]
    return sorted(made, key=lambda one: (not one.livemode, one.paid.currency))


def count_needing(need: str) -> int:
    """How many payments need a person for this reason."""
    with reading():
        return int(_matching(PaymentFilter(need=need)).count())


def rows_of(rows: Sequence[Payment]) -> list[PaymentRow]:
    """The rows as values; needs reading()."""
    people = find_people({row.user_id for row in rows if row.user_id is not None})
    return [_row(row, people.get(row.user_id)) for row in rows]


def _row(row: Payment, buyer: Person | None) -> PaymentRow:
    bought: dict[str, Any] = json.loads(row.metadata)

    def money(minor: int) -> Money:
        return Money.from_minor(minor, row.currency)

    return PaymentRow(
        id=row.id, number=row.number, status=row.status, problem=row.problem, buyer=buyer, user_id=row.user_id, email=row.email,
        course=str(bought.get("course_title", "")), tier=str(bought.get("tier_title", "") or row.tier_key), provider=row.provider,
        reference=row.reference, livemode=row.livemode, list_price=money(row.list_minor), discount=money(row.discount_minor),
        credit=money(row.credit_minor), amount=money(row.amount_minor), paid=money(row.paid_minor), refunded=money(row.refunded_minor),
        coupon=bought.get("coupon"), created_at=row.created_at, completed_at=row.completed_at)


def _matching(asked: PaymentFilter) -> Any:
    found = Payment.select()
    if asked.status:
        found = found.filter(lambda row: row.status == asked.status)
    if asked.provider:
        found = found.filter(lambda row: row.provider == asked.provider)
    if asked.course_id is not None:
        found = found.filter(lambda row: row.course_id == asked.course_id)
    if asked.tier:
        found = found.filter(lambda row: row.tier_key == asked.tier)
    if asked.problem:
        found = found.filter(lambda row: row.problem == asked.problem)
    if asked.livemode is not None:
        found = found.filter(lambda row: row.livemode == asked.livemode)
    if asked.since is not None:
        found = found.filter(lambda row: row.created_at >= asked.since)
    if asked.until is not None:
        found = found.filter(lambda row: row.created_at < asked.until)
    return _said(_needing(found, asked.need), asked.text)


def _needing(found: Any, need: str) -> Any:
    """Of these, the ones that need a person for this reason, or for any."""
    if not need:
        return found
    offline, moment = _offline(), now()
    overdue, late = moment - THEN, moment - TOO_LONG
    waiting = _refunds_that_wait(moment) if need in ("stuck", "any") else []
    if need == "problem":
        return found.filter(lambda row: row.problem > "")
    if need == "disputed":
        return found.filter(lambda row: row.status == DISPUTED)
    if need == "confirm":
        return found.filter(lambda row: row.status in OPEN and row.provider in offline)
    if need == "stuck":
        return found.filter(
            lambda row: row.id in waiting or (
                row.status in OPEN and row.provider not in offline
                and (row.last_error > "" or row.next_check_at < overdue or (row.status == CREATING and row.created_at < late))))
    return found.filter(
        lambda row: row.problem > "" or row.status == DISPUTED or row.id in waiting or (
            row.status in OPEN and (row.provider in offline or row.last_error > "" or row.next_check_at < overdue
                                    or (row.status == CREATING and row.created_at < late))))


def _said(found: Any, text: str) -> Any:
    """Of these, the ones that a text names: by number, id, a reference of the provider, or the buyer's name or number."""
    if not text:
        return found
    ids = list(select(ref.payment_id for ref in PaymentReference if ref.ref == text)[:MOST_PEOPLE])  # type: ignore[attr-defined]
    ids += [text.lower()] if ID.fullmatch(text.lower()) else []
    people = [person.id for person in find_people_called(text, MOST_PEOPLE)]
    people += [int(text)] if text.isascii() and text.isdigit() and len(text) < 10 else []
    number = text.upper()
    return found.filter(lambda row: row.id in ids or row.user_id in people or row.number == number or row.reference == text)


def _offline() -> list[str]:
    return [code for code, provider in provider_classes().items() if OFFLINE in provider.meta.capabilities]


def _refunds_that_wait(moment: datetime) -> list[str]:
    """Ids of payments with a refund that has been under way for long, or got no answer."""
    long_ago = moment - THEN
    rows = Refund.select(lambda row: row.next_check_at > datetime(2000, 1, 1) and row.status in UNDER_WAY
                         and (row.created_at < long_ago or row.last_error is not None))
    return [row.payment_id for row in rows[:MOST_REFUNDS]]
