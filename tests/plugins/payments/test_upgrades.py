"""Upgrades and second payments whose money no longer fits what they stand on: nothing is lost in silence, and nothing opens for nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from shop import ShopService

from studium.core.database import reading
from studium.core.errors import Conflict
from studium.plugins.payments import granting, settling
from studium.plugins.payments.entities import Enrolment
from studium.plugins.payments.refunds import ask_refund
from studium.services.money import Money
from tests.plugins.payments.money import Begun, audit, enrolled, reference_of, row_of, rules, status

Run = Callable[[], int]
Pay = Callable[[str], str]


@pytest.fixture
def pay(shop: ShopService) -> Pay:
    """`pay(payment_id)`: the money comes and is seen; the id again."""

    def do(payment_id: str) -> str:
        shop.pay(reference_of(payment_id))
        settling.look(payment_id, "webhook 1")
        return payment_id

    return do


def problem(payment_id: str) -> Any:
    return row_of(payment_id)["problem"]


def give_back(shop: ShopService, payment_id: str, amount: str = "29") -> None:
    shop.give_back(reference_of(payment_id), Money(amount, "USD"))
    settling.look(payment_id, "webhook 2")


def dispute(shop: ShopService, payment_id: str, state: str) -> None:
    shop.dispute(reference_of(payment_id), state)
    settling.look(payment_id, f"webhook, dispute {state}")


def enrolment(tier: str) -> int:
    with reading():
        return int(Enrolment.get(tier_key=tier).id)


def test_a_base_that_is_given_back_elsewhere_closes_the_upgrade_and_raises_the_alarm(
    begun: Begun, pay: Pay, shop: ShopService, anna: int, log_lines: list[Any]
) -> None:
    base = pay(begun())
    upgrade = pay(begun("vip"))
    give_back(shop, base)
    assert (enrolled(anna), status(upgrade), problem(upgrade), problem(base)) == ([], "completed", "upgrade-base-gone", None)
    assert ("mismatch", "", "", "webhook 2") in audit(upgrade)
    assert "payment_problem" in [line["event"] for line in log_lines]


def test_the_alarm_ends_when_the_base_comes_back(begun: Begun, pay: Pay, shop: ShopService, anna: int) -> None:
    base = pay(begun())
    upgrade = pay(begun("vip"))
    dispute(shop, base, "open")
    assert (enrolled(anna), problem(upgrade)) == ([], "upgrade-base-gone")
    dispute(shop, base, "won")
    assert (enrolled(anna), problem(upgrade), problem(base), row_of(base)["set_aside"]) == (["basic", "vip"], None, None, False)


def test_the_alarm_ends_when_the_upgrade_is_given_back(begun: Begun, pay: Pay, shop: ShopService, run_jobs: Run) -> None:
    base = pay(begun())
    upgrade = pay(begun("vip"))
    give_back(shop, base)
    ask_refund(upgrade, None, reason="its base is gone", by="Olga")
    run_jobs()
    assert (status(upgrade), problem(upgrade)) == ("refunded", None)


def test_an_upgrade_whose_refund_comes_back_stays_closed_without_its_base(
    begun: Begun, pay: Pay, shop: ShopService, anna: int, run_jobs: Run
) -> None:
    base = pay(begun())
    upgrade = pay(begun("vip"))
    for one in (upgrade, base):
        ask_refund(one, None, reason="late", by="Olga")
        run_jobs()
    shop.send_back(reference_of(upgrade), shop.find(reference_of(upgrade)).refunds[0].id)
    settling.look(upgrade, "webhook 3")
    assert (status(upgrade), enrolled(anna), problem(upgrade)) == ("completed", [], "upgrade-base-gone")
    shop.send_back(reference_of(base), shop.find(reference_of(base)).refunds[0].id)
    settling.look(base, "webhook 4")
    assert (enrolled(anna), problem(upgrade)) == (["basic", "vip"], None)


def test_credit_that_is_gone_when_the_upgrade_is_paid_is_told(begun: Begun, pay: Pay, shop: ShopService, anna: int) -> None:
    base = pay(begun())
    upgrade = begun("vip")
    give_back(shop, base, "28")
    pay(upgrade)
    assert (enrolled(anna), problem(upgrade)) == (["basic", "vip"], "credit-gone")


def test_credit_that_stands_is_no_problem_even_after_the_base_has_ended(begun: Begun, pay: Pay, anna: int, frozen_clock: Any) -> None:
    pay(begun())
    upgrade = begun("vip")
    frozen_clock.advance(181 * 86400)
    pay(upgrade)
    assert (enrolled(anna), problem(upgrade)) == (["vip"], None)


def test_one_base_is_credit_for_one_upgrade(begun: Begun, pay: Pay, anna: int) -> None:
    pay(begun())
    lower, higher = begun("accelerator"), begun("vip")
    pay(lower)
    pay(higher)
    assert (enrolled(anna), problem(lower), problem(higher)) == (["accelerator", "basic", "vip"], None, "credit-gone")


def test_a_tier_that_a_higher_one_includes_is_paid_twice(begun: Begun, pay: Pay, anna: int) -> None:
    basic, middle, vip = (begun(tier) for tier in ("basic", "accelerator", "vip"))
    for one in (vip, basic, middle):
        pay(one)
    assert [problem(one) for one in (basic, middle, vip)] == ["paid-twice", "paid-twice", None]
    assert enrolled(anna) == ["vip"]


def test_what_was_set_aside_for_a_higher_tier_counts_once_that_is_given_back(
    begun: Begun, pay: Pay, shop: ShopService, anna: int, run_jobs: Run
) -> None:
    basic, vip = begun(), begun("vip")
    pay(vip)
    pay(basic)
    ask_refund(vip, None, reason="too much", by="Olga")
    run_jobs()
    assert (enrolled(anna), problem(basic), row_of(basic)["set_aside"]) == (["basic"], None, False)


def test_a_tier_below_a_gift_is_given(begun: Begun, pay: Pay, anna: int, school: Any) -> None:
    basic = begun()
    granting.grant_by_hand(anna, school.course, school.tiers["vip"], days=3, reason="a gift", by="Olga")
    pay(basic)
    assert (enrolled(anna), problem(basic)) == (["basic", "vip"], None)


def test_a_refund_that_fails_does_not_hide_that_it_was_paid_twice(
    begun: Begun, pay: Pay, shop: ShopService, anna: int, run_jobs: Run
) -> None:
    first, second = begun(), begun(provider="shop", currency="RUB")
    pay(first)
    pay(second)
    shop.refuse = {"refund": "no-money"}
    ask_refund(second, None, reason="paid twice", by="Olga")
    run_jobs()
    assert (problem(second), row_of(second)["set_aside"]) == ("refund-failed", True)
    shop.refuse = {}
    ask_refund(first, None, reason="late", by="Olga")
    run_jobs()
    assert enrolled(anna) == ["basic"], "the second payment takes the place of the first"
    assert (problem(second), row_of(second)["set_aside"]) == ("refund-failed", False)


@pytest.mark.parametrize("reason", ["refund", "dispute", "fraud"])
def test_what_a_person_ended_by_hand_stays_ended_whatever_the_reason_says(
    begun: Begun, pay: Pay, shop: ShopService, anna: int, reason: str
) -> None:
    payment = pay(begun())
    granting.revoke_enrolment(enrolment("basic"), reason=reason, by="Olga")
    dispute(shop, payment, "open")
    dispute(shop, payment, "won")
    assert enrolled(anna) == []


def test_during_a_dispute_access_can_be_ended_for_good(begun: Begun, pay: Pay, shop: ShopService, anna: int) -> None:
    payment = pay(begun())
    dispute(shop, payment, "open")
    granting.revoke_enrolment(enrolment("basic"), reason="fraud", by="Olga")
    dispute(shop, payment, "won")
    assert enrolled(anna) == []
    with pytest.raises(Conflict):
        granting.revoke_enrolment(enrolment("basic"), reason="fraud", by="Olga")
    assert rules(payment, "restore") == []
