"""How each tier of a course stands for one person, for the course page: in a constant number of queries."""

from __future__ import annotations

from collections.abc import Mapping

from studium.core.database import reading
from studium.plugins.payments.beginning import payment_path
from studium.plugins.payments.course_rules import costs_nothing
from studium.plugins.payments.entities import Payment
from studium.plugins.payments.holdings import Holdings, holdings_of
from studium.plugins.payments.offers import is_open, open_key
from studium.plugins.payments.pricing import NO_CREDIT, Credit, find_credit
from studium.plugins.payments.transitions import PENDING
from studium.services.courses.catalogue import CourseInfo, TierInfo, find_course_by_id
from studium.services.money import Money
from studium.services.provider_registry import providers
from studium.services.sales import TierOffer


def find_tier_offers(user_id: int | None, course_id: int) -> Mapping[int, TierOffer] | None:
    """The offers by tier id; None for an unknown course or one without tiers.

    A tier can be got when it costs nothing, or a provider takes one of its currencies. `pending` is a payment that a provider knows of.
    """
    course = find_course_by_id(course_id)
    if course is None or not course.tiers:
        return None
    if user_id is None:
        return {tier.id: _to_buy(course, tier, NO_CREDIT) for tier in course.tiers}
    with reading():
        held = holdings_of(user_id, course_id)
        waiting = _waiting(user_id, course)
        best = held.best if held else None
        credit = find_credit(held, course.tiers[-1].id) if best and held else NO_CREDIT
    return {tier.id: _offer(course, tier, held, waiting.get(tier.id), credit) for tier in course.tiers}


def _offer(course: CourseInfo, tier: TierInfo, held: Holdings | None, waiting: str | None, credit: Credit) -> TierOffer:
    if held and held.best and held.best.rank > held.rules.rank_of(tier.id):
        return TierOffer(tier.id, "included", (), None, held.best.expires_at)
    owned = next((one for one in held.running if one.tier_id == tier.id), None) if held else None
    if owned is not None:
        return TierOffer(tier.id, "owned", (), None, owned.expires_at)
    if waiting is not None:
        return TierOffer(tier.id, "pending", _prices(tier, credit), payment_path(waiting))
    return _to_buy(course, tier, credit)


def _to_buy(course: CourseInfo, tier: TierInfo, credit: Credit) -> TierOffer:
    prices = () if costs_nothing(tier.prices) else _prices(tier, credit)
    payable = not prices or any(not price or _is_taken(price.currency) for price in prices)
    return TierOffer(tier.id, "upgrade" if credit.upgrade_of else "buy", prices, f"/checkout/{course.slug}/{tier.key}" if payable else None)


def _prices(tier: TierInfo, credit: Credit) -> tuple[Money, ...]:
    """What is left to pay, in the currencies that count what was paid before."""
    before = [currency for currency in tier.prices if credit.paid.get(currency, 0) > 0]
    listed = [Money(tier.prices[currency], currency) for currency in before or tier.prices]
    return tuple(price - min(price, credit.money(price.currency)) for price in listed)


def _is_taken(currency: str) -> bool:
    return any(not one.meta.currencies or currency in one.meta.currencies for one in providers().values())


def _waiting(user_id: int, course: CourseInfo) -> dict[int, str]:
    """Open payments that a provider knows of, by tier id."""
    keys = [open_key(user_id, tier.id) for tier in course.tiers]
    rows = Payment.select(lambda row: row.open_key in keys and row.status == PENDING)
    return {row.tier_id: row.id for row in rows if is_open(row)}
