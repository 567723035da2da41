"""The one course, tier and open payment that a purchase is about."""

from __future__ import annotations

from studium.core.clock import now
from studium.core.errors import Conflict, NotFound
from studium.plugins.payments.entities import Payment
from studium.plugins.payments.holdings import Holdings
from studium.plugins.payments.transitions import OPEN
from studium.services.courses.catalogue import CourseInfo, TierInfo, find_course
from studium.services.translation import N_


def find_offer(course: str, tier_key: str, language: str) -> tuple[CourseInfo, TierInfo]:
    """The course at this address and its tier of this key, as on offer today. Raises NotFound."""
    found = find_course(course, language)
    if found is None:
        raise NotFound(N_("There is no such course."))
    tier = next((tier for tier in found.tiers if tier.key == tier_key), None)
    if tier is None:
        raise NotFound(N_("There is no such tier."))
    return found, tier


def refuse_owned(held: Holdings | None, tier: TierInfo) -> None:
    """Raise Conflict when the person has the tier already (tier-owned), or a higher one that includes it (tier-included)."""
    if held is None or held.best is None:
        return
    if any(one.tier_id == tier.id for one in held.running):
        raise Conflict(N_("You have this tier already."), code="tier-owned", title="You have this already")
    if held.best.rank > held.rules.rank_of(tier.id):
        raise Conflict(N_("You have a higher tier, which includes this one."), code="tier-included", title="You have more already")


def open_key(user_id: int, tier_id: int) -> str:
    """What the one payment carries that this person can go on with for this tier."""
    return f"{user_id}:{tier_id}"


def is_open(payment: Payment) -> bool:
    """Whether the buyer can still go on with it: neither ended nor run out by the clock."""
    return payment.status in OPEN and (payment.expires_at is None or payment.expires_at > now())
