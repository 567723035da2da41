"""Money that comes outside of the site: a person says that it came, with the amount that they saw."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from studium.plugins.payments.confirming import confirm_offline, reject_offline
from studium.plugins.payments.errors import NotConfirmable, UnknownPayment
from studium.plugins.payments.reconcile import reconcile
from studium.plugins.payments.refunds import ask_refund
from studium.services.money import Money
from tests.conftest import Clock
from tests.plugins.payments.money import Begun, audit, enrolled, ledger, refunds, row_of, rules, status

OLGA = "Olga (user 4)"
PRICE = Money("29", "USD")


def test_confirmed_money_opens_the_course_and_the_audit_says_who_and_what(begun: Begun, anna: int) -> None:
    found = begun(provider="till")
    assert status(found) == "pending"
    assert '"instructions"' in row_of(found)["metadata"]
    assert confirm_offline(found, PRICE, reference_note="statement 7, line 3", by=OLGA).after == "completed"
    assert (enrolled(anna), ledger(found)) == (["basic"], [("charge", 2900)])
    assert rules(found, "confirmed") == ["statement 7, line 3"]
    assert audit(found, "moved")[-1] == ("moved", "pending", "completed", OLGA)
    with pytest.raises(NotConfirmable, match="completed already"):
        confirm_offline(found, PRICE, reference_note="", by=OLGA)


@pytest.mark.parametrize("money", [Money("28.99", "USD"), Money("29", "EUR")])
def test_another_amount_gives_no_access_until_it_is_right(begun: Begun, anna: int, money: Money) -> None:
    found = begun(provider="till")
    assert not confirm_offline(found, money, reference_note="", by=OLGA).moved
    assert (status(found), enrolled(anna)) == ("pending", [])
    assert row_of(found)["problem"] in ("amount-mismatch", "currency-mismatch")
    assert confirm_offline(found, PRICE, reference_note="", by=OLGA).moved


def test_money_that_will_not_come_and_comes_all_the_same(begun: Begun, anna: int) -> None:
    found = begun(provider="till")
    assert reject_offline(found, "Nothing came in four weeks.", OLGA).after == "failed"
    assert row_of(found)["last_error"] == "Nothing came in four weeks."
    with pytest.raises(NotConfirmable, match="failed already"):
        reject_offline(found, "", OLGA)
    assert confirm_offline(found, PRICE, reference_note="", by=OLGA).after == "completed"
    assert enrolled(anna) == ["basic"]


def test_a_provider_that_knows_itself_is_not_overruled(begun: Begun) -> None:
    found = begun()
    for say in (lambda: confirm_offline(found, PRICE, reference_note="", by=OLGA), lambda: reject_offline(found, "", OLGA)):
        with pytest.raises(NotConfirmable, match="knows itself"):
            say()
    with pytest.raises(UnknownPayment):
        reject_offline("none", "", OLGA)


def test_it_expires_by_itself_a_day_after_its_offer_ended(begun: Begun, frozen_clock: Clock) -> None:
    found = begun(provider="till")
    frozen_clock.advance(14 * 86_400)
    reconcile()
    assert status(found) == "pending"
    frozen_clock.advance(86_400 + 60)
    assert reconcile().expired == 1
    assert status(found) == "expired"


def test_what_a_person_gave_back_is_booked_at_once(begun: Begun, anna: int, run_jobs: Callable[[], int]) -> None:
    found = begun(provider="till")
    confirm_offline(found, PRICE, reference_note="", by=OLGA)
    ask_refund(found, None, reason="ill", by=OLGA)
    assert (status(found), refunds(found), enrolled(anna)) == ("refunded", [("completed", 2900)], [])
