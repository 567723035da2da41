"""Coupons: for whom a code counts, what it takes off, and its uses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from studium.core.clock import now
from studium.core.database import reading
from studium.core.errors import Conflict, NotFound, Problem, Unprocessable
from studium.plugins.payments import refunds
from studium.plugins.payments.checkout import begin, choices
from studium.plugins.payments.coupon_owner import NewCoupon, archive_coupon, create_coupon, list_coupons
from studium.plugins.payments.entities import Coupon, CouponUse
from studium.plugins.payments.settling import look
from studium.services.money import Money
from tests.cable_process import Person
from tests.conftest import Clock
from tests.plugins.payments.school import Buy, School

Make = Callable[..., int]
Row = Callable[[str], dict[str, Any]]


@pytest.fixture
def make(app: Flask) -> Make:
    """`make(code="SPRING", percent=20)` makes a coupon; answers its id."""

    def do(**changed: Any) -> int:
        wanted = {"code": "SPRING"} | changed
        if "amount" not in wanted:
            wanted.setdefault("percent", 20)
        with app.app_context():
            return create_coupon(NewCoupon(**wanted), "Olga (user 4)")

    return do


@pytest.mark.parametrize(("terms", "currency", "total"), [
    ({"percent": 20}, "USD", "23.20"), ({"percent": 33}, "USD", "19.43"), ({"percent": 100}, "USD", "0"),
    ({"amount": Money(9, "USD")}, "USD", "20"), ({"amount": Money(500, "USD")}, "USD", "0"),
    ({"amount": Money("900.50", "RUB")}, "RUB", "1999.50"),
])
def test_it_takes_off_a_percentage_or_an_amount(
    app: Flask, school: School, mia: Person, make: Make, terms: dict[str, Any], currency: str, total: str
) -> None:
    make(**terms)
    assert total_of(app, mia, "SPRING", currency=currency) == Money(total, currency)


@pytest.mark.parametrize("written", ["spring", " Spring ", "S P R I N G", "\tspring\n"])
def test_case_and_spaces_do_not_matter(app: Flask, school: School, mia: Person, make: Make, written: str) -> None:
    make()
    assert total_of(app, mia, written) == Money("23.20", "USD")


def test_a_percentage_is_of_what_an_upgrade_leaves_to_pay(app: Flask, school: School, mia: Person, make: Make, buy: Buy) -> None:
    make(percent=50)
    buy(mia, "basic")
    assert total_of(app, mia, "SPRING", tier="accelerator") == Money(20, "USD")


@pytest.mark.parametrize(("terms", "code"), [
    ({"code": "OTHER"}, "coupon-unknown"), ({"course_id": "other"}, "coupon-not-for-course"),
    ({"tier_keys": ("vip",)}, "coupon-not-for-tier"), ({"valid_from": 60}, "coupon-not-yet"), ({"valid_until": -60}, "coupon-expired"),
    ({"amount": Money(9, "RUB")}, "coupon-not-for-currency"),
])
def test_a_refusal_says_why(
    app: Flask, school: School, plant: Callable[..., School], mia: Person, make: Make, terms: dict[str, Any], code: str
) -> None:
    if terms.get("course_id"):
        terms = terms | {"course_id": plant(slug="lakes").course}
    make(**{key: now() + timedelta(seconds=value) if key.startswith("valid") else value for key, value in terms.items()})
    refused = refusal(app, mia, "SPRING")
    assert (refused.status, refused.code) == (422, code)
    assert refused.extra["errors"][0]["field"] == "coupon"


@pytest.mark.parametrize("written", ["x" * 10_000, "NOPE", "'; DROP TABLE coupon; --", "Ж" * 30, "\0"])
def test_nonsense_is_an_unknown_coupon(app: Flask, school: School, mia: Person, written: str) -> None:
    assert refusal(app, mia, written).code == "coupon-unknown"


def test_it_is_held_while_the_payment_is_open_and_used_with_the_money(
    app: Flask, school: School, mia: Person, noah: Person, make: Make, start: Buy, shop: Any, payment: Row
) -> None:
    make(max_uses=1)
    payment_id = start(mia, coupon="spring")
    assert states(app) == ["held"]
    assert refusal(app, noah, "SPRING").code == "coupon-used-up"
    assert total_of(app, mia, "SPRING") == Money("23.20", "USD"), "her own hold does not stand in her way"
    with app.app_context():
        begin(payment_id)
        shop.pay(payment(payment_id)["reference"])
        look(payment_id, "the test")
    assert states(app) == ["used"]
    assert payment(payment_id)["discount_minor"] == 580
    assert refusal(app, noah, "SPRING").code == "coupon-used-up"


@pytest.mark.parametrize("end", ["fail", "expire"])
def test_it_is_free_again_when_the_payment_fails_or_runs_out(
    app: Flask, school: School, mia: Person, noah: Person, make: Make, start: Buy, shop: Any, payment: Row, end: str
) -> None:
    make(max_uses=1)
    payment_id = start(mia, coupon="SPRING")
    with app.app_context():
        begin(payment_id)
        getattr(shop, end)(payment(payment_id)["reference"])
        look(payment_id, "the test")
    assert states(app) == ["released"]
    assert total_of(app, noah, "SPRING") == Money("23.20", "USD")


def test_money_that_comes_late_uses_it_all_the_same(
    app: Flask, school: School, mia: Person, make: Make, start: Buy, shop: Any, payment: Row
) -> None:
    make(max_uses=1)
    payment_id = start(mia, coupon="SPRING")
    with app.app_context():
        begin(payment_id)
        for change in (shop.fail, shop.pay):
            change(payment(payment_id)["reference"])
            look(payment_id, "the test")
    assert states(app) == ["used"]


def test_a_whole_refund_frees_it(
    app: Flask, school: School, mia: Person, make: Make, buy: Buy, run_jobs: Callable[[], int]
) -> None:
    make()
    payment_id = buy(mia, coupon="SPRING")
    with app.app_context():
        refunds.ask_refund(payment_id, None, reason="late", by="Olga")
    run_jobs()
    assert states(app) == ["released"]


def test_once_for_each_person_unless_it_says_otherwise(app: Flask, school: School, mia: Person, noah: Person, make: Make, buy: Buy) -> None:
    make()
    make(code="MANY", once_per_user=False)
    buy(mia, coupon="SPRING")
    assert refusal(app, mia, "SPRING", tier="vip").code == "coupon-used"
    assert total_of(app, noah, "SPRING") == Money("23.20", "USD")
    buy(mia, "accelerator", coupon="MANY")
    assert total_of(app, mia, "MANY", tier="vip") < Money(180, "USD")


def test_a_coupon_in_an_unfinished_payment_for_another_tier_says_so(
    app: Flask, school: School, mia: Person, make: Make, start: Buy
) -> None:
    make()
    start(mia, "basic", coupon="SPRING")
    assert refusal(app, mia, "SPRING", tier="vip").code == "coupon-held"


def test_an_offer_that_ran_out_does_not_hold_it_against_its_own_buyer(
    app: Flask, school: School, mia: Person, make: Make, start: Buy, frozen_clock: Clock, payment: Row
) -> None:
    make(max_uses=1)
    first = start(mia, coupon="SPRING")
    frozen_clock.advance(25 * 3600)
    second = start(mia, coupon="SPRING")
    assert first != second
    assert states(app) == ["held", "held"], "the first can still be paid until its provider ends it"


def test_a_payment_of_nothing_completes_at_once_without_a_provider(
    app: Flask, school: School, mia: Person, make: Make, start: Buy, shop: Any, payment: Row, watch: Callable[..., bool]
) -> None:
    make(percent=100)
    payment_id = start(mia, provider=None, coupon="SPRING")
    row = payment(payment_id)
    assert (row["provider"], row["status"], row["amount_minor"], row["list_minor"]) == ("free", "completed", 0, 2900)
    assert watch(mia, "spring", school)
    assert shop.calls == []
    assert states(app) == ["used"]


@pytest.mark.parametrize(("terms", "field"), [
    ({"code": "A"}, "code"), ({"code": "ПРИВЕТ"}, "code"), ({"code": "A" * 41}, "code"), ({"percent": None}, "percent"),
    ({"percent": 20, "amount": Money(1, "USD")}, "percent"), ({"percent": 0}, "percent"), ({"percent": 101}, "percent"),
    ({"amount": Money(0, "USD"), "percent": None}, "amount"), ({"amount": Money(-1, "USD"), "percent": None}, "amount"),
    ({"max_uses": 0}, "max_uses"), ({"max_uses": 10**9}, "max_uses"), ({"note": "x" * 1001}, "note"), ({"course_id": 999_999}, "course_id"),
    ({"valid_from": now(), "valid_until": now() - timedelta(days=1)}, "valid_until"),
])
def test_a_wrong_coupon_is_not_made(app: Flask, terms: dict[str, Any], field: str) -> None:
    wanted: dict[str, Any] = {"code": "SPRING", "percent": 20} | terms
    with app.app_context(), pytest.raises(Unprocessable) as refused:
        create_coupon(NewCoupon(**wanted), "Olga")
    assert field in [error["field"] for error in refused.value.extra["errors"]]
    with app.app_context(), reading():
        assert Coupon.select().count() == 0


def test_an_owner_sees_uses_and_archives(app: Flask, school: School, mia: Person, noah: Person, make: Make, buy: Buy, start: Buy) -> None:
    made = make(amount=Money(9, "USD"), tier_keys=("basic",), course_id=school.course)
    buy(mia, coupon="SPRING")
    start(noah, coupon="SPRING")
    with app.app_context():
        [seen] = list_coupons()
        assert (seen.used, seen.held, seen.amount, seen.tier_keys) == (1, 1, Money(9, "USD"), ("basic",))
        archive_coupon(made, "Olga")
        archive_coupon(made, "Olga")
        assert list_coupons() == []
        assert [found.id for found in list_coupons(archived=True)] == [made]
        with pytest.raises(Conflict):
            create_coupon(NewCoupon("spring", percent=1), "Olga")
        with pytest.raises(NotFound):
            archive_coupon(999_999, "Olga")
    assert refusal(app, noah, "SPRING").code == "coupon-unknown"


def total_of(app: Flask, person: Person, code: str, tier: str = "basic", currency: str = "USD") -> Money:
    with app.app_context():
        return choices(person.id, "rivers", tier, currency=currency, coupon=code).quote.total


def refusal(app: Flask, person: Person, code: str, tier: str = "basic") -> Problem:
    with pytest.raises(Problem) as refused:
        total_of(app, person, code, tier)
    return refused.value


def states(app: Flask) -> list[str]:
    """Of all uses."""
    with app.app_context(), reading():
        return [use.state for use in sorted(CouponUse.select(), key=lambda use: use.id)]


def test_a_replaced_payment_keeps_its_use_since_it_can_still_be_paid(
    app: Flask, school: School, mia: Person, noah: Person, make: Make, start: Buy
) -> None:
    """Else each page of the provider that is kept open would be one more use."""
    make(max_uses=1, once_per_user=False)
    first = start(mia, coupon="SPRING")
    start(mia)
    assert states(app) == ["held"]
    assert refusal(app, noah, "SPRING").code == "coupon-used-up"
    assert refusal(app, mia, "SPRING", tier="vip").code == "coupon-used-up"
    assert start(mia, coupon="SPRING", provider="till") != first, "for the same tier she may go on choosing"


def test_a_use_of_ones_own_for_another_tier_counts_after_the_choice_was_replaced(
    app: Flask, school: School, mia: Person, make: Make, start: Buy
) -> None:
    make()
    start(mia, coupon="SPRING")
    start(mia)
    assert refusal(app, mia, "SPRING", tier="vip").code == "coupon-held"


def test_who_chooses_anew_for_the_same_tier_holds_one_use_not_two(
    app: Flask, school: School, mia: Person, noah: Person, make: Make, start: Buy
) -> None:
    make(max_uses=2)
    start(mia, coupon="SPRING")
    start(mia, coupon="SPRING", provider="till")
    assert total_of(app, noah, "SPRING") == Money("23.20", "USD")


def test_late_money_beyond_the_limit_gives_access_and_is_shown_to_the_owner(
    app: Flask, school: School, mia: Person, noah: Person, make: Make, start: Buy, buy: Buy, shop: Any, payment: Row,
    watch: Callable[..., bool],
) -> None:
    make(max_uses=1)
    late = start(mia, coupon="SPRING")
    with app.app_context():
        begin(late)
        shop.expire(payment(late)["reference"])
        look(late, "the test")
    in_time = buy(noah, coupon="SPRING")
    with app.app_context():
        shop.pay(payment(late)["reference"])
        look(late, "the test")
    assert (payment(in_time)["problem"], payment(late)["problem"]) == (None, "coupon-overused")
    assert watch(mia, "spring", school)
