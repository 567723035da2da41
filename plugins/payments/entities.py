"""Money and access as rows. Amounts are integer minor units of ISO 4217 plus currency: Pony's Decimal is a float on SQLite."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pony.orm import LongStr, Optional, PrimaryKey, Required, composite_index, composite_key

from studium.core.database import db
from studium.core.errors import DatabaseError


class Payment(db.Entity):  # type: ignore[misc]
    """One purchase of one tier by one person; `status` is of transitions.py, and only settling.py changes it.

    `reference` is the provider's id of it (the transaction id), unique within the provider. `amount_minor` is what is asked, after the
    coupon and the upgrade; `paid_minor` and `refunded_minor` are what came and went. `attempt_key` is the idempotency key of the present
    attempt; it stays when an answer is lost. `open_key` is "user:tier" while the payment can be gone on with, so that a double click finds
    it. `user_id` is None once the person deleted their account. `upgrade_of` is the enrolment whose price was taken off.
    `set_aside`: it is paid and gave nothing, since the person had what it pays for by another payment; it stays while `problem` changes.
    `metadata` is JSON: the tier's and course's titles as bought, the buyer's instructions. `revision` grows with each change, so that what
    was asked of the provider before the change is not taken for newer than it.
    """

    _table_ = "payment"
    id = PrimaryKey(str, 36)
    number = Required(str, 20, unique=True)
    user_id = Optional(int, index="idx_payment__user_id")
    course_id = Required(int)
    tier_id = Required(int)
    tier_key = Required(str, 64)
    provider = Required(str, 40)
    reference = Optional(str, 200, nullable=True)
    status = Required(str, 20)
    currency = Required(str, 3)
    amount_minor = Required(int, size=64)
    list_minor = Required(int, size=64)
    discount_minor = Required(int, size=64, default=0)
    credit_minor = Required(int, size=64, default=0)
    paid_minor = Required(int, size=64, default=0)
    refunded_minor = Required(int, size=64, default=0)
    coupon_id = Optional(int, index="idx_payment__coupon_id")
    upgrade_of = Optional(int)
    access_days = Optional(int)
    livemode = Required(bool)
    language = Required(str, 20)
    email = Optional(str, 320, nullable=True)
    attempt_key = Required(str, 64)
    open_key = Optional(str, 60, unique=True, nullable=True)
    redirect_url = Optional(LongStr, lazy=False, nullable=True)
    metadata = Required(LongStr, lazy=False)
    set_aside = Required(bool, default=False)
    problem = Optional(str, 60, nullable=True, index="idx_payment__problem")
    last_error = Optional(str, 1000, nullable=True)
    created_at = Required(datetime, index="idx_payment__created_at")
    updated_at = Required(datetime)
    begun_at = Optional(datetime)
    completed_at = Optional(datetime)
    expires_at = Optional(datetime)
    next_check_at = Optional(datetime, index="idx_payment__next_check_at")
    checks = Required(int, default=0)
    revision = Required(int, default=0)
    composite_key(provider, reference)
    composite_index(course_id, status)
    composite_index(status, created_at)


class PaymentReference(db.Entity):  # type: ignore[misc]
    """An id by which a provider may speak of a payment: session, intent, charge, refund, dispute."""

    _table_ = "payment_reference"
    id = PrimaryKey(int, auto=True)
    provider = Required(str, 40)
    ref = Required(str, 200)
    payment_id = Required(str, 36, index="idx_payment_reference__payment_id")
    composite_key(provider, ref)


class PaymentEvent(db.Entity):  # type: ignore[misc]
    """The audit of a payment: what happened, by which cause and rule, in which version of the code. Never updated, never deleted.

    `event` is a word such as began, moved, ignored, mismatch, refund, grant, checked; `before` and `after` are statuses; `cause` says what
    brought it, such as "webhook 17", "return page", "reconcile", "Olga (user 4)"; `rule` names the line of the table or the reason.
    `data` is JSON, redacted by the provider.
    """

    _table_ = "payment_event"
    id = PrimaryKey(int, auto=True)
    payment_id = Required(str, 36, index="idx_payment_event__payment_id")
    at = Required(datetime)
    event = Required(str, 30)
    before = Optional(str, 20)
    after = Optional(str, 20)
    cause = Required(str, 200)
    rule = Optional(str, 300)
    data = Required(LongStr, lazy=False)
    version = Required(str, 40)

    def before_update(self) -> None:
        """Refuse: an audit row is for good."""
        raise DatabaseError("A row of a payment's audit is never changed.")

    def before_delete(self) -> None:
        """Refuse: an audit row is for good."""
        raise DatabaseError("A row of a payment's audit is never deleted.")


class LedgerEntry(db.Entity):  # type: ignore[misc]
    """Money that moved: `kind` charge (+), refund (-), refund_failed (+, it came back), dispute (-), dispute_won (+) or dispute_lost (0:
    what it took stays gone); once for each `ref` of a payment. Never updated, never deleted.
    """

    _table_ = "payment_ledger"
    id = PrimaryKey(int, auto=True)
    payment_id = Required(str, 36)
    kind = Required(str, 20)
    ref = Required(str, 200)
    amount_minor = Required(int, size=64)
    currency = Required(str, 3)
    at = Required(datetime, index="idx_payment_ledger__at")
    composite_key(payment_id, kind, ref)


class Refund(db.Entity):  # type: ignore[misc]
    """Money given back: `status` asking, pending, completed or failed. Our `id` is the idempotency key at the provider, so that its echo is
    recognised; `reference` is the provider's id, unique within the provider. `by` is in words; refunds made elsewhere say so there.
    """

    _table_ = "payment_refund"
    id = PrimaryKey(str, 36)
    payment_id = Required(str, 36, index="idx_payment_refund__payment_id")
    provider = Required(str, 40)
    reference = Optional(str, 200, nullable=True)
    amount_minor = Required(int, size=64)
    currency = Required(str, 3)
    status = Required(str, 20)
    reason = Optional(str, 1000)
    by = Required(str, 200)
    last_error = Optional(str, 1000, nullable=True)
    created_at = Required(datetime)
    completed_at = Optional(datetime)
    next_check_at = Optional(datetime, index="idx_payment_refund__next_check_at")
    checks = Required(int, default=0)
    composite_key(provider, reference)


class Enrolment(db.Entity):  # type: ignore[misc]
    """Somebody may watch a tier of a course: one row for each (user, course, tier), renewed when it is bought again after its end.

    `source` is payment, grant or free; `expires_at` None is for life; `revoked_...` say that and why it ended before. `base_id` is the
    enrolment that an upgrade stands on: when that one is revoked, this one is too. `noticed_days` is the last notice of its end (7, 1, 0).
    `revoked_kind` is refund or dispute, which may be undone, or hand, which stays.
    """

    _table_ = "enrolment"
    id = PrimaryKey(int, auto=True)
    user_id = Required(int)
    course_id = Required(int)
    tier_id = Required(int)
    tier_key = Required(str, 64)
    source = Required(str, 20)
    payment_id = Optional(str, 36, nullable=True, index="idx_enrolment__payment_id")
    base_id = Optional(int)
    amount_paid_minor = Required(int, size=64, default=0)
    currency = Optional(str, 3, nullable=True)
    reason = Optional(str, 1000)
    granted_by = Required(str, 200)
    enrolled_at = Required(datetime)
    expires_at = Optional(datetime)
    noticed_days = Optional(int)
    revoked_at = Optional(datetime)
    revoked_kind = Optional(str, 20, nullable=True)
    revoked_reason = Optional(str, 1000)
    revoked_by = Optional(str, 200)
    composite_key(user_id, course_id, tier_id)
    composite_index(course_id, revoked_at, user_id)
    composite_index(noticed_days, expires_at)


class Coupon(db.Entity):  # type: ignore[misc]
    """A code that makes a purchase cheaper: `percent`, or `amount_minor` of `currency`. `code` is upper case.

    `course_id` None: all courses; `tier_keys` is a JSON list, empty for all; `max_uses` None: no end; dates are naive UTC.
    """

    _table_ = "coupon"
    id = PrimaryKey(int, auto=True)
    code = Required(str, 40, unique=True)
    percent = Optional(int)
    amount_minor = Optional(int, size=64)
    currency = Optional(str, 3, nullable=True)
    course_id = Optional(int)
    tier_keys = Required(LongStr, lazy=False)
    max_uses = Optional(int)
    once_per_user = Required(bool, default=True)
    valid_from = Optional(datetime)
    valid_until = Optional(datetime)
    note = Optional(str, 1000)
    created_by = Required(str, 200)
    created_at = Required(datetime)
    archived_at = Optional(datetime)


class CouponUse(db.Entity):  # type: ignore[misc]
    """A coupon in a payment: `state` held (being paid), used, or released (failed, expired, refunded in whole)."""

    _table_ = "coupon_use"
    id = PrimaryKey(int, auto=True)
    coupon_id = Required(int)
    user_id = Optional(int)
    payment_id = Required(str, 36, unique=True)
    state = Required(str, 20)
    at = Required(datetime)
    composite_index(coupon_id, state)


class WebhookDelivery(db.Entity):  # type: ignore[misc]
    """The inbox: a verified webhook as it came, once for each event of a provider; `deliveries` counts the duplicates.

    `state` is new, done, ignored or failed. `headers` is JSON without secrets; `raw` is the body as text (latin-1, byte for byte),
    empty once the account of the payer was deleted, or a month after it failed or was ignored. `ignored`: it belongs to no payment known
    here, until one with its object appears. `processed_at` is when it was handled, or handed over again.
    """

    _table_ = "webhook_delivery"
    id = PrimaryKey(int, auto=True)
    provider = Required(str, 40)
    event_key = Required(str, 200)
    kind = Required(str, 100)
    object_id = Required(str, 200)
    payment_id = Optional(str, 36, nullable=True, index="idx_webhook_delivery__payment_id")
    headers = Required(LongStr, lazy=False)
    raw = Optional(LongStr, autostrip=False)
    remote_addr = Optional(str, 60)
    received_at = Required(datetime, index="idx_webhook_delivery__received_at")
    deliveries = Required(int, default=1)
    state = Required(str, 20)
    attempts = Required(int, default=0)
    last_error = Optional(str, 1000, nullable=True)
    processed_at = Optional(datetime)
    composite_key(provider, event_key)
    composite_index(provider, object_id)
    composite_index(state, received_at)


class WebhookRejection(db.Entity):  # type: ignore[misc]
    """How many deliveries of a provider were refused on a day (UTC, "2026-11-22") for a reason; nothing else of them is kept."""

    _table_ = "webhook_rejection"
    provider = Required(str, 40)
    day = Required(str, 10)
    reason = Required(str, 20)
    count = Required(int, default=0)
    PrimaryKey(provider, day, reason)


class DriftReport(db.Entity):  # type: ignore[misc]
    """What a sweep of a provider found: `findings` is a JSON list of {kind, reference, payment_id, ours, theirs}, `kind` being
    missing_here, missing_there or different.
    """

    _table_ = "payment_drift"
    id = PrimaryKey(int, auto=True)
    provider = Required(str, 40)
    since = Required(datetime)
    at = Required(datetime)
    looked_at = Required(int)
    findings = Required(LongStr, lazy=False)


ENTITIES: list[Any] = [Payment, PaymentReference, PaymentEvent, LedgerEntry, Refund, Enrolment, Coupon, CouponUse, WebhookDelivery,
                       WebhookRejection, DriftReport]
