"""The end by the clock: told 7 days and 1 day before, and at the second itself; nothing is lost by a restart, nothing told twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from studium.core.database import reading, transaction
from studium.core.entities import Fact
from studium.plugins.payments import access_messages, expiry, granting
from studium.plugins.payments.entities import Enrolment
from studium.queue import jobs
from tests.cable_process import Person
from tests.conftest import Clock
from tests.plugins.payments.school import Buy, School

DAY = 86_400
Look = Callable[[], None]
Facts = Callable[[], list[tuple[str, Any]]]


@pytest.fixture
def look(app: Flask, run_jobs: Callable[[], int]) -> Look:
    """What happens each minute."""

    def do() -> None:
        with app.app_context(), transaction():
            jobs.enqueue(expiry.end_enrolments)
        run_jobs()

    return do


@pytest.fixture
def facts(app: Flask) -> Facts:
    """The facts about ends: name, and days or reason."""

    def do() -> list[tuple[str, Any]]:
        with app.app_context(), reading():
            rows = sorted(Fact.select(lambda row: row.name in ("access_ending", "enrolment_revoked")), key=lambda row: row.id)
            return [(row.name, json.loads(row.payload).get("days", json.loads(row.payload).get("reason"))) for row in rows]

    return do


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """`open` of each live message about access."""
    seen: list[bool] = []

    def note(_stream: str, payload: dict[str, Any], collapse: str | None = None) -> None:
        if payload["data"]["type"] == "access":
            seen.append(payload["data"]["open"])

    monkeypatch.setattr(access_messages.cable, "publish", note)
    return seen


def test_hook_access_ending_tells_of_the_last_week_and_the_last_day_once_each(
    app: Flask, school: School, mia: Person, look: Look, facts: Facts, frozen_clock: Clock
) -> None:
    grant(app, mia, school, days=30)
    frozen_clock.advance(23 * DAY - 1)
    look()
    assert facts() == []
    frozen_clock.advance(1)
    look()
    look()
    assert facts() == [("access_ending", 7)]
    frozen_clock.advance(6 * DAY)
    look()
    look()
    assert facts() == [("access_ending", 7), ("access_ending", 1)]


def test_it_ends_at_the_second_with_a_fact_and_a_live_message(
    app: Flask, school: School, mia: Person, look: Look, facts: Facts, told: list[bool], run_jobs: Callable[[], int], frozen_clock: Clock
) -> None:
    grant(app, mia, school, days=1)
    frozen_clock.advance(DAY - 60)
    look()
    frozen_clock.advance(59)
    run_jobs()
    assert (facts(), told) == ([], [True])
    frozen_clock.advance(1)
    run_jobs()
    assert (facts(), told) == ([("enrolment_revoked", "expiry")], [True, False])
    look()
    assert len(facts()) == 1


def test_a_job_that_runs_twice_ends_it_once(
    app: Flask, school: School, mia: Person, facts: Facts, run_jobs: Callable[[], int], frozen_clock: Clock
) -> None:
    made = grant(app, mia, school, days=1)
    frozen_clock.advance(DAY)
    for _ in range(2):
        with app.app_context(), transaction():
            jobs.enqueue(expiry.end_enrolment, expiry.EndParams(enrolment_id=made))
        run_jobs()
    assert facts() == [("enrolment_revoked", "expiry")]


def test_what_ended_while_nothing_ran_is_told_once_and_without_notices_that_are_of_no_use_any_more(
    app: Flask, school: School, mia: Person, look: Look, facts: Facts, frozen_clock: Clock
) -> None:
    grant(app, mia, school, days=30)
    frozen_clock.advance(29 * DAY + 3600)
    look()
    assert facts() == [("access_ending", 1)]
    frozen_clock.advance(40 * DAY)
    look()
    look()
    assert facts() == [("access_ending", 1), ("enrolment_revoked", "expiry")]


@pytest.mark.parametrize(("days", "notices"), [(1, []), (5, [1]), (7, [1]), (8, [7, 1])])
def test_a_short_enrolment_is_told_of_only_when_that_is_news(
    app: Flask, school: School, mia: Person, look: Look, facts: Facts, frozen_clock: Clock, days: int, notices: list[int]
) -> None:
    grant(app, mia, school, days=days)
    for _ in range(days):
        look()
        frozen_clock.advance(DAY)
    look()
    assert facts() == [("access_ending", notice) for notice in notices] + [("enrolment_revoked", "expiry")]


def test_what_was_prolonged_does_not_end_by_the_old_job(
    app: Flask, school: School, mia: Person, look: Look, facts: Facts, run_jobs: Callable[[], int], frozen_clock: Clock
) -> None:
    grant(app, mia, school, days=1)
    frozen_clock.advance(DAY - 60)
    look()
    grant(app, mia, school, days=30)
    frozen_clock.advance(60)
    run_jobs()
    assert facts() == []
    frozen_clock.advance(24 * DAY)
    look()
    assert facts() == [("access_ending", 7)], "its notices begin anew"


def test_what_a_higher_tier_outlasts_ends_without_notices_and_closes_nothing(
    app: Flask, school: School, mia: Person, buy: Buy, look: Look, facts: Facts, told: list[bool], frozen_clock: Clock
) -> None:
    buy(mia, "basic")
    buy(mia, "vip")
    for _ in range(3):
        frozen_clock.advance(174 * DAY)
        look()
    assert facts() == [("enrolment_revoked", "expiry")]
    assert told[-1] is True


def test_what_was_revoked_or_lasts_for_life_is_left_alone(
    app: Flask, school: School, mia: Person, noah: Person, look: Look, facts: Facts, frozen_clock: Clock
) -> None:
    grant(app, noah, school, days=None)
    made = grant(app, mia, school, days=30)
    with app.app_context():
        granting.revoke_enrolment(made, reason="a mistake", by="Olga")
    frozen_clock.advance(100 * DAY)
    look()
    assert facts() == [("enrolment_revoked", "hand")]


def test_what_ends_at_once_is_ended_by_its_own_job(
    app: Flask, school: School, mia: Person, facts: Facts, run_jobs: Callable[[], int], frozen_clock: Clock
) -> None:
    made = grant(app, mia, school, days=1)
    with app.app_context(), transaction():
        row = Enrolment[made]
        row.expires_at = row.enrolled_at + (row.expires_at - row.enrolled_at) / 1440
        expiry.end_soon(row)
    frozen_clock.advance(60)
    run_jobs()
    assert facts() == [("enrolment_revoked", "expiry")]


def grant(app: Flask, person: Person, school: School, days: int | None) -> int:
    with app.app_context():
        return granting.grant_by_hand(person.id, school.course, school.tiers["basic"], days=days, reason="a gift", by="Olga (user 4)")
