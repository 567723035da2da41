"""What people are told of facts: which event, by which words, leading where; a fact that is delivered twice is told once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.core.facts import FactPayload, publish
from studium.core.runtime import runtime
from studium.plugins.auth.people import find_person
from studium.plugins.notifications import events
from studium.plugins.notifications.entities import Notification
from studium.plugins.notifications.wording import words_of
from studium.plugins.payments.entities import Enrolment
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
from tests.plugins.auth.test_devices import CHROME, IPHONE, sign_in_with
from tests.plugins.payments.school import School, plant, school

__all__ = ["plant", "school"]
AT = datetime(2026, 11, 22, 10, 30)
Tell = Callable[..., list["Told"]]


class Told(NamedTuple):
    """A notice as its reader has it."""

    event: str
    subject: str
    text: str
    path: str


@pytest.fixture
def tell(app: Flask, anna: int) -> Iterator[Tell]:
    """`tell(fact, ...)` publishes facts and delivers each of them twice; what Anna is told in all, in English or `language`."""

    def do(*facts: FactPayload, language: str = "en") -> list[Told]:
        for fact in facts:
            for _ in range(2):
                getattr(runtime().hooks, fact.fact_name)(fact=fact)
        return notices(anna, language)

    with app.app_context():
        yield do


def notices(user_id: int, language: str = "en") -> list[Told]:
    with reading():
        rows = Notification.select(lambda row: row.user_id == user_id).order_by(Notification.id)[:]
        return [Told(row.event, (words := words_of(row.event, row.details, language, "UTC")).subject, words.text, row.path) for row in rows]


def paid(anna: int, school: School, minor: int = 290000) -> PaymentCompleted:
    return PaymentCompleted(payment_id="p-1", user_id=anna, course_id=school.course, tier_id=school.tiers["basic"], provider="shop",
                            amount_minor=minor, currency="RUB", completed_at=AT)


def failed(anna: int, school: School, expired: bool) -> PaymentFailed:
    return PaymentFailed(payment_id="p-1", user_id=anna, course_id=school.course, tier_id=school.tiers["basic"], provider="shop",
                         expired=expired, reason="card declined", failed_at=AT)


def granted(anna: int, school: School, source: str) -> EnrolmentGranted:
    return EnrolmentGranted(enrolment_id=4, user_id=anna, course_id=school.course, tier_id=school.tiers["vip"], source=source,
                            expires_at=None, granted_at=AT)


def revoked(anna: int, school: School, enrolment_id: int = 4, at: datetime = AT) -> EnrolmentRevoked:
    return EnrolmentRevoked(enrolment_id=enrolment_id, user_id=anna, course_id=school.course, tier_id=school.tiers["vip"], reason="expiry",
                            revoked_at=at)


def ending(anna: int, school: School, days: int, at: datetime = AT) -> AccessEnding:
    return AccessEnding(enrolment_id=4, user_id=anna, course_id=school.course, tier_id=school.tiers["vip"], days=days, expires_at=at)


def finished(anna: int, **values: Any) -> JobFinished:
    return JobFinished(**{"job_id": "j-1", "kind": "learning_report", "title": "Learning report", "user_id": anna, "state": "succeeded",
                          "finished_at": AT} | values)


def test_a_completed_lesson_names_lesson_and_course(tell: Tell, anna: int, school: School) -> None:
    fact = LessonCompleted(user_id=anna, lesson_id=school.lessons["delta"], course_id=school.course, completed_at=AT)
    assert tell(fact) == [("lesson_completed", "Lesson completed: Delta", "Course: Rivers", "/courses/rivers")]


def test_a_completed_course_is_told_in_the_readers_language(tell: Tell, anna: int, school: School) -> None:
    fact = CourseCompleted(user_id=anna, course_id=school.course, completed_at=AT)
    (one,) = tell(fact, language="ru")
    assert "Реки" in one.subject
    assert one.event == "course_completed"


def test_hook_certificate_issued_is_told_with_its_public_page(tell: Tell, anna: int, school: School) -> None:
    fact = CertificateIssued(user_id=anna, course_id=school.course, code="AB-CD", path="/certificates/AB-CD", issued_at=AT)
    (one,) = tell(fact)
    assert one[:2] == ("certificate_ready", "Your certificate for Rivers is ready")
    assert one.path == "/certificates/AB-CD"


def test_money_that_came_is_told_with_its_amount(tell: Tell, anna: int, school: School) -> None:
    (one,) = tell(paid(anna, school))
    assert one.event == "payment_received"
    assert "2,900" in one.subject
    assert one.text == "It is for Rivers, tier Basic."
    assert one.path == "/payments/p-1"


def test_a_purchase_for_nothing_is_told_as_access(tell: Tell, anna: int, school: School) -> None:
    assert [(one.event, one.subject) for one in tell(paid(anna, school, 0))] == [("access_given", "Rivers is open to you now")]


def test_a_refused_payment_is_told_louder_than_one_that_was_left_lying(tell: Tell, anna: int, school: School) -> None:
    assert [one.event for one in tell(failed(anna, school, False), failed(anna, school, True))] == ["payment_failed", "payment_expired"]
    assert events.PAYMENT_FAILED.default_mode("email") == "now"
    assert events.PAYMENT_EXPIRED.default_mode("email") == "off"


def test_each_refund_of_a_payment_is_told(tell: Tell, anna: int, school: School) -> None:
    refund = {"payment_id": "p-1", "user_id": anna, "course_id": school.course, "tier_id": 1, "currency": "USD", "refunded_at": AT}
    told = tell(PaymentRefunded(refund_id="r-1", amount_minor=1000, whole=False, **refund),
                PaymentRefunded(refund_id="r-2", amount_minor=1900, whole=True, **refund))
    assert [one.subject for one in told] == ["We have given $10 back to you", "We have given $19 back to you"]


@pytest.mark.parametrize(("source", "told"), [("grant", ["access_given"]), ("payment", []), ("free", [])])
def test_access_is_told_of_when_it_was_given_by_hand(tell: Tell, anna: int, school: School, source: str, told: list[str]) -> None:
    assert [one.event for one in tell(granted(anna, school, source))] == told


def test_the_end_of_access_is_told_once_for_a_base_and_its_upgrade(tell: Tell, anna: int, school: School) -> None:
    told = tell(revoked(anna, school), revoked(anna, school, 5, AT + timedelta(microseconds=9)))
    assert [(one.event, one.subject) for one in told] == [("access_ended", "Your access to Rivers has ended")]


def test_the_end_of_one_tier_is_not_told_while_another_runs(tell: Tell, anna: int, school: School) -> None:
    with transaction():
        Enrolment(user_id=anna, course_id=school.course, tier_id=school.tiers["basic"], tier_key="basic", source="grant",
                  granted_by="the tests", enrolled_at=now())
    assert tell(revoked(anna, school)) == []


def test_access_that_ends_is_told_7_days_and_1_day_before_and_again_after_it_was_prolonged(tell: Tell, anna: int, school: School) -> None:
    later = AT + timedelta(days=30)
    told = tell(ending(anna, school, 7), ending(anna, school, 1), ending(anna, school, 7, later))
    assert [one.subject for one in told] == [f"Your access to Rivers ends in {when}" for when in ("7 days", "1 day", "7 days")]
    assert "2026" in told[0].text
    assert "Tier: Vip." in told[0].text


@pytest.mark.parametrize(("values", "expected"), [
    ({"download": "/documents/abc"}, ("job_done", "Ready: Learning report", "/documents/abc")),
    ({}, ("job_done", "Ready: Learning report", "/dashboard#jobs")),
    ({"download": "//evil.example"}, ("job_done", "Ready: Learning report", "/dashboard#jobs")),
    ({"state": "failed"}, ("job_failed", "Did not work: Learning report", "/dashboard#jobs")),
], ids=["with a file", "without one", "with an odd address", "failed"])
def test_a_finished_task_leads_to_what_it_made(tell: Tell, anna: int, values: dict[str, Any], expected: tuple[str, ...]) -> None:
    (one,) = tell(finished(anna, **values))
    assert (one.event, one.subject, one.path) == expected


def test_a_task_that_ends_twice_is_told_of_twice(tell: Tell, anna: int) -> None:
    again = AT + timedelta(hours=1)
    assert len(tell(finished(anna, state="failed"), finished(anna, state="failed", finished_at=again))) == 2


def test_the_title_of_a_task_is_in_the_readers_language(tell: Tell, anna: int) -> None:
    (one,) = tell(finished(anna), language="ru")
    assert "Отчёт" in one.subject


def test_a_new_device_is_told_with_time_and_address_and_a_known_one_not(app: Flask, run_jobs: Callable[[], int]) -> None:
    sign_in_with(app, CHROME, "192.0.2.1")
    run_jobs()
    phone = sign_in_with(app, IPHONE, "192.0.2.2")
    anna = phone.get("/api/v1/session").get_json()["data"]["user"]["id"]
    run_jobs()
    sign_in_with(app, IPHONE, "192.0.2.3")
    run_jobs()
    with app.app_context():
        (one,) = notices(anna)
    assert one.subject == "New sign-in to your account: Safari, iPhone"
    assert "192.0.2.2" in one.text
    assert (one.event, one.path) == ("new_device", "/account#devices")


def test_a_device_without_a_name_is_called_unknown(tell: Tell, anna: int) -> None:
    (one,) = tell(SignedInOnNewDevice(user_id=anna, session_id=99, method="widget", device="", signed_in_at=AT))
    assert one.subject == "New sign-in to your account: an unknown device"


def test_nobody_is_told_of_what_happened_to_a_deleted_account(tell: Tell, anna: int, client: FlaskClient) -> None:
    assert tell(CourseCompleted(user_id=anna + 1000, course_id=1, completed_at=AT)) == []
    with reading():
        assert find_person(anna + 1000) is None
        assert Notification.select().count() == 0


def test_a_course_that_is_gone_still_makes_a_sentence(tell: Tell, anna: int) -> None:
    (one,) = tell(CourseCompleted(user_id=anna, course_id=4711, completed_at=AT))
    assert (one.subject, one.path) == ("You have completed the course …", "/dashboard")


def test_a_fact_goes_through_the_queue_to_a_notice(app: Flask, anna: int, school: School, run_jobs: Callable[[], int]) -> None:
    with app.app_context():
        with transaction():
            publish(CourseCompleted(user_id=anna, course_id=school.course, completed_at=AT))
        run_jobs()
        assert "course_completed" in [one.event for one in notices(anna)]
