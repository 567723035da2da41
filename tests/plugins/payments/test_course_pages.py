"""What a course, its lessons and the dashboard show to somebody who has bought, and to somebody who has not."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask

from studium.plugins.payments import checkout, granting
from tests.cable_process import Person
from tests.conftest import Clock
from tests.plugins.payments.pages import HTML, Run, words
from tests.plugins.payments.school import TIERS, Buy, Rows, School

DAY = 24 * 3600


def test_a_visitor_sees_the_free_lesson_and_the_tiers(app: Flask, school: School) -> None:
    page = app.test_client().get("/courses/rivers")
    assert "Watch the free lesson Choose a tier" in words(page)
    assert 'href="/checkout/rivers/basic"' in page.text


def test_a_student_without_access_sees_the_same(mia: Person, school: School) -> None:
    assert "Watch the free lesson Choose a tier" in words(mia.client.get("/courses/rivers"))


def test_each_tier_says_how_it_stands(mia: Person, buy: Buy) -> None:
    buy(mia, "accelerator")
    said = words(mia.client.get("/courses/rivers"))
    assert "Start the course" in said
    assert "Your access ends on" in said
    assert "Included in what you have" in said
    assert "You have it until" in said
    assert "Upgrade for $180" in said


def test_a_payment_under_way_can_be_gone_on_with(app: Flask, mia: Person, start: Buy) -> None:
    payment_id = start(mia)
    with app.app_context():
        checkout.begin(payment_id)
    page = mia.client.get("/courses/rivers")
    assert "Continue the payment" in words(page)
    assert f'href="/payments/{payment_id}"' in page.text


def test_a_free_tier_says_so(mia: Person, plant: Callable[..., School]) -> None:
    plant({"basic": {"prices": {"USD": "0.00"}}, "vip": TIERS["vip"]}, {"spring": {"tiers": ["vip"]}})
    assert "Get for free" in words(mia.client.get("/courses/rivers"))


def test_a_lesson_that_is_not_bought_tells_which_tier_has_it_and_nothing_of_itself(mia: Person, buy: Buy) -> None:
    buy(mia, "basic")
    page = mia.client.get("/courses/rivers/delta", headers=HTML)
    assert page.status_code == 404
    said = words(page)
    assert "This lesson is part of: Accelerator, Vip." in said
    assert "Upgrade for $40" in said
    assert "lesson-text" not in page.text
    assert "studium-player" not in page.text
    assert "/media/" not in page.text
    assert mia.client.get("/courses/rivers/delta", headers={"Accept": "application/json"}).get_json()["code"] == "not-found"


def test_a_lesson_that_opens_later_tells_when(mia: Person, buy: Buy, frozen_clock: Clock) -> None:
    buy(mia)
    page = mia.client.get("/courses/rivers/sea", headers=HTML)
    assert page.status_code == 404
    assert "in 7 days." in words(page)
    assert "Buy" not in words(page)
    assert re.search(rf'data-opens-in="{7 * DAY * 1000}"', page.text)
    assert "Opens in 7 days" in words(mia.client.get("/courses/rivers"))
    frozen_clock.advance(7 * DAY + 1)
    assert mia.client.get("/courses/rivers/sea", headers=HTML).status_code == 200


@pytest.fixture
def short(plant: Callable[..., School]) -> School:
    """The lowest tier lasts for ten days."""
    return plant(TIERS | {"basic": TIERS["basic"] | {"access_days": 10}})


def test_an_open_lesson_knows_when_it_closes(mia: Person, buy: Buy, short: School, frozen_clock: Clock) -> None:
    buy(mia)
    assert f'data-ends-in="{10 * DAY * 1000}"' in mia.client.get("/courses/rivers/spring").text
    answer = mia.client.get("/api/v1/lessons/rivers/spring/access")
    assert answer.get_json()["data"] == {"open": True, "ends_in": 10 * DAY * 1000}
    frozen_clock.advance(10 * DAY)
    assert mia.client.get("/api/v1/lessons/rivers/spring/access").get_json()["data"]["open"] is False
    assert mia.client.get("/courses/rivers/spring", headers=HTML).status_code == 404


def test_access_for_life_has_no_end(mia: Person, buy: Buy) -> None:
    buy(mia, "vip")
    assert 'data-ends-in=""' in mia.client.get("/courses/rivers/spring").text
    assert mia.client.get("/api/v1/lessons/rivers/spring/access").get_json()["data"] == {"open": True, "ends_in": None}


def test_a_free_lesson_does_not_watch_for_the_end_of_access(app: Flask, mia: Person, school: School) -> None:
    assert "data-lesson-access" not in mia.client.get("/courses/rivers/open-day").text
    visitor = app.test_client()
    assert visitor.get("/api/v1/lessons/rivers/open-day/access").get_json()["data"] == {"open": True, "ends_in": None}
    assert visitor.get("/api/v1/lessons/rivers/spring/access").get_json()["data"] == {"open": False, "ends_in": None}
    assert visitor.get("/api/v1/lessons/rivers/none/access").status_code == 404


def test_revoking_closes_lesson_and_watch_sessions_at_once(app: Flask, mia: Person, school: School, buy: Buy, enrolments: Rows) -> None:
    buy(mia)
    token = mia.client.get("/api/v1/session").get_json()["data"]["csrf_token"]

    def open_session() -> int:
        return mia.client.post("/api/v1/lessons/rivers/spring/completion", json={}, headers={"X-CSRF-Token": token}).status_code

    assert open_session() == 200
    with app.app_context():
        granting.revoke_enrolment(enrolments(user_id=mia.id)[0]["id"], reason="a test", by="Olga (user 4)")
    assert open_session() == 404
    assert mia.client.get("/courses/rivers/spring", headers=HTML).status_code == 404


def test_the_dashboard_puts_what_was_bought_first(mia: Person, plant: Callable[..., School], buy: Buy) -> None:
    plant(slug="lakes")
    buy(mia)
    said = words(mia.client.get("/dashboard"))
    assert said.index("Ready to start") < said.index("More courses")


@pytest.mark.parametrize(("days", "said"), [(2, False), (4, True)])
def test_the_dashboard_says_when_access_ends_within_a_week(
    mia: Person, buy: Buy, short: School, frozen_clock: Clock, days: int, said: bool
) -> None:
    buy(mia)
    frozen_clock.advance(days * DAY)
    assert ("Access ends in 6 days, on" in words(mia.client.get("/dashboard"))) is said


def test_who_only_tried_the_free_lesson_is_led_to_the_tiers_not_into_a_locked_course(mia: Person, school: School, run_jobs: Run) -> None:
    token = mia.client.get("/api/v1/session").get_json()["data"]["csrf_token"]
    path = "/api/v1/lessons/rivers/open-day/completion"
    assert mia.client.post(path, json={}, headers={"X-CSRF-Token": token}).status_code == 200
    page = mia.client.get("/dashboard").text
    assert 'href="/courses/rivers#tiers"' in page
