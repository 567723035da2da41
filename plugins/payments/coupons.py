"""Coupons: what a code takes off, for whom, and its uses: held while a payment is open, used with the money, released when none comes.

Uses are counted in the transaction that adds one, which has the write lock from its beginning: two buyers never get the last one.
"""

from __future__ import annotations

import json

from pony.orm import select

from studium.core.clock import now
from studium.core.errors import Unprocessable
from studium.plugins.payments.entities import Coupon, CouponUse, Payment
from studium.services.courses.catalogue import CourseInfo, TierInfo
from studium.services.money import Money
from studium.services.translation import N_

CODE_CHARS = 40
HELD, USED, RELEASED = "held", "used", "released"
REFUSALS = {
    "coupon-unknown": N_("There is no such coupon. Look at the code again."),
    "coupon-not-yet": N_("This coupon is not valid yet."),
    "coupon-expired": N_("This coupon is no longer valid."),
    "coupon-not-for-course": N_("This coupon is for another course."),
    "coupon-not-for-tier": N_("This coupon is not for this tier."),
    "coupon-not-for-currency": N_("This coupon is for another currency."),
    "coupon-used-up": N_("This coupon has been used as often as it may be."),
    "coupon-used": N_("You have used this coupon already."),
    "coupon-held": N_("This coupon is in another payment of yours that is not finished. Finish that one, or wait until it runs out."),
}


class CouponRefused(Unprocessable):
    """422: the coupon does not count for this purchase; `code` is a key of REFUSALS, and the detail its text, for the buyer."""

    title = "This coupon cannot be used"

    def __init__(self, code: str) -> None:
        super().__init__(REFUSALS[code], code=code, errors=[{"field": "coupon", "message": REFUSALS[code]}])


def normal_code(code: str | None) -> str:
    """The code as it is stored: upper case, without spaces; "" for none."""
    return "".join((code or "").split()).upper()


def find_coupon(code: str, user_id: int, course: CourseInfo, tier: TierInfo, currency: str) -> Coupon:
    """The coupon of this code, if this person may use it for this now; needs reading() or transaction(). Raises CouponRefused.

    What their other open payments for the same tier hold does not count: one of them is gone on with or replaced, and the tier cannot be
    had twice.
    """
    wanted = normal_code(code)
    coupon = Coupon.get(code=wanted) if 0 < len(wanted) <= CODE_CHARS else None
    if coupon is None or coupon.archived_at is not None:
        raise CouponRefused("coupon-unknown")
    _check_dates(coupon)
    if coupon.course_id not in (None, course.id):
        raise CouponRefused("coupon-not-for-course")
    keys = json.loads(coupon.tier_keys)
    if keys and tier.key not in keys:
        raise CouponRefused("coupon-not-for-tier")
    if coupon.amount_minor is not None and coupon.currency != currency:
        raise CouponRefused("coupon-not-for-currency")
    _check_uses(coupon, user_id, tier.id)
    return coupon


def discount(coupon: Coupon, price: Money) -> Money:
    """What the coupon takes off a price in a currency that it is for, at most all of it; a percentage is rounded half up."""
    off = price.percent(coupon.percent) if coupon.percent is not None else Money.from_minor(coupon.amount_minor, coupon.currency)
    return min(off, price)


def hold(payment: Payment) -> None:
    """Keep a use for the payment while it is open; it must have been checked by `find_coupon` in this transaction."""
    if payment.coupon_id is not None and CouponUse.get(payment_id=payment.id) is None:
        CouponUse(coupon_id=payment.coupon_id, user_id=payment.user_id, payment_id=payment.id, state=HELD, at=now())


def use(payment: Payment) -> None:
    """The money came: the use is for good, in the caller's transaction; also when it had been released, since the price was promised."""
    _move(payment, USED)


def release(payment: Payment) -> None:
    """No money came, or all of it went back: somebody may use the coupon again, in the caller's transaction."""
    _move(payment, RELEASED)


def is_overused(payment: Payment) -> bool:
    """Whether more was paid with the payment's coupon than it allows, as when money comes after the coupon was given free again."""
    coupon = Coupon.get(id=payment.coupon_id) if payment.coupon_id is not None else None
    if coupon is None:
        return False
    used = CouponUse.select(lambda use: use.coupon_id == coupon.id and use.state == USED)
    if coupon.max_uses is not None and used.count() > coupon.max_uses:
        return True
    user_id = payment.user_id
    return bool(coupon.once_per_user and user_id is not None and used.filter(lambda use: use.user_id == user_id).count() > 1)


def _move(payment: Payment, state: str) -> None:
    found = CouponUse.get(payment_id=payment.id)
    if found is not None and found.state != state:
        found.set(state=state, at=now())


def _check_dates(coupon: Coupon) -> None:
    at = now()
    if coupon.valid_from is not None and at < coupon.valid_from:
        raise CouponRefused("coupon-not-yet")
    if coupon.valid_until is not None and at >= coupon.valid_until:
        raise CouponRefused("coupon-expired")


def _check_uses(coupon: Coupon, user_id: int, tier_id: int) -> None:
    used = CouponUse.select(lambda use: use.coupon_id == coupon.id and use.state == USED)
    held = _held_for(coupon) - {(user_id, tier_id)}
    if coupon.once_per_user:
        if used.filter(lambda use: use.user_id == user_id).exists():
            raise CouponRefused("coupon-used")
        if any(buyer == user_id for buyer, _ in held):
            raise CouponRefused("coupon-held")
    if coupon.max_uses is not None and used.count() + len(held) >= coupon.max_uses:
        raise CouponRefused("coupon-used-up")


def _held_for(coupon: Coupon) -> set[tuple[int, int]]:
    """(buyer, tier) of what is being paid with it: somebody who chose anew for the same tier holds it once. They may pay the replaced
    payment too, but the second for a tier gives nothing (paid-twice).
    """
    coupon_id = coupon.id
    rows = select((use.payment_id, payment.user_id, payment.tier_id)
                  for use in CouponUse for payment in Payment  # type: ignore[attr-defined]
                  if use.coupon_id == coupon_id and use.state == HELD and payment.id == use.payment_id)
    return {(user_id or 0, tier_id) for _, user_id, tier_id in rows}
