"""Disputes: access rests while one is open, comes back when it is won, and is gone when it is lost; told by providers or by a person."""

from __future__ import annotations

import pytest
from shop import ShopService

from studium.plugins.payments import settling
from studium.plugins.payments.confirming import confirm_offline
from studium.plugins.payments.disputes import mark_dispute
from studium.plugins.payments.errors import NotConfirmable, UnknownPayment
from studium.services.money import Money
from tests.plugins.payments.money import Begun, audit, enrolled, facts, ledger, reference_of, row_of, status

OLGA = "Olga (user 4)"


@pytest.fixture
def paid(begun: Begun, shop: ShopService) -> str:
    found = begun()
    shop.pay(reference_of(found))
    settling.look(found, "webhook 1")
    return found


@pytest.fixture
def cash(begun: Begun) -> str:
    found = begun(provider="till")
    confirm_offline(found, Money("29", "USD"), reference_note="envelope", by=OLGA)
    return found


def test_hook_payment_disputed_tells_of_opening_and_end_and_access_follows(paid: str, shop: ShopService, anna: int) -> None:
    shop.dispute(reference_of(paid))
    for number in (2, 3):
        settling.look(paid, f"webhook {number}")
    assert (status(paid), enrolled(anna)) == ("disputed", [])
    assert ledger(paid) == [("charge", 2900), ("dispute", -2900)]
    shop.dispute(reference_of(paid), "won")
    settling.look(paid, "webhook 4")
    assert (status(paid), enrolled(anna)) == ("completed", ["basic"])
    assert ledger(paid)[-1] == ("dispute_won", 2900)
    opened, won = facts("payment_disputed")
    assert '"state":"open"' in opened
    assert '"state":"won"' in won


def test_a_lost_dispute_is_money_gone_and_a_second_one_may_follow_a_won_one(paid: str, shop: ShopService, anna: int) -> None:
    for state in ("open", "won", "open", "lost"):
        shop.dispute(reference_of(paid), state)
        settling.look(paid, f"webhook {state}")
    assert (status(paid), enrolled(anna), row_of(paid)["refunded_minor"]) == ("refunded", [], 2900)
    assert [row[0] for row in ledger(paid)] == ["charge", "dispute", "dispute_won", "dispute", "dispute_lost"]
    assert sum(row[1] for row in ledger(paid)) == 0
    settling.look(paid, "sweep")
    assert status(paid) == "refunded"
    assert len(facts("payment_disputed")) == 4


def test_a_dispute_that_was_lost_before_anybody_looked_is_booked_both_ways(paid: str, shop: ShopService, anna: int) -> None:
    shop.dispute(reference_of(paid), "lost")
    settling.look(paid, "sweep")
    assert (status(paid), enrolled(anna)) == ("refunded", [])
    assert [row[2] for row in audit(paid, "moved")] == ["pending", "completed", "disputed", "refunded"]


def test_after_a_part_was_given_back_the_dispute_is_about_the_rest(paid: str, shop: ShopService, anna: int) -> None:
    shop.give_back(reference_of(paid), Money("9", "USD"))
    shop.dispute(reference_of(paid))
    settling.look(paid, "webhook 2")
    assert ledger(paid)[-1] == ("dispute", -2000)
    shop.dispute(reference_of(paid), "won")
    settling.look(paid, "webhook 3")
    assert (status(paid), enrolled(anna)) == ("partly_refunded", ["basic"])


def test_a_refund_while_the_dispute_is_open_ends_it(paid: str, shop: ShopService, anna: int) -> None:
    shop.dispute(reference_of(paid))
    settling.look(paid, "webhook 2")
    shop.give_back(reference_of(paid), Money("29", "USD"))
    settling.look(paid, "webhook 3")
    assert (status(paid), enrolled(anna)) == ("refunded", [])


def test_a_dispute_of_what_was_given_back_is_a_problem_for_a_person(paid: str, shop: ShopService) -> None:
    shop.give_back(reference_of(paid), Money("29", "USD"))
    settling.look(paid, "webhook 2")
    shop.dispute(reference_of(paid))
    settling.look(paid, "webhook 3")
    assert (status(paid), row_of(paid)["problem"]) == ("refunded", "disputed-after-refund")


@pytest.mark.parametrize(("end", "after", "tiers"), [("won", "completed", ["basic"]), ("lost", "refunded", [])])
def test_a_person_tells_of_the_dispute_where_the_provider_does_not(cash: str, anna: int, end: str, after: str, tiers: list[str]) -> None:
    applied = mark_dispute(cash, "open", reason="a letter of the bank", by=OLGA)
    assert (applied.after, applied.moved, enrolled(anna)) == ("disputed", True, [])
    assert mark_dispute(cash, end, reason="another letter", by=OLGA).after == after  # type: ignore[arg-type]
    assert enrolled(anna) == tiers
    assert ("dispute", "", "", OLGA) in audit(cash)


def test_a_provider_that_tells_of_disputes_is_not_overruled(paid: str) -> None:
    with pytest.raises(NotConfirmable, match="tells of disputes itself"):
        mark_dispute(paid, "open", reason="", by=OLGA)


def test_what_the_state_does_not_allow_is_refused(cash: str) -> None:
    with pytest.raises(NotConfirmable, match="cannot be won"):
        mark_dispute(cash, "won", reason="", by=OLGA)
    with pytest.raises(UnknownPayment):
        mark_dispute("none", "open", reason="", by=OLGA)
