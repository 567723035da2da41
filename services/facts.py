"""The payloads of the product's facts; each is the one argument, `fact`, of the hook of its name in services/hookspecs.py."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from studium.core.facts import FactPayload, fact
from studium.queue.facts import JobFinished as JobFinished  # the queue publishes it; its hook is among the product's


@fact("lesson_completed", version=1)
class LessonCompleted(FactPayload):
    """A student completed a lesson; stored once for each (user, lesson). `completed_at` is UTC."""

    user_id: int
    lesson_id: int
    course_id: int
    completed_at: datetime


@fact("course_completed", version=1)
class CourseCompleted(FactPayload):
    """A student completed every required lesson of a course; stored once for each (user, course), at the first time, and kept if the
    course changes later. `completed_at`, UTC, is when the last of the lessons was completed.
    """

    user_id: int
    course_id: int
    completed_at: datetime


@fact("user_signed_in", version=1)
class UserSignedIn(FactPayload):
    """A person signed in; `method` names how, such as `development`. `signed_in_at` is UTC."""

    user_id: int
    session_id: int
    method: str
    signed_in_at: datetime


@fact("signed_in_on_new_device", version=1)
class SignedInOnNewDevice(FactPayload):
    """A person who signed in before did so with a browser and system that they never used here; stored besides `user_signed_in`.

    `device` names both, "Firefox, Linux", or is "". Where it was is asked by the hook `find_sign_in_address`.
    """

    user_id: int
    session_id: int
    method: str
    device: str
    signed_in_at: datetime


@fact("certificate_issued", version=1)
class CertificateIssued(FactPayload):
    """A certificate was issued and its PDF is there; stored once for each certificate. `path` is its public page. `issued_at` is UTC."""

    user_id: int
    course_id: int
    code: str
    path: str
    issued_at: datetime


@fact("user_deleted", version=1)
class UserDeleted(FactPayload):
    """A person deleted their account: it is gone, its id is never given out again. `deleted_at` is UTC."""

    user_id: int
    deleted_at: datetime


@fact("payment_completed", version=1)
class PaymentCompleted(FactPayload):
    """The money of a payment arrived. `amount_minor` are minor units of ISO 4217; `completed_at` is UTC."""

    payment_id: str
    user_id: int
    course_id: int
    tier_id: int
    provider: str
    amount_minor: int
    currency: str
    completed_at: datetime


@fact("payment_failed", version=1)
class PaymentFailed(FactPayload):
    """A payment failed or expired; `reason` is the provider's, in English, for people."""

    payment_id: str
    user_id: int
    course_id: int
    tier_id: int
    provider: str
    expired: bool
    reason: str
    failed_at: datetime


@fact("payment_refunded", version=1)
class PaymentRefunded(FactPayload):
    """Money was given back: `amount_minor` of this refund; `whole` when nothing of the payment is left."""

    payment_id: str
    refund_id: str
    user_id: int
    course_id: int
    tier_id: int
    amount_minor: int
    currency: str
    whole: bool
    refunded_at: datetime


@fact("payment_disputed", version=1)
class PaymentDisputed(FactPayload):
    """A dispute is `open`, or ended `won` or `lost` (for the school)."""

    payment_id: str
    user_id: int
    course_id: int
    tier_id: int
    state: Literal["open", "won", "lost"]
    disputed_at: datetime


@fact("enrolment_granted", version=1)
class EnrolmentGranted(FactPayload):
    """Somebody may watch a tier of a course; `source` is payment, grant or free. `expires_at`, UTC, is None for life."""

    enrolment_id: int
    user_id: int
    course_id: int
    tier_id: int
    source: str
    expires_at: datetime | None
    granted_at: datetime


@fact("enrolment_revoked", version=1)
class EnrolmentRevoked(FactPayload):
    """An enrolment ended; `reason` is refund, dispute, expiry or hand."""

    enrolment_id: int
    user_id: int
    course_id: int
    tier_id: int
    reason: str
    revoked_at: datetime


@fact("access_ending", version=1)
class AccessEnding(FactPayload):
    """An enrolment ends in `days` days (7 or 1), at `expires_at`, UTC."""

    enrolment_id: int
    user_id: int
    course_id: int
    tier_id: int
    days: int
    expires_at: datetime
