"""Who may watch which lesson."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from studium.core import database
from studium.core.runtime import runtime
from studium.plugins.auth import roles, tokens
from studium.plugins.payments import granting
from studium.services.sales import find_course_access
from tests.cable_process import Person
from tests.conftest import Clock
from tests.plugins.payments.school import TIERS, Buy, Rows, School

DAY = 86_400
Watch = Callable[[Person, str, School], bool]
Plant = Callable[..., School]


def test_hook_may_watch_is_answered_by_enrolments(app: Flask, school: School, mia: Person, watch: Watch, buy: Buy) -> None:
    with app.app_context():
        assert runtime().hooks.may_watch(user_id=mia.id, lesson_id=school.lessons["spring"]) is False
    buy(mia, "basic")
    with app.app_context():
        assert runtime().hooks.may_watch(user_id=mia.id, lesson_id=school.lessons["spring"]) is True
        assert runtime().hooks.may_watch(user_id=mia.id, lesson_id=999_999) is None, "no lesson of ours"


@pytest.mark.parametrize("role", ["owner", "ops"])
def test_who_looks_after_the_school_watches_every_lesson_without_an_enrolment(app: Flask, school: School, mia: Person, role: str) -> None:
    assert mia.client.get("/courses/rivers/delta").status_code == 404
    with app.app_context():
        roles.grant(21, role, "the tests")
    paths = [f"/courses/rivers/{lesson}" for lesson in school.lessons]
    assert [mia.client.get(path).status_code for path in paths] == [200] * len(paths)
    assert "Choose a tier" not in mia.client.get("/courses/rivers").text
    with app.app_context():
        roles.revoke(21, role, "the tests")
    assert mia.client.get("/courses/rivers/delta").status_code == 404


def test_a_token_of_an_owner_opens_what_it_opens_for_any_student(app: Flask, school: School, mia: Person) -> None:
    with app.app_context():
        roles.grant(21, "owner", "the tests")
        token = tokens.create(mia.id, "program", ["read"], None)
    path = "/api/v1/lessons/rivers/delta/access"
    assert mia.client.get(path).get_json()["data"]["open"] is True
    asked = app.test_client().get(path, headers={"Authorization": f"Bearer {token}"})
    assert asked.get_json()["data"]["open"] is False


def test_without_an_enrolment_only_the_preview_is_open(school: School, mia: Person, watch: Watch) -> None:
    assert [watch(mia, lesson, school) for lesson in school.lessons] == [False, False, False, True]
    assert mia.client.get("/courses/rivers/open-day").status_code == 200
    assert mia.client.get("/courses/rivers/spring").status_code == 404


@pytest.mark.parametrize(("tier", "opens"), [("basic", [True, False]), ("accelerator", [True, True]), ("vip", [True, True])])
def test_a_tier_opens_what_it_and_the_lower_ones_include(
    app: Flask, school: School, mia: Person, noah: Person, watch: Watch, tier: str, opens: list[bool]
) -> None:
    grant(app, mia, school, tier)
    assert [watch(mia, lesson, school) for lesson in ("spring", "delta")] == opens
    assert not watch(noah, "spring", school), "it is Mia's"


def test_a_higher_tier_opens_a_lesson_that_names_a_lower_one_only(app: Flask, plant: Plant, mia: Person, watch: Watch) -> None:
    school = plant(lessons={"spring": {"tiers": ["basic"]}})
    grant(app, mia, school, "vip")
    assert watch(mia, "spring", school)


def test_it_ends_by_the_clock_without_any_job(app: Flask, school: School, mia: Person, watch: Watch, frozen_clock: Clock) -> None:
    grant(app, mia, school, "basic", days=1)
    frozen_clock.advance(DAY - 1)
    assert watch(mia, "spring", school)
    frozen_clock.advance(1)
    assert not watch(mia, "spring", school)


def test_a_lesson_opens_some_days_after_the_enrolment(
    app: Flask, school: School, mia: Person, watch: Watch, frozen_clock: Clock
) -> None:
    grant(app, mia, school, "basic")
    frozen_clock.advance(7 * DAY - 1)
    assert not watch(mia, "sea", school)
    frozen_clock.advance(1)
    assert watch(mia, "sea", school)


def test_an_upgrade_keeps_what_had_opened_by_then(
    app: Flask, school: School, mia: Person, watch: Watch, buy: Buy, frozen_clock: Clock
) -> None:
    buy(mia, "basic")
    frozen_clock.advance(179 * DAY)
    buy(mia, "vip")
    assert watch(mia, "sea", school)
    frozen_clock.advance(2 * DAY)
    assert watch(mia, "sea", school), "the days count from the first enrolment, also when that has ended"
    with app.app_context():
        access = find_course_access(mia.id, school.course)
    assert access is not None
    assert (access.tiers, access.until) == (frozenset({"vip"}), None)


def test_after_a_break_the_days_count_anew(app: Flask, school: School, mia: Person, watch: Watch, frozen_clock: Clock) -> None:
    grant(app, mia, school, "basic", days=30)
    frozen_clock.advance(31 * DAY)
    grant(app, mia, school, "vip")
    assert not watch(mia, "sea", school)


def test_a_lesson_opens_at_a_moment(app: Flask, plant: Plant, mia: Person, watch: Watch, frozen_clock: Clock) -> None:
    school = plant(lessons={"past": {"available": "2020-10-01T10:00+03:00"}, "future": {"available": "2999-10-01T10:00+03:00"}})
    grant(app, mia, school, "vip")
    assert [watch(mia, lesson, school) for lesson in school.lessons] == [True, False]


def test_a_course_without_tiers_is_open_to_whoever_signed_in(plant: Plant, mia: Person, watch: Watch) -> None:
    school = plant(tiers={}, lessons={"spring": {}, "sea": {"available": "+7d"}})
    assert [watch(mia, lesson, school) for lesson in school.lessons] == [True, True]


def test_taking_the_tiers_out_of_a_course_opens_it_to_nobody(plant: Plant, mia: Person, noah: Person, watch: Watch, buy: Buy) -> None:
    lessons = {"spring": {}, "delta": {"tiers": ["vip"]}}
    school = plant(lessons=lessons)
    buy(mia, "basic")
    plant(tiers={}, lessons=lessons)
    assert [watch(noah, lesson, school) for lesson in lessons] == [False, False]
    assert [watch(mia, lesson, school) for lesson in lessons] == [True, False], "who bought keeps what they bought"


def test_a_free_tier_is_open_to_whoever_signed_in_and_no_more_than_it(
    app: Flask, plant: Plant, mia: Person, watch: Watch, frozen_clock: Clock
) -> None:
    free = {"guest": {"prices": {"RUB": "0.00", "USD": "0.00"}}} | TIERS
    school = plant(tiers=free, lessons={"spring": {}, "delta": {"tiers": ["vip"]}, "sea": {"available": "+7d"}})
    assert [watch(mia, lesson, school) for lesson in school.lessons] == [True, False, False]
    with app.app_context():
        granting.enrol_free(mia.id, school.course, school.tiers["guest"])
    frozen_clock.advance(7 * DAY)
    assert [watch(mia, lesson, school) for lesson in school.lessons] == [True, False, True], "enrolled, so the days count"


def test_who_bought_a_tier_that_is_no_longer_sold_keeps_it(app: Flask, plant: Plant, mia: Person, watch: Watch) -> None:
    school = plant()
    grant(app, mia, school, "accelerator")
    plant(tiers={"basic": TIERS["basic"]})
    assert watch(mia, "delta", school)


def test_hook_find_course_access_sums_up_running_enrolments(app: Flask, school: School, mia: Person, frozen_clock: Clock) -> None:
    with app.app_context():
        assert find_course_access(mia.id, school.course) is None
    grant(app, mia, school, "basic", days=10)
    frozen_clock.advance(DAY)
    grant(app, mia, school, "accelerator", days=20)
    with app.app_context():
        access = find_course_access(mia.id, school.course)
        assert access is not None
        assert access.tiers == {"basic", "accelerator"}
        assert access.until is not None
        assert (access.until - access.since).days == 21
        frozen_clock.advance(20 * DAY)
        assert find_course_access(mia.id, school.course) is None


def test_a_course_of_50_lessons_costs_no_more_queries_than_one_of_5(
    app: Flask, plant: Plant, mia: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    school = plant(lessons={f"part-{number}": {} for number in range(5)})
    grant(app, mia, school, "basic")
    few = queries_of(mia, monkeypatch)
    plant(lessons={f"part-{number}": {"available": "+0d"} for number in range(50)})
    assert 0 < queries_of(mia, monkeypatch) <= few


def test_a_grant_within_a_request_counts_at_once(app: Flask, school: School, mia: Person, enrolments: Rows) -> None:
    with app.test_request_context():
        lesson = school.lessons["spring"]
        assert runtime().hooks.may_watch(user_id=mia.id, lesson_id=lesson) is False
        made = granting.grant_by_hand(mia.id, school.course, school.tiers["basic"], days=None, reason="a gift", by="Olga")
        assert runtime().hooks.may_watch(user_id=mia.id, lesson_id=lesson) is True
        granting.revoke_enrolment(made, reason="a mistake", by="Olga")
        assert runtime().hooks.may_watch(user_id=mia.id, lesson_id=lesson) is False


def grant(app: Flask, person: Person, school: School, tier: str, days: int | None = None) -> int:
    with app.app_context():
        return granting.grant_by_hand(person.id, school.course, school.tiers[tier], days=days, reason="a gift", by="Olga (user 4)")


def queries_of(person: Person, monkeypatch: pytest.MonkeyPatch) -> int:
    """Statements of the course page, once the course is in the process's memory."""
    assert person.client.get("/courses/rivers").status_code == 200
    seen: list[str] = []
    original: Any = database.db._exec_sql

    def record(sql: str, *args: Any, **kwargs: Any) -> Any:
        seen.append(sql)
        return original(sql, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(database.db, "_exec_sql", record)
        assert person.client.get("/courses/rivers").status_code == 200
    return len(seen)
