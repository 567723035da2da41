"""Enrolments are granted once, renewed, revoked with what stands on them, and each change is a fact and a live message."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from studium.core.database import reading, transaction
from studium.core.entities import Fact
from studium.core.errors import Conflict, NotFound, Problem, Unprocessable
from studium.plugins.payments import access_messages, granting, refunds
from studium.plugins.payments.checkout import begin
from studium.plugins.payments.entities import Payment
from studium.plugins.payments.settling import look
from studium.services.money import Money
from tests.cable_process import Person
from tests.conftest import Clock
from tests.plugins.payments.school import TIERS, Buy, Rows, School

DAY = 86_400
Watch = Callable[[Person, str, School], bool]
Messages = list[dict[str, Any]]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Messages:
    """What open pages were told."""
    seen: Messages = []

    def publish(stream: str, payload: dict[str, Any], collapse: str | None = None) -> None:
        if payload["data"]["type"] == "access":
            seen.append({"to": stream} | payload["data"])

    monkeypatch.setattr(access_messages.cable, "publish", publish)
    return seen


def test_a_completed_payment_grants_the_tier_for_its_days(
    app: Flask, school: School, mia: Person, buy: Buy, enrolments: Rows, frozen_clock: Clock, told: Messages
) -> None:
    payment_id = buy(mia, "basic")
    [row] = enrolments(user_id=mia.id)
    assert (row["source"], row["payment_id"], row["amount_paid_minor"], row["currency"]) == ("payment", payment_id, 2900, "USD")
    assert (row["expires_at"] - row["enrolled_at"]).days == 180
    assert told == [{"to": f"user:{mia.id}", "type": "access", "course_id": school.course, "course": "rivers", "open": True}]


def test_hook_enrolment_granted_tells_of_each_grant(app: Flask, school: School, mia: Person, buy: Buy) -> None:
    buy(mia, "basic")
    [fact] = facts(app, "enrolment_granted")
    assert (fact["user_id"], fact["tier_id"], fact["source"]) == (mia.id, school.tiers["basic"], "payment")


def test_granting_again_for_the_same_payment_changes_nothing(
    app: Flask, school: School, mia: Person, buy: Buy, enrolments: Rows, frozen_clock: Clock
) -> None:
    payment_id = buy(mia, "basic")
    before = enrolments()
    frozen_clock.advance(5)
    with app.app_context(), transaction():
        assert granting.grant_paid(Payment[payment_id]) is not None
    assert enrolments() == before
    assert len(facts(app, "enrolment_granted")) == 1


def test_bought_again_after_its_end_the_row_is_renewed(
    app: Flask, school: School, mia: Person, buy: Buy, enrolments: Rows, watch: Watch, frozen_clock: Clock
) -> None:
    buy(mia, "basic")
    frozen_clock.advance(181 * DAY)
    assert not watch(mia, "spring", school)
    second = buy(mia, "basic")
    [row] = enrolments(user_id=mia.id)
    assert (row["payment_id"], row["noticed_days"], (row["expires_at"] - row["enrolled_at"]).days) == (second, None, 180)
    assert watch(mia, "spring", school)


def test_the_days_of_an_upgrade_count_from_the_upgrade_and_the_base_keeps_its_own_end(
    school: School, mia: Person, buy: Buy, enrolments: Rows, frozen_clock: Clock
) -> None:
    buy(mia, "basic")
    frozen_clock.advance(100 * DAY)
    buy(mia, "accelerator")
    base, upgrade = enrolments(user_id=mia.id)
    assert upgrade["base_id"] == base["id"]
    assert (upgrade["expires_at"] - base["enrolled_at"]).days == 465
    assert (base["expires_at"] - base["enrolled_at"]).days == 180


def test_refund_of_an_upgrade_falls_back_to_the_lower_tier(
    app: Flask, school: School, mia: Person, buy: Buy, watch: Watch, enrolments: Rows, told: Messages
) -> None:
    buy(mia, "basic")
    upgrade = buy(mia, "accelerator")
    assert watch(mia, "delta", school)
    revoke_paid(app, upgrade, "refund")
    assert [watch(mia, lesson, school) for lesson in ("spring", "delta")] == [True, False]
    assert told[-1]["open"] is True
    assert [row["revoked_reason"] for row in enrolments(user_id=mia.id)] == ["", "refund"]


def test_hook_enrolment_revoked_tells_of_the_base_and_of_what_stood_on_it(
    app: Flask, school: School, mia: Person, buy: Buy, watch: Watch, told: Messages
) -> None:
    base = buy(mia, "basic")
    buy(mia, "accelerator")
    revoke_paid(app, base, "dispute")
    assert not watch(mia, "spring", school)
    assert [(fact["tier_id"], fact["reason"]) for fact in facts(app, "enrolment_revoked")] == [
        (school.tiers["basic"], "dispute"), (school.tiers["accelerator"], "dispute")]
    assert told[-1]["open"] is False
    revoke_paid(app, base, "dispute")
    assert len(facts(app, "enrolment_revoked")) == 2, "again it does nothing"


def test_a_won_dispute_gives_everything_back(app: Flask, school: School, mia: Person, buy: Buy, watch: Watch, told: Messages) -> None:
    base = buy(mia, "basic")
    buy(mia, "accelerator")
    revoke_paid(app, base, "dispute")
    with app.app_context(), transaction():
        granting.restore_paid(Payment[base], "the bank")
    assert [watch(mia, lesson, school) for lesson in ("spring", "delta")] == [True, True]
    assert told[-1]["open"] is True


def test_a_won_dispute_does_not_give_back_an_upgrade_that_was_refunded_meanwhile(
    app: Flask, school: School, mia: Person, buy: Buy, watch: Watch
) -> None:
    base = buy(mia, "basic")
    upgrade = buy(mia, "accelerator")
    revoke_paid(app, base, "dispute")
    with app.app_context(), transaction():
        Payment[upgrade].status = "refunded"
        granting.restore_paid(Payment[base], "the bank")
    assert [watch(mia, lesson, school) for lesson in ("spring", "delta")] == [True, False]


def test_a_refund_through_the_owner_closes_the_course_and_a_part_of_it_does_not(
    app: Flask, school: School, mia: Person, buy: Buy, watch: Watch, run_jobs: Callable[[], int]
) -> None:
    payment_id = buy(mia, "basic")
    with app.app_context():
        refunds.ask_refund(payment_id, Money(9, "USD"), reason="late", by="Olga")
    run_jobs()
    assert watch(mia, "spring", school)
    with app.app_context():
        refunds.ask_refund(payment_id, None, reason="the rest", by="Olga")
    run_jobs()
    assert not watch(mia, "spring", school)


def test_a_second_payment_takes_the_place_of_one_that_is_given_back(
    app: Flask, school: School, mia: Person, start: Buy, buy: Buy, watch: Watch, payment: Callable[[str], dict[str, Any]], shop: Any
) -> None:
    first = start(mia, "basic", currency="USD")
    with app.app_context():
        begin(first)
    second = buy(mia, "basic", currency="RUB")
    with app.app_context():
        shop.pay(payment(first)["reference"])
        look(first, "the test")
    assert payment(first)["problem"] == "paid-twice"
    revoke_paid(app, second, "refund")
    assert watch(mia, "spring", school)
    assert payment(first)["problem"] is None
    revoke_paid(app, first, "refund")
    assert not watch(mia, "spring", school)


def test_a_grant_by_hand_has_days_a_reason_and_who(app: Flask, school: School, mia: Person, enrolments: Rows, frozen_clock: Clock) -> None:
    made = grant(app, mia, school, days=30)
    [row] = enrolments(id=made)
    assert (row["source"], row["reason"], row["granted_by"]) == ("grant", "a gift", "Olga (user 4)")
    assert (row["expires_at"] - row["enrolled_at"]).days == 30


def test_a_grant_by_hand_moves_the_end_of_what_was_paid_for_and_keeps_the_payment(
    app: Flask, school: School, mia: Person, buy: Buy, enrolments: Rows
) -> None:
    payment_id = buy(mia, "basic")
    grant(app, mia, school, days=None)
    [row] = enrolments(user_id=mia.id)
    assert (row["payment_id"], row["source"], row["expires_at"]) == (payment_id, "payment", None)


@pytest.mark.parametrize(("changed", "error"), [
    ({"days": 0}, Unprocessable), ({"days": 36_501}, Unprocessable), ({"days": -1}, Unprocessable), ({"reason": "  "}, Unprocessable),
    ({"reason": "x" * 1001}, Unprocessable), ({"user_id": 999_999}, NotFound), ({"tier_id": 999_999}, NotFound),
    ({"course_id": 999}, NotFound),
])
def test_a_wrong_grant_is_refused(
    app: Flask, school: School, mia: Person, enrolments: Rows, changed: dict[str, Any], error: type[Problem]
) -> None:
    asked = {"user_id": mia.id, "course_id": school.course, "tier_id": school.tiers["basic"], "days": None, "reason": "x", "by": "Olga"}
    with app.app_context(), pytest.raises(error):
        granting.grant_by_hand(**asked | changed)
    assert enrolments() == []


def test_an_enrolment_is_ended_by_hand_once(app: Flask, school: School, mia: Person, watch: Watch) -> None:
    made = grant(app, mia, school)
    with app.app_context():
        granting.revoke_enrolment(made, reason="a mistake", by="Olga (user 4)")
        with pytest.raises(Conflict):
            granting.revoke_enrolment(made, reason="a mistake", by="Olga (user 4)")
        with pytest.raises(NotFound):
            granting.revoke_enrolment(999_999, reason="a mistake", by="Olga (user 4)")
    assert not watch(mia, "spring", school)
    [fact] = facts(app, "enrolment_revoked")
    assert fact["reason"] == "hand"


def test_a_free_tier_is_taken_once_and_only_if_it_is_free(
    app: Flask, plant: Callable[..., School], mia: Person, enrolments: Rows
) -> None:
    school = plant(tiers={"guest": {"prices": {"USD": "0.00"}, "access_days": 10}} | TIERS)
    with app.app_context():
        made = granting.enrol_free(mia.id, school.course, school.tiers["guest"])
        assert granting.enrol_free(mia.id, school.course, school.tiers["guest"]) == made
        with pytest.raises(Conflict):
            granting.enrol_free(mia.id, school.course, school.tiers["basic"])
    [row] = enrolments(user_id=mia.id)
    assert (row["source"], (row["expires_at"] - row["enrolled_at"]).days) == ("free", 10)


def grant(app: Flask, person: Person, school: School, days: int | None = None) -> int:
    with app.app_context():
        return granting.grant_by_hand(person.id, school.course, school.tiers["basic"], days=days, reason="a gift", by="Olga (user 4)")


def revoke_paid(app: Flask, payment_id: str, reason: Any) -> None:
    with app.app_context(), transaction():
        Payment[payment_id].status = "refunded" if reason == "refund" else "disputed"
        granting.revoke_paid(Payment[payment_id], reason, "the test")


def facts(app: Flask, name: str) -> list[dict[str, Any]]:
    """The payloads of the stored facts of this name, in order."""
    with app.app_context(), reading():
        return [json.loads(row.payload) for row in sorted(Fact.select(name=name), key=lambda row: row.id)]
