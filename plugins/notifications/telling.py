"""Makes notices of facts: one function for each kind of fact, safe to be called twice, since event and key name the happening."""

from __future__ import annotations

from typing import Any

from studium.core.database import transaction
from studium.core.runtime import runtime
from studium.plugins.notifications import events
from studium.plugins.notifications.names import in_all_languages, name_of_lesson, names_of_course
from studium.services.facts import (
    AccessEnding,
    CertificateIssued,
    CourseCompleted,
    EnrolmentGranted,
    EnrolmentRevoked,
    JobFinished,
    LessonCompleted,
    PaymentCompleted,
    PaymentFailed,
    PaymentRefunded,
    SignedInOnNewDevice,
)
from studium.services.money import Money
from studium.services.notifications import NewNotice, give_notice
from studium.services.notifications.events import NotificationEvent
from studium.services.notifications.values import Moment, Values
from studium.services.redirects import safe_path
from studium.services.sales import find_course_access
from studium.services.translation import N_

BY_HAND = "grant"
TASKS_PATH, DEVICES_PATH = "/dashboard#jobs", "/account#devices"
UNKNOWN_DEVICE = N_("an unknown device")


def tell_lesson_completed(fact: LessonCompleted) -> None:
    """In the bell only, unless somebody wants more."""
    course = names_of_course(fact.course_id)
    _give(fact, events.LESSON_COMPLETED, f"lesson:{fact.lesson_id}", course.values | name_of_lesson(fact.lesson_id), course.path)


def tell_course_completed(fact: CourseCompleted) -> None:
    """Once for each course."""
    course = names_of_course(fact.course_id)
    _give(fact, events.COURSE_COMPLETED, f"course:{fact.course_id}", course.values, course.path)


def tell_certificate_issued(fact: CertificateIssued) -> None:
    """Once for each certificate; its public page is where the owner finds the PDF too."""
    _give(fact, events.CERTIFICATE_READY, f"certificate:{fact.code}", names_of_course(fact.course_id).values, fact.path)


def tell_job_finished(fact: JobFinished) -> None:
    """Once for each end: a job that is tried again by hand may end twice."""
    event = events.JOB_DONE if fact.state == "succeeded" else events.JOB_FAILED
    path = safe_path(fact.download, TASKS_PATH)
    _give(fact, event, f"job:{fact.job_id}:{fact.finished_at.isoformat()}", {"title": in_all_languages(fact.title)}, path)


def tell_new_device(fact: SignedInOnNewDevice) -> None:
    """With the address, which is not in the fact."""
    address = runtime().hooks.find_sign_in_address(session_id=fact.session_id)
    values: Values = {"device": fact.device or in_all_languages(UNKNOWN_DEVICE), "at": Moment(fact.signed_in_at)}
    _give(fact, events.NEW_DEVICE, f"session:{fact.session_id}", {**values, "address": address or "?"}, DEVICES_PATH)


def tell_payment_completed(fact: PaymentCompleted) -> None:
    """The money arrived; where nothing had to be paid, as with a coupon, access is what there is to tell."""
    course, amount = names_of_course(fact.course_id, fact.tier_id), Money.from_minor(fact.amount_minor, fact.currency)
    if not amount:
        return _give(fact, events.ACCESS_GIVEN, f"payment:{fact.payment_id}", course.values, course.path)
    return _give(fact, events.PAYMENT_RECEIVED, f"payment:{fact.payment_id}", course.values | {"amount": amount}, _page_of(fact.payment_id))


def tell_payment_failed(fact: PaymentFailed) -> None:
    """A payment that was left lying is told of more quietly than one that was refused."""
    event = events.PAYMENT_EXPIRED if fact.expired else events.PAYMENT_FAILED
    _give(fact, event, f"payment:{fact.payment_id}", names_of_course(fact.course_id).values, _page_of(fact.payment_id))


def tell_payment_refunded(fact: PaymentRefunded) -> None:
    """Once for each refund, whole or in part."""
    values: Values = names_of_course(fact.course_id).values | {"amount": Money.from_minor(fact.amount_minor, fact.currency)}
    _give(fact, events.PAYMENT_REFUNDED, f"refund:{fact.refund_id}", values, _page_of(fact.payment_id))


def tell_enrolment_granted(fact: EnrolmentGranted) -> None:
    """Of what was given by hand: who paid is told of the payment, who took what is free knows."""
    if fact.source == BY_HAND:
        course = names_of_course(fact.course_id, fact.tier_id)
        _give(fact, events.ACCESS_GIVEN, f"enrolment:{fact.enrolment_id}:{fact.granted_at.isoformat()}", course.values, course.path)


def tell_enrolment_revoked(fact: EnrolmentRevoked) -> None:
    """Once a day and course, as an upgrade ends with what it stands on; not while anything of the course is still open to the person."""
    if find_course_access(fact.user_id, fact.course_id) is None:
        course = names_of_course(fact.course_id)
        _give(fact, events.ACCESS_ENDED, f"course:{fact.course_id}:{fact.revoked_at.date()}", course.values, course.path)


def tell_access_ending(fact: AccessEnding) -> None:
    """7 days and 1 day before; again when the enrolment was prolonged and comes to its new end."""
    course = names_of_course(fact.course_id, fact.tier_id)
    values: Values = {**course.values, "number": fact.days, "until": Moment(fact.expires_at)}
    key = f"enrolment:{fact.enrolment_id}:{fact.expires_at.isoformat()}:{fact.days}"
    _give(fact, events.ACCESS_ENDING, key, values, course.path)


def _give(fact: Any, event: NotificationEvent, key: str, values: Values, path: str) -> None:
    """Give the notice to the person of the fact."""
    with transaction():
        give_notice(NewNotice(fact.user_id, event.code, key, values, path))


def _page_of(payment_id: str) -> str:
    return f"/payments/{payment_id}"
