"""Buying: one payment for what one person wants to buy; `begin` leads it to the provider.

A double click, the back button and two tabs come to the same payment, as long as they ask for the same. Another choice (provider, currency,
coupon) makes a new payment, and the earlier one can no longer be gone on with; if it is paid all the same, that money counts too.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import json

from studium.core.clock import now
from studium.core.database import transaction
from studium.core.errors import Conflict, Unavailable, Unprocessable
from studium.core.logs import get_logger
from studium.core.runtime import runtime
from studium.plugins.payments import audit, coupons, holdings, settling
from studium.plugins.payments.beginning import CHECKOUT, BeginResult, begin, payment_path
from studium.plugins.payments.course_rules import costs_nothing
from studium.plugins.payments.entities import Payment
from studium.plugins.payments.numbers import next_number
from studium.plugins.payments.offers import find_offer, is_open, open_key
from studium.plugins.payments.pricing import Quote, choose_currency, currencies, quote, unknown_currency
from studium.plugins.payments.transitions import CREATING, OPEN
from studium.services.provider_registry import providers
from studium.services.providers import OFFLINE, RECEIPT, Order, PaymentProvider
from studium.services.translation import N_

log = get_logger(__name__)
__all__ = ["FREE", "BeginResult", "Choices", "begin", "choices", "payment_path", "start"]
FREE = "free"  # the provider of a payment of nothing
OFFER, OFFLINE_OFFER = timedelta(hours=24), timedelta(days=14)
MOST_OPEN = 10  # payments of one person that wait for money
FIRST_CHECK = timedelta(minutes=1)
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
EMAIL_CHARS = 254  # RFC 5321, 4.5.3.1.3


@dataclass(frozen=True)
class Choices:
    """What can be chosen: `currencies` and `providers` for the quote's total, in order. `free`: the tier costs nothing, so there is no
    payment: `granting.enrol_free` enrols.
    """

    quote: Quote
    currencies: tuple[str, ...]
    providers: tuple[PaymentProvider, ...]
    free: bool

    @property
    def needs_email(self) -> frozenset[str]:
        """Codes of the providers that need the buyer's e-mail address."""
        return frozenset(one.meta.code for one in self.providers if RECEIPT in one.meta.capabilities)


@dataclass(frozen=True)
class _Choice:
    """A purchase that was checked and not made yet."""

    quote: Quote
    provider: PaymentProvider | None
    email: str | None
    language: str

    @property
    def code(self) -> str:
        return self.provider.meta.code if self.provider else FREE


def choices(
    user_id: int, course: str, tier_key: str, *, currency: str | None = None, coupon: str | None = None, language: str = "en"
) -> Choices:
    """What the person is to choose between for the tier `tier_key` of the course at this address, and what it costs; changes nothing.

    Raises NotFound for an unknown course or tier, Conflict (tier-owned, tier-included), Unprocessable for a currency, CouponRefused.
    """
    found, tier = find_offer(course, tier_key, language)
    payable = currencies(user_id, found, tier)
    if currency and currency not in payable:
        raise unknown_currency()
    asked = quote(user_id, found, tier, currency or choose_currency(payable, language), coupon)
    usable = tuple(one for one in providers().values() if asked.total and _is_usable(one, asked, language))
    return Choices(asked, payable, usable, costs_nothing(tier.prices))


def start(
    user_id: int,
    course: str,
    tier_key: str,
    *,
    provider: str | None,
    currency: str | None,
    coupon: str | None,
    email: str | None,
    language: str,
) -> str:
    """Make the payment, or find the open one of the same choice; answers its id, for `begin`. One that costs nothing is completed at once.

    Everything that has one choice may be None. Raises what `choices` raises; Unprocessable naming the field (provider-needed,
    unknown-provider, email-needed); Conflict (tier-free, price-changed, too-many-open); Unavailable (no-provider) when no
    provider takes the amount.
    """
    for _ in range(3):
        found = choices(user_id, course, tier_key, currency=currency, coupon=coupon, language=language)
        choice = _check(found, provider, email, language)
        with transaction():
            holdings.forget()
            if quote(user_id, found.quote.course, found.quote.tier, found.quote.total.currency, coupon) == found.quote:
                return _find_or_make(user_id, choice)
    raise Conflict(N_("The price has just changed. Please look at it again."), code="price-changed")


def _check(found: Choices, provider: str | None, email: str | None, language: str) -> _Choice:
    if found.free:
        raise Conflict(N_("This tier is free: there is nothing to pay."), code="tier-free")
    if not found.quote.total:
        return _Choice(found.quote, None, None, language)
    chosen = _choose_provider(found.providers, provider)
    needed = chosen.meta.code in found.needs_email
    return _Choice(found.quote, chosen, _checked_email(email) if needed else None, language)


