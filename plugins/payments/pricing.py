"""What a tier costs one person: list price, less what they paid for a lower tier, less a coupon."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from studium.core.database import reading
from studium.core.errors import Unprocessable
from studium.plugins.payments import coupons
from studium.plugins.payments.entities import Enrolment, Payment, Refund
from studium.plugins.payments.holdings import Holdings, holdings_of, runs
from studium.plugins.payments.offers import refuse_owned
from studium.services.courses.catalogue import CourseInfo, TierInfo
from studium.services.money import Money
from studium.services.provider_registry import providers
from studium.services.translation import N_

CURRENCY_OF = {"ru": "RUB", "en": "USD"}  # what people who read the language usually pay in
COUNTED = ("completed", "partly_refunded")
UNDER_WAY = ("asking", "pending")


@dataclass(frozen=True)
class Quote:
    """What one person is to pay for a tier now: `total` = `list_price` - `credit` - `discount`, never below zero.

    `credit` is what they paid, in the same currency, for the running enrolment `upgrade_of` and what that stands on; without credit there
    is no upgrade, the tier stands on nothing. A percentage of a coupon is of what the credit leaves. `coupon` is the code as it is stored.
    """

    course: CourseInfo
    tier: TierInfo
    list_price: Money
    credit: Money
    discount: Money
    total: Money
    upgrade_of: int | None
    coupon: str | None
    coupon_id: int | None


@dataclass(frozen=True)
class Credit:
    """What counts towards a higher tier: minor units by currency, and the enrolment that the upgrade will stand on."""

    upgrade_of: int | None
    paid: Mapping[str, int]

    def money(self, currency: str) -> Money:
        """The part of it in this currency."""
        return Money.from_minor(self.paid.get(currency, 0), currency)


NO_CREDIT = Credit(None, {})


def quote(user_id: int, course: CourseInfo, tier: TierInfo, currency: str, coupon: str | None = None) -> Quote:
    """The price for this person now; joins the caller's transaction or reading.

    Raises Unprocessable for a currency that the tier has no price in, CouponRefused for a coupon that does not count, Conflict for a tier
    that they have.
    """
    with reading():
        held = holdings_of(user_id, course.id)
        refuse_owned(held, tier)
        credit = find_credit(held, tier.id)
        if currency not in _payable(tier, credit):
            raise unknown_currency()
        listed = Money(tier.prices[currency], currency)
        taken = min(credit.money(currency), listed)
        found = _coupon(user_id, course, tier, currency, coupon)
        off = coupons.discount(found, listed - taken) if found else listed.zero
        return Quote(course, tier, listed, taken, off, listed - taken - off, credit.upgrade_of if taken else None,
                     found.code if found else None, found.id if found else None)


def currencies(user_id: int, course: CourseInfo, tier: TierInfo) -> tuple[str, ...]:
    """The currencies that the person may pay the tier in, in the author's order.

    Who upgrades pays in a currency that they paid in before, if the tier has a price in it, because no other counts what they paid.
    """
    with reading():
        return _payable(tier, find_credit(holdings_of(user_id, course.id), tier.id))


def choose_currency(offered: Collection[str], language: str) -> str:
    """The currency to begin with: the usual one of the language, else the first. Raises Unprocessable when there is none."""
    usual = CURRENCY_OF.get(language)
    found = usual if usual in offered else next(iter(offered), None)
    if found is None:
        raise unknown_currency()
    return found


def find_credit(held: Holdings | None, tier_id: int) -> Credit:
    """What the person paid for the highest running tier below this one that was paid for, and for all that it stands on. Refunds are taken
    off, those that are under way too. Where a provider takes real money, only real money counts.

    Two queries when they have such a tier, none otherwise; needs reading() or transaction().
    """
    rank = held.rules.rank_of(tier_id) if held else 0
    bases = [one for one in held.running if one.rank < rank] if held else []
    if held is None or not bases:
        return NO_CREDIT
    left = _left([one.payment_id for one in held.chain(bases) if one.payment_id is not None], live=takes_real_money())
    for base in bases:
        paid: dict[str, int] = {}
        for one in held.chain([base]):
            currency, minor = left.get(one.payment_id or "", ("", 0))
            if minor > 0:
                paid[currency] = paid.get(currency, 0) + minor
        if paid:
            return Credit(base.id, paid)
    return Credit(bases[0].id, {})


def credit_stands(payment: Payment) -> bool:
    """Whether what was taken off for a lower tier is still paid there and nobody took it off a second time; needs a transaction."""
    if not payment.credit_minor or payment.upgrade_of is None:
        return True
    ids, base = [], Enrolment.get(id=payment.upgrade_of)
    while base is not None and base.user_id == payment.user_id:
        ids += [base.payment_id] if base.payment_id else []
        base = Enrolment.get(id=base.base_id) if base.base_id else None
    left = sum(minor for currency, minor in _left(ids).values() if currency == payment.currency)
    return left >= payment.credit_minor and not _is_credit_used(payment)


def takes_real_money() -> bool:
    """Whether any provider of this site does."""
    return any(one.livemode for one in providers().values())


def unknown_currency() -> Unprocessable:
    """422: no price in this currency."""
    message = N_("This tier has no price in this currency.")
    return Unprocessable(message, code="unknown-currency", errors=[{"field": "currency", "message": message}])


def _left(payment_ids: Iterable[str], *, live: bool | None = None) -> dict[str, tuple[str, int]]:
    """(currency, minor units) by payment: paid, not given back, and not on its way back. `live`: only payments of this mode."""
    ids = list(payment_ids)
    if not ids:
        return {}
    rows = [row for row in Payment.select(lambda row: row.id in ids and row.status in COUNTED) if live in (None, row.livemode)]
    left = {row.id: row.paid_minor - row.refunded_minor for row in rows}
    for refund in Refund.select(lambda row: row.payment_id in ids and row.status in UNDER_WAY):
        if refund.payment_id in left:
            left[refund.payment_id] -= refund.amount_minor
    return {row.id: (row.currency, max(left[row.id], 0)) for row in rows}


def _is_credit_used(payment: Payment) -> bool:
    """Whether another upgrade that still runs had the same taken off."""
    base_id, user_id, own = payment.upgrade_of, payment.user_id, payment.id
    others = Enrolment.select(lambda row: row.base_id == base_id and row.user_id == user_id and row.revoked_at is None)
    ids = [row.payment_id for row in others if row.payment_id not in (None, own) and runs(row)]
    return bool(ids and Payment.exists(lambda row: row.id in ids and row.credit_minor > 0 and row.status in COUNTED))


def _payable(tier: TierInfo, credit: Credit) -> tuple[str, ...]:
    before = tuple(currency for currency in tier.prices if credit.paid.get(currency, 0) > 0)
    return before or tuple(tier.prices)


def _coupon(user_id: int, course: CourseInfo, tier: TierInfo, currency: str, code: str | None) -> coupons.Coupon | None:
    if not coupons.normal_code(code):
        return None
    return coupons.find_coupon(code or "", user_id, course, tier, currency)
