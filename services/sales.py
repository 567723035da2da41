"""How a course is sold to one person, as plain values, for pages that must not know who sells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from studium.core.runtime import runtime
from studium.services.money import Money

TierState = Literal["buy", "upgrade", "owned", "included", "pending"]


@dataclass(frozen=True)
class TierOffer:
    """One tier for one person. `url` is where they get it (or see the payment that is under way), None when there is nothing to get.

    `state` owned: they have it, until `expires_at` (naive UTC; None: for life); included: a higher tier of theirs has all of it; upgrade:
    `prices` are what is left to pay. `prices` has one Money a currency, and is empty for a tier that costs nothing.
    """

    tier_id: int
    state: TierState
    prices: tuple[Money, ...]
    url: str | None
    expires_at: datetime | None = None


@dataclass(frozen=True)
class CourseAccess:
    """What one person has of a course: the keys of their tiers, since when, and until when (None: for life)."""

    tiers: frozenset[str]
    since: datetime
    until: datetime | None


def find_tier_offers(user_id: int | None, course_id: int) -> Mapping[int, TierOffer]:
    """The offers of a course by tier id, for a person or (None) a visitor; empty when nothing sells courses here."""
    found: Mapping[int, TierOffer] | None = runtime().hooks.find_tier_offers(user_id=user_id, course_id=course_id)
    return found or {}


def find_course_access(user_id: int, course_id: int) -> CourseAccess | None:
    """What the person has of the course now; None without a running enrolment, or when nothing sells courses here."""
    found: CourseAccess | None = runtime().hooks.find_course_access(user_id=user_id, course_id=course_id)
    return found
