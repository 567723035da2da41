"""Coupons as owners see and make them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pony.orm import count, desc, select

from studium.core.clock import now
from studium.core.database import after_commit, reading, transaction
from studium.core.errors import Conflict, NotFound, Unprocessable
from studium.core.logs import get_logger
from studium.plugins.payments.coupons import HELD, RELEASED, USED, normal_code
from studium.plugins.payments.entities import Coupon, CouponUse
from studium.services.courses.catalogue import find_course_by_id
from studium.services.money import Money
from studium.services.translation import N_

log = get_logger(__name__)
CODE = re.compile(r"[0-9A-Z][0-9A-Z_-]{2,39}", re.ASCII)
MOST_USES = 1_000_000
NOTE_CHARS = 1000


@dataclass(frozen=True)
class NewCoupon:
    """What an owner says of a coupon: `percent`, or `amount`; empty `tier_keys` and None `course_id` mean all; dates are naive UTC.

    `max_uses` None: no end. `valid_until` is the first moment at which it is no longer valid.
    """

    code: str
    percent: int | None = None
    amount: Money | None = None
    course_id: int | None = None
    tier_keys: tuple[str, ...] = ()
    max_uses: int | None = None
    once_per_user: bool = True
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    note: str = ""


@dataclass(frozen=True)
class CouponView:
    """A coupon with its uses: `used` in payments that completed, `held` in those that are open. Fields as in `NewCoupon`."""

    id: int
    code: str
    percent: int | None
    amount: Money | None
    course_id: int | None
    tier_keys: tuple[str, ...]
    max_uses: int | None
    once_per_user: bool
    valid_from: datetime | None
    valid_until: datetime | None
    note: str
    created_by: str
    created_at: datetime
    archived_at: datetime | None
    used: int
    held: int


def create_coupon(asked: NewCoupon, by: str) -> int:
    """Make a coupon; answers its id. Raises Unprocessable naming each wrong field in `errors`, Conflict when the code is taken.

    A code is taken for good, also by an archived coupon, so that old payments keep their meaning.
    """
    code = normal_code(asked.code)
    problems = list(_problems(asked, code))
    if problems:
        errors = [{"field": field, "message": message} for field, message in problems]
        raise Unprocessable(problems[0][1], code="coupon-wrong", errors=errors)
    with transaction():
        if Coupon.get(code=code) is not None:
            raise Conflict(N_("There is a coupon of this code already."), code="coupon-exists")
        row = Coupon(
            code=code, percent=asked.percent, amount_minor=asked.amount.minor if asked.amount else None,
            currency=asked.amount.currency if asked.amount else None, course_id=asked.course_id,
            tier_keys=json.dumps(list(asked.tier_keys)), max_uses=asked.max_uses, once_per_user=asked.once_per_user,
            valid_from=asked.valid_from, valid_until=asked.valid_until, note=asked.note.strip(), created_by=by[:200], created_at=now(),
        )
        row.flush()
        return int(row.id)


def archive_coupon(coupon_id: int, by: str) -> None:
    """Let nobody use the coupon any more; payments that are open with it keep it. Again does nothing. Raises NotFound."""
    with transaction():
        row = Coupon.get(id=coupon_id)
        if row is None:
            raise NotFound(N_("There is no such coupon."))
        row.archived_at = row.archived_at or now()
        after_commit(lambda: log.info("coupon_archived", coupon_id=coupon_id, by=by))


def list_coupons(*, archived: bool = False) -> Sequence[CouponView]:
    """All coupons that can be used (or the archived ones), the newest first, in two queries."""
    with reading():
        rows = Coupon.select(lambda row: (row.archived_at is not None) == archived).order_by(lambda row: desc(row.id))[:]
        uses = Counter({(coupon_id, state): number for coupon_id, state, number in _counts()})
        return [_view(row, uses) for row in rows]


def _counts() -> Any:
    return select((use.coupon_id, use.state, count(use)) for use in CouponUse if use.state != RELEASED)  # type: ignore[attr-defined]


def _view(row: Coupon, uses: Counter[tuple[int, str]]) -> CouponView:
    amount = Money.from_minor(row.amount_minor, row.currency) if row.amount_minor is not None else None
    return CouponView(
        row.id, row.code, row.percent, amount, row.course_id, tuple(json.loads(row.tier_keys)), row.max_uses, row.once_per_user,
        row.valid_from, row.valid_until, row.note, row.created_by, row.created_at, row.archived_at, uses[row.id, USED], uses[row.id, HELD],
    )


def _problems(asked: NewCoupon, code: str) -> Any:
    """Pairs of field and message."""
    if not CODE.fullmatch(code):
        yield "code", N_("A code has 3 to 40 letters from A to Z, digits, hyphens or underscores, and begins with a letter or digit.")
    if (asked.percent is None) == (asked.amount is None):
        yield "percent", N_("Write either a percentage or an amount.")
    if asked.percent is not None and not 1 <= asked.percent <= 100:
        yield "percent", N_("A percentage is a whole number from 1 to 100.")
    if asked.amount is not None and asked.amount.minor <= 0:
        yield "amount", N_("The amount must be more than nothing.")
    if asked.max_uses is not None and not 1 <= asked.max_uses <= MOST_USES:
        yield "max_uses", N_("The number of uses is a whole number from 1 to 1000000; leave it empty for no end.")
    if asked.valid_from is not None and asked.valid_until is not None and asked.valid_from >= asked.valid_until:
        yield "valid_until", N_("The coupon ends before it begins.")
    if len(asked.note.strip()) > NOTE_CHARS:
        yield "note", N_("A note has at most 1000 characters.")
    yield from _wrong_targets(asked)


def _wrong_targets(asked: NewCoupon) -> Any:
    course = find_course_by_id(asked.course_id) if asked.course_id is not None else None
    if asked.course_id is not None and course is None:
        yield "course_id", N_("There is no such course.")
    elif course is not None and set(asked.tier_keys) - {tier.key for tier in course.tiers}:
        yield "tier_keys", N_("The course has no such tier.")