def _choose_provider(usable: tuple[PaymentProvider, ...], code: str | None) -> PaymentProvider:
    if not usable:
        raise Unavailable(N_("There is no way to pay this at the moment. Try another currency, or come back later."), code="no-provider")
    if not code and len(usable) > 1:
        raise _wrong("provider", N_("Choose how to pay."), "provider-needed")
    found = next((one for one in usable if one.meta.code == code or not code), None)
    if found is None:
        raise _wrong("provider", N_("This way to pay is not available for this purchase."), "unknown-provider")
    return found


def _checked_email(email: str | None) -> str:
    given = (email or "").strip()
    if len(given) > EMAIL_CHARS or not EMAIL.fullmatch(given):
        raise _wrong("email", N_("Write your e-mail address: the receipt goes there."), "email-needed")
    return given


def _wrong(field: str, message: str, code: str) -> Unprocessable:
    return Unprocessable(message, code=code, errors=[{"field": field, "message": message}])


def _find_or_make(user_id: int, choice: _Choice) -> str:
    """In the open transaction: the payment to go on with."""
    known = Payment.get(open_key=open_key(user_id, choice.quote.tier.id))
    if known is not None and is_open(known) and _is_same(known, choice):
        return str(known.id)
    if choice.provider is not None:
        _refuse_many(user_id)
    if known is not None:
        _give_way(known)
    payment = _make(user_id, choice)
    coupons.hold(payment)
    audit.note(payment, "created", cause=CHECKOUT, rule="asked for by the buyer", after=CREATING)
    if choice.provider is None:
        settling.complete_free(payment, CHECKOUT)
    return str(payment.id)


def _is_same(payment: Payment, choice: _Choice) -> bool:
    quoted = choice.quote
    return (payment.provider, payment.currency, payment.amount_minor, payment.coupon_id, payment.upgrade_of, payment.email) == (
        choice.code, quoted.total.currency, quoted.total.minor, quoted.coupon_id, quoted.upgrade_of, choice.email)


def _give_way(payment: Payment) -> None:
    """A newer choice takes the place of this payment. It may have been begun, so it stays open for money that comes late, and its coupon
    stays held for as long.
    """
    payment.set(open_key=None, updated_at=now(), revision=payment.revision + 1)
    payment.flush()
    audit.note(payment, "replaced", cause=CHECKOUT, rule="the buyer chose again, or it ran out; if it is paid all the same, that counts")


def _refuse_many(user_id: int) -> None:
    """Each open payment is asked after until it ends, and holds its coupon."""
    moment = now()
    rows = Payment.select(lambda row: row.user_id == user_id and row.status in OPEN and (row.expires_at is None or row.expires_at > moment))
    if rows.count() >= MOST_OPEN:
        raise Conflict(N_("You have ten payments that are not finished. Go on with one of them, or wait until they run out."),
                       code="too-many-open")


def _make(user_id: int, choice: _Choice) -> Payment:
    quoted, at = choice.quote, now()
    payment = Payment(
        id=str(uuid.uuid4()), number=next_number(), user_id=user_id, course_id=quoted.course.id, tier_id=quoted.tier.id,
        tier_key=quoted.tier.key, provider=choice.code, status=CREATING, currency=quoted.total.currency, amount_minor=quoted.total.minor,
        list_minor=quoted.list_price.minor, discount_minor=quoted.discount.minor, credit_minor=quoted.credit.minor,
        coupon_id=quoted.coupon_id, upgrade_of=quoted.upgrade_of, access_days=quoted.tier.access_days, livemode=_livemode(choice.provider),
        language=choice.language, email=choice.email, attempt_key=uuid.uuid4().hex, open_key=open_key(user_id, quoted.tier.id),
        metadata=json.dumps(_bought(quoted)), created_at=at, updated_at=at, expires_at=_expires_at(choice.provider, at),
        next_check_at=at + FIRST_CHECK,
    )
    payment.flush()
    return payment


def _bought(quoted: Quote) -> dict[str, object]:
    """What the receipt will say, whatever becomes of the course."""
    course, tier = quoted.course, quoted.tier
    return {"course": course.slug, "course_title": course.title, "tier_title": tier.title, "coupon": quoted.coupon}


def _is_usable(provider: PaymentProvider, quoted: Quote, language: str) -> bool:
    """Whether it takes the amount; one that cannot even answer this is not offered, so that the others can be."""
    try:
        draft = Order("", "", quoted.total, quoted.course.title, quoted.tier.title, language, now())
        return provider.is_available(draft, quoted.total)
    except Exception:
        log.exception("provider_broke_its_contract", provider=provider.meta.code)
        return False


def _livemode(provider: PaymentProvider | None) -> bool:
    return provider.livemode if provider else runtime().settings.core.env == "production"


def _expires_at(provider: PaymentProvider | None, at: datetime) -> datetime | None:
    """Until when the offer stands, unless the provider names another end."""
    if provider is None:
        return None
    return at + (OFFLINE_OFFER if OFFLINE in provider.meta.capabilities else OFFER)
