"""Giving money back: asked for with one key until it is known, never more than was paid, and nothing counts before the provider says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from shop import Shop, ShopService

from studium.core.database import reading, transaction
from studium.plugins.payments import refunds as refunding
from studium.plugins.payments import settling
from studium.plugins.payments.entities import Payment, Refund
from studium.plugins.payments.errors import RefundRefused, UnknownPayment
from studium.plugins.payments.refunds import ask_refund
from studium.services.money import Money
from studium.services.providers import RefundSnapshot
from tests.conftest import Clock
from tests.plugins.payments.money import Begun, audit, enrolled, facts, ledger, reference_of, refunds, row_of, rules, status

OLGA = "Olga (user 4)"
Paid = Callable[..., str]


@pytest.fixture
def paid(begun: Begun, shop: ShopService) -> Paid:
    """`paid("basic")` is a payment of Anna's whose money arrived."""

    def do(tier: str = "basic") -> str:
        found = begun(tier)
        shop.pay(reference_of(found))
        settling.look(found, "webhook 1")
        return found

    return do


def usd(amount: str) -> Money:
    return Money(amount, "USD")


def ask(payment_id: str, amount: str | None = None) -> str:
    return ask_refund(payment_id, usd(amount) if amount else None, reason="changed their mind", by=OLGA)


def test_a_whole_refund_closes_the_course_once_the_provider_says_so(
    paid: Paid, shop: ShopService, run_jobs: Callable[[], int], anna: int
) -> None:
    found = paid()
    refund_id = ask(found)
    assert (status(found), enrolled(anna), refunds(found)) == ("completed", ["basic"], [("asking", 2900)])
    run_jobs()
    assert (status(found), enrolled(anna), refunds(found)) == ("refunded", [], [("completed", 2900)])
    assert ledger(found) == [("charge", 2900), ("refund", -2900)]
    assert shop.called("refund") == [refund_id]
    assert row_of(found)["refunded_minor"] == 2900
    assert [row[3] for row in audit(found, "refund")] == [OLGA, f"refund {refund_id}"]


def test_hook_payment_refunded_is_published_for_each_refund(paid: Paid, run_jobs: Callable[[], int], anna: int) -> None:
    found = paid()
    ask(found, "10")
    run_jobs()
    ask(found)
    run_jobs()
    first, second = facts("payment_refunded")
    assert '"amount_minor":1000,"currency":"USD","whole":false' in first
    assert '"amount_minor":1900,"currency":"USD","whole":true' in second
    assert f'"user_id":{anna}' in first


def test_a_partial_refund_keeps_access_and_the_rest_takes_it(paid: Paid, run_jobs: Callable[[], int], anna: int) -> None:
    found = paid()
    ask(found, "28.99")
    run_jobs()
    assert (status(found), enrolled(anna)) == ("partly_refunded", ["basic"])
    ask(found, "0.01")
    run_jobs()
    assert (status(found), enrolled(anna)) == ("refunded", [])


def test_the_webhook_of_our_own_refund_does_not_double_it(paid: Paid, shop: ShopService, run_jobs: Callable[[], int]) -> None:
    found = paid()
    ask(found, "10")
    run_jobs()
    for number in range(3):
        settling.look(found, f"webhook {number}")
    assert refunds(found) == [("completed", 1000)]
    assert ledger(found) == [("charge", 2900), ("refund", -1000)]
    assert len(facts("payment_refunded")) == 1


def test_the_webhook_may_be_quicker_than_the_answer(paid: Paid, shop: ShopService, monkeypatch: pytest.MonkeyPatch) -> None:
    found = paid()
    refund_id = ask(found)
    answer = Shop.refund

    def slow(self: Shop, *asked: Any) -> RefundSnapshot:
        made = answer(self, *asked)
        settling.look(found, "webhook 2")
        return made

    monkeypatch.setattr(Shop, "refund", slow)
    assert refunding.send_refund(refund_id) == "completed"
    assert (refunds(found), len(facts("payment_refunded"))) == ([("completed", 2900)], 1)


