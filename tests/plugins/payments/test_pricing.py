"""What a tier costs one person: the exact difference, never below zero."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from shop import Shop as ShopProvider
from shop import ShopService

from studium.core.database import transaction
from studium.core.errors import Problem
from studium.plugins.payments import granting, refunds
from studium.plugins.payments.entities import Payment
from studium.plugins.payments.offers import find_offer
from studium.plugins.payments.pricing import Quote, choose_currency, currencies, quote
from studium.services.money import Money
from tests.cable_process import Person
from tests.conftest import Clock
from tests.plugins.payments.school import TIERS, Buy, School

Ask = Callable[..., Quote]


@pytest.fixture
def ask(app: Flask) -> Ask:
    """`ask(mia, "vip", "USD", coupon=None)`."""

    def do(person: Person, tier: str, currency: str = "USD", coupon: str | None = None) -> Quote:
        with app.app_context():
            return quote(person.id, *find_offer("rivers", tier, "en"), currency, coupon)

    return do


def test_a_new_student_pays_the_list_price(school: School, mia: Person, ask: Ask) -> None:
    found = ask(mia, "basic")
    assert (found.list_price, found.credit, found.discount, found.total) == (*usd(29, 0, 0, 29),)
    assert found.upgrade_of is None


def test_an_upgrade_costs_the_exact_difference(school: School, mia: Person, ask: Ask, buy: Buy) -> None:
    buy(mia, "basic")
    found = ask(mia, "accelerator")
    assert (found.list_price, found.credit, found.total) == (*usd(69, 29, 40),)
    buy(mia, "accelerator")
    assert ask(mia, "vip").total == Money(180, "USD"), "what the whole chain of upgrades cost is taken off"


def test_what_was_given_takes_nothing_off_and_what_is_bought_then_does_not_stand_on_it(
    app: Flask, school: School, mia: Person, ask: Ask, buy: Buy, watch: Callable[..., bool]
) -> None:
    with app.app_context():
        gift = granting.grant_by_hand(mia.id, school.course, school.tiers["basic"], days=None, reason="a gift", by="Olga")
    assert (ask(mia, "accelerator").total, ask(mia, "accelerator").upgrade_of) == (Money(69, "USD"), None)
    buy(mia, "accelerator")
    with app.app_context():
        granting.revoke_enrolment(gift, reason="a mistake", by="Olga")
    assert watch(mia, "delta", school)


def test_what_was_refunded_counts_no_more(app: Flask, school: School, mia: Person, ask: Ask, buy: Buy) -> None:
    payment_id = buy(mia, "basic")
    with app.app_context(), transaction():
        Payment[payment_id].set(refunded_minor=1000, status="partly_refunded")
    assert ask(mia, "accelerator").credit == Money(19, "USD")


def test_what_has_ended_counts_no_more(school: School, mia: Person, ask: Ask, buy: Buy, frozen_clock: Clock) -> None:
    buy(mia, "basic")
    frozen_clock.advance(181 * 86_400)
    assert ask(mia, "accelerator").total == Money(69, "USD")


def test_an_upgrade_after_the_base_of_a_chain_ended_still_counts_all_of_it(
    school: School, mia: Person, ask: Ask, buy: Buy, frozen_clock: Clock
) -> None:
    buy(mia, "basic")
    buy(mia, "accelerator")
    frozen_clock.advance(181 * 86_400)
    assert ask(mia, "vip").total == Money(180, "USD"), "accelerator runs, and 69 were paid for it"


def test_who_upgrades_pays_in_the_currency_that_counts(app: Flask, school: School, mia: Person, ask: Ask, buy: Buy) -> None:
    buy(mia, "basic", currency="RUB")
    with app.app_context():
        assert currencies(mia.id, *find_offer("rivers", "vip", "en")) == ("RUB",)
    assert ask(mia, "vip", "RUB").total == Money(22_000, "RUB")
    with pytest.raises(Problem) as refused:
        ask(mia, "vip", "USD")
    assert refused.value.code == "unknown-currency"


def test_it_is_never_below_zero(app: Flask, plant: Callable[..., School], mia: Person, ask: Ask, buy: Buy, school: School) -> None:
    buy(mia, "basic")
    plant(tiers=TIERS | {"vip": {"prices": {"USD": "10.00"}}})
    assert (ask(mia, "vip").credit, ask(mia, "vip").total) == (*usd(10, 0),)


@pytest.mark.parametrize(("have", "want", "code"), [
    ("basic", "basic", "tier-owned"), ("vip", "basic", "tier-included"), ("vip", "vip", "tier-owned"),
])
def test_what_one_has_is_not_sold_again(school: School, mia: Person, ask: Ask, buy: Buy, have: str, want: str, code: str) -> None:
    buy(mia, have)
    with pytest.raises(Problem) as refused:
        ask(mia, want)
    assert (refused.value.status, refused.value.code) == (409, code)


def test_the_reader_s_usual_currency_comes_first() -> None:
    assert choose_currency(("USD", "RUB"), "ru") == "RUB"
    assert choose_currency(("USD", "RUB"), "en") == "USD"
    assert choose_currency(("EUR",), "ru") == "EUR"


def usd(*amounts: Any) -> tuple[Money, ...]:
    return tuple(Money(amount, "USD") for amount in amounts)


def test_money_that_is_on_its_way_back_is_no_credit(
    app: Flask, school: School, mia: Person, ask: Ask, buy: Buy, shop: ShopService, run_jobs: Callable[[], int]
) -> None:
    base = buy(mia, "basic")
    shop.refunds_pend = True
    with app.app_context():
        refunds.ask_refund(base, Money("9.00", "USD"), reason="late", by="Olga")
    assert ask(mia, "vip").credit == Money(20, "USD"), "asked for"
    run_jobs()
    assert ask(mia, "vip").credit == Money(20, "USD"), "under way at the provider"
    with app.app_context():
        refunds.ask_refund(base, None, reason="all of it", by="Olga")
    assert (ask(mia, "vip").credit, ask(mia, "vip").upgrade_of) == (Money(0, "USD"), None)


def test_money_of_the_other_mode_is_no_credit(
    app: Flask, school: School, mia: Person, ask: Ask, buy: Buy, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = buy(mia, "basic")
    monkeypatch.setattr(ShopProvider, "livemode", True)
    assert ask(mia, "vip").credit == Money(0, "USD"), "play money takes nothing off a real price"
    with app.app_context(), transaction():
        Payment[base].livemode = True
    assert ask(mia, "vip").credit == Money(29, "USD")


def test_a_gift_in_between_does_not_hide_what_was_paid(app: Flask, school: School, mia: Person, ask: Ask, buy: Buy) -> None:
    buy(mia, "basic")
    with app.app_context():
        granting.grant_by_hand(mia.id, school.course, school.tiers["accelerator"], days=30, reason="a gift", by="Olga")
    assert ask(mia, "vip").credit == Money(29, "USD")