def test_a_service_that_keeps_no_id_of_ours_does_not_double_it_either(
    paid: Paid, shop: ShopService, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = paid()
    refund_id = ask(found, "10")
    answer = Shop.refund

    def forgetful(self: Shop, *asked: Any) -> RefundSnapshot:
        made = answer(self, *asked)
        paid_there = shop.find(reference_of(found))
        paid_there.refunds = [replace(one, refund_id=None) for one in paid_there.refunds]
        settling.look(found, "webhook 2")
        return replace(made, refund_id=None)

    monkeypatch.setattr(Shop, "refund", forgetful)
    refunding.send_refund(refund_id)
    settling.look(found, "webhook 3")
    assert refunds(found) == [("completed", 1000)]


@pytest.mark.parametrize("lost", ["down", "broken_after"])
def test_a_lost_answer_is_asked_for_with_the_same_key_until_it_is_known(
    paid: Paid, shop: ShopService, run_jobs: Callable[[], int], frozen_clock: Clock, lost: str
) -> None:
    found = paid()
    refund_id = ask(found)
    setattr(shop, lost, {"refund"})
    for _ in range(3):
        run_jobs()
        frozen_clock.advance(120)
    assert refunds(found) == [("asking", 2900)]
    assert len(rules(found, "down")) == 1
    setattr(shop, lost, set())
    run_jobs()
    assert status(found) == "refunded"
    assert len(shop.called("refund")) > 2
    assert set(shop.called("refund")) == {refund_id}
    assert len(shop.find(reference_of(found)).refunds) == 1


def test_a_refund_whose_job_is_lost_is_found_by_reconcile(paid: Paid, shop: ShopService, frozen_clock: Clock) -> None:
    from studium.plugins.payments.reconcile import reconcile

    found = paid()
    ask(found)
    frozen_clock.advance(3601)
    assert reconcile().refunds == 1
    assert status(found) == "refunded"


def test_a_pending_refund_counts_only_when_it_is_done(
    paid: Paid, shop: ShopService, run_jobs: Callable[[], int], anna: int, frozen_clock: Clock
) -> None:
    from studium.plugins.payments.reconcile import reconcile

    found = paid()
    shop.refunds_pend = True
    ask(found)
    run_jobs()
    assert (status(found), refunds(found), enrolled(anna)) == ("completed", [("pending", 2900)], ["basic"])
    (made,) = shop.find(reference_of(found)).refunds
    shop.send_back(reference_of(found), made.id, "completed")
    reconcile()
    assert (status(found), refunds(found), enrolled(anna)) == ("refunded", [("completed", 2900)], [])


def test_a_refund_that_the_bank_sends_back_restores_access_and_raises_the_alarm(
    paid: Paid, shop: ShopService, run_jobs: Callable[[], int], anna: int, log_lines: list[Any]
) -> None:
    found = paid()
    ask(found)
    run_jobs()
    assert enrolled(anna) == []
    (made,) = shop.find(reference_of(found)).refunds
    shop.send_back(reference_of(found), made.id)
    settling.look(found, "webhook 2")
    assert (status(found), refunds(found), enrolled(anna)) == ("completed", [("failed", 2900)], ["basic"])
    assert ledger(found) == [("charge", 2900), ("refund", -2900), ("refund_failed", 2900)]
    assert (row_of(found)["problem"], row_of(found)["refunded_minor"]) == ("refund-failed", 0)
    assert "refund_failed" in [line["event"] for line in log_lines]
    shop.send_back(reference_of(found), made.id, "completed")
    settling.look(found, "webhook 3")
    assert (status(found), refunds(found), enrolled(anna)) == ("refunded", [("completed", 2900)], []), "what the provider says now counts"
    assert sum(amount for _, amount in ledger(found)) == 0
    assert row_of(found)["problem"] is None
    shop.send_back(reference_of(found), made.id)
    settling.look(found, "webhook 4")
    assert ledger(found)[-2:] == [("refund", -2900), ("refund_failed", 2900)]
    assert sum(amount for _, amount in ledger(found)) == 2900
    ask(found)
    run_jobs()
    assert (status(found), row_of(found)["problem"]) == ("refunded", None)


def test_a_refund_that_the_provider_refuses_is_said_and_changes_nothing(
    paid: Paid, shop: ShopService, run_jobs: Callable[[], int], anna: int
) -> None:
    found = paid()
    shop.refuse = {"refund": "insufficient_funds"}
    ask(found)
    run_jobs()
    run_jobs()
    assert (status(found), refunds(found), enrolled(anna)) == ("completed", [("failed", 2900)], ["basic"])
    assert row_of(found)["problem"] == "refund-failed"
    assert len(shop.called("refund")) == 1
    with reading():
        assert "insufficient_funds" in (Refund.get(payment_id=found).last_error or "")


def test_a_refund_made_on_the_providers_pages_appears_and_closes_the_course(paid: Paid, shop: ShopService, anna: int) -> None:
    found = paid()
    shop.give_back(reference_of(found), usd("9"))
    settling.look(found, "webhook 2")
    assert (status(found), refunds(found), enrolled(anna)) == ("partly_refunded", [("completed", 900)], ["basic"])
    shop.give_back(reference_of(found), usd("20"))
    settling.look(found, "sweep")
    assert (status(found), refunds(found), enrolled(anna)) == ("refunded", [("completed", 900), ("completed", 2000)], [])
    with reading():
        assert {row.by for row in Refund.select()} == {"made at the provider (shop)"}


def test_money_that_came_and_went_between_two_looks_is_booked_both_ways(begun: Begun, shop: ShopService, anna: int) -> None:
    found = begun()
    shop.pay(reference_of(found))
    shop.give_back(reference_of(found), usd("29"))
    settling.look(found, "sweep")
    assert (status(found), enrolled(anna)) == ("refunded", [])
    assert [row[2] for row in audit(found, "moved")] == ["pending", "completed", "refunded"]
    assert ledger(found) == [("charge", 2900), ("refund", -2900)]


@pytest.mark.parametrize(("amount", "told"), [
    (Money("29.01", "USD"), "29.00 USD are left"), (Money("0", "USD"), "cannot be given back"),
    (Money("-1", "USD"), "cannot be given back"),
    (Money("5", "EUR"), "in USD"), (Money("9999999", "USD"), "29.00 USD are left"),
])
def test_amounts_that_cannot_be_are_refused_and_nothing_is_asked(paid: Paid, shop: ShopService, amount: Money, told: str) -> None:
    found = paid()
    with pytest.raises(RefundRefused, match=told):
        ask_refund(found, amount, reason="", by=OLGA)
    assert refunds(found) == []


def test_refunds_under_way_count_against_what_is_left(paid: Paid, run_jobs: Callable[[], int]) -> None:
    found = paid()
    ask(found, "20")
    with pytest.raises(RefundRefused, match=r"9\.00 USD are left"):
        ask(found, "9.01")
    ask(found)
    with pytest.raises(RefundRefused, match=r"0\.00 USD are left"):
        ask(found)
    run_jobs()
    assert refunds(found) == [("completed", 2000), ("completed", 900)]
    with pytest.raises(RefundRefused, match="refunded"):
        ask(found)


def test_more_given_back_than_paid_is_a_problem_for_a_person(paid: Paid, shop: ShopService) -> None:
    found = paid()
    shop.give_back(reference_of(found), usd("29"))
    shop.give_back(reference_of(found), usd("29"))
    settling.look(found, "sweep")
    assert (status(found), row_of(found)["problem"], row_of(found)["refunded_minor"]) == ("refunded", "over-refunded", 5800)


def test_what_is_not_paid_or_unknown_cannot_be_given_back(begun: Begun) -> None:
    with pytest.raises(RefundRefused, match="pending"):
        ask(begun())
    with pytest.raises(UnknownPayment):
        ask("no-such-payment")


def test_the_base_of_a_running_upgrade_is_not_given_back_before_the_upgrade(
    paid: Paid, run_jobs: Callable[[], int], anna: int, begun: Begun, shop: ShopService
) -> None:
    base = paid()
    waiting = begun("vip")
    with pytest.raises(RefundRefused, match="Refund the upgrade first"):
        ask(base)
    shop.pay(reference_of(waiting))
    settling.look(waiting, "webhook 5")
    assert enrolled(anna) == ["basic", "vip"]
    with pytest.raises(RefundRefused, match="Refund the upgrade first"):
        ask(base, "1")
    ask(waiting)
    run_jobs()
    assert enrolled(anna) == ["basic"]
    ask(base)
    run_jobs()
    assert enrolled(anna) == []


def test_a_provider_that_gives_back_the_whole_only_is_not_asked_for_a_part(paid: Paid, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Shop, "meta", replace(Shop.meta, capabilities=Shop.meta.capabilities - {"partial_refund"}))
    found = paid()
    with pytest.raises(RefundRefused, match="whole amount"):
        ask(found, "1")
    ask(found)


def test_a_provider_that_cannot_give_back_or_left_is_said(paid: Paid, monkeypatch: pytest.MonkeyPatch) -> None:
    found = paid()
    monkeypatch.setattr(Shop, "meta", replace(Shop.meta, capabilities=Shop.meta.capabilities - {"refund", "partial_refund"}))
    with pytest.raises(RefundRefused, match="own pages"):
        ask(found)
    with transaction():
        Payment.get(id=found).provider = "gone"
    with pytest.raises(RefundRefused, match="Set it up again"):
        ask(found)


def test_a_refund_of_another_currency_is_not_believed(paid: Paid, shop: ShopService) -> None:
    found = paid()
    shop.give_back(reference_of(found), Money("29", "EUR"))
    settling.look(found, "webhook 2")
    assert (status(found), refunds(found), row_of(found)["problem"]) == ("completed", [], "refund-mismatch")


def test_a_kill_between_the_answer_and_its_row_loses_nothing(
    paid: Paid, shop: ShopService, inside: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = paid()
    refund_id = ask(found)
    with monkeypatch.context() as killed:
        killed.setattr(refunding, "merge_refunds", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            refunding.send_refund(refund_id)
    assert refunds(found) == [("asking", 2900)]
    refunding.send_refund(refund_id)
    assert refunds(found) == [("completed", 2900)]
    assert len(shop.find(reference_of(found)).refunds) == 1
