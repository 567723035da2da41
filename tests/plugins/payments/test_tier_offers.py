"""How tiers stand for visitors, students, and those who have one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from studium.core import database
from studium.core.runtime import runtime
from studium.plugins.payments import granting, tier_offers
from studium.plugins.payments.checkout import begin
from studium.services.money import Money
from studium.services.providers import ProviderMeta
from studium.services.sales import TierOffer, find_tier_offers
from tests.cable_process import Person
from tests.conftest import Clock
from tests.plugins.payments.school import TIERS, Buy, School

Offers = Callable[..., dict[str, TierOffer]]


@pytest.fixture
def offers(app: Flask, school: School) -> Offers:
    """`offers(mia)`: by tier key; None for a visitor."""

    def do(person: Person | None = None, of: School = school) -> dict[str, TierOffer]:
        with app.app_context():
            found: Mapping[int, TierOffer] = find_tier_offers(person.id if person else None, of.course)
        return {key: found[tier_id] for key, tier_id in of.tiers.items() if tier_id in found}

    return do


def test_hook_find_tier_offers_shows_a_visitor_all_prices(app: Flask, school: School, offers: Offers) -> None:
    found = offers()
    assert [offer.state for offer in found.values()] == ["buy", "buy", "buy"]
    assert found["basic"].prices == (Money(2900, "RUB"), Money(29, "USD"))
    assert found["basic"].url == "/checkout/rivers/basic"
    with app.app_context():
        assert runtime().hooks.find_tier_offers(user_id=None, course_id=999_999) is None


def test_who_has_a_tier_sees_it_the_lower_ones_and_the_difference_to_the_higher_ones(
    school: School, mia: Person, offers: Offers, buy: Buy, frozen_clock: Clock
) -> None:
    buy(mia, "basic")
    buy(mia, "accelerator")
    found = offers(mia)
    assert [offer.state for offer in found.values()] == ["included", "owned", "upgrade"]
    assert found["vip"].prices == (Money(180, "USD"),)
    assert (found["accelerator"].url, found["accelerator"].expires_at is not None) == (None, True)


def test_what_was_given_counts_no_money(app: Flask, school: School, mia: Person, offers: Offers) -> None:
    with app.app_context():
        granting.grant_by_hand(mia.id, school.course, school.tiers["basic"], days=None, reason="a gift", by="Olga")
    assert offers(mia)["vip"].prices == (Money(24_900, "RUB"), Money(249, "USD"))
    assert offers(mia)["vip"].state == "upgrade"


def test_a_payment_that_the_provider_knows_of_is_shown_until_it_runs_out(
    app: Flask, school: School, mia: Person, noah: Person, offers: Offers, start: Buy, frozen_clock: Clock
) -> None:
    payment_id = start(mia, "vip")
    assert offers(mia)["vip"].state == "buy"
    with app.app_context():
        begin(payment_id)
    assert (offers(mia)["vip"].state, offers(mia)["vip"].url) == ("pending", f"/payments/{payment_id}")
    assert offers(mia)["basic"].state == "buy"
    assert offers(noah)["vip"].state == "buy"
    frozen_clock.advance(25 * 3600)
    assert offers(mia)["vip"].state == "buy"


def test_what_has_ended_is_sold_again(school: School, mia: Person, offers: Offers, buy: Buy, frozen_clock: Clock) -> None:
    buy(mia, "basic")
    frozen_clock.advance(181 * 86_400)
    assert offers(mia)["basic"].state == "buy"


def test_a_free_tier_has_no_prices_and_a_course_without_tiers_no_offers(plant: Callable[..., School], offers: Offers) -> None:
    free = plant(tiers={"guest": {"prices": {"USD": "0.00"}}} | TIERS)
    assert (offers(of=free)["guest"].prices, offers(of=free)["guest"].url) == ((), "/checkout/rivers/guest")
    assert offers(of=plant(tiers={}, slug="lakes")) == {}


def test_without_a_provider_nothing_can_be_bought(school: School, offers: Offers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tier_offers, "providers", dict)
    assert [offer.url for offer in offers().values()] == [None, None, None]


def test_more_tiers_cost_no_more_queries(
    app: Flask, plant: Callable[..., School], mia: Person, buy: Buy, offers: Offers, monkeypatch: pytest.MonkeyPatch
) -> None:
    buy(mia, "basic")
    few = count(monkeypatch, lambda: offers(mia))
    many = TIERS | {f"more-{number}": {"prices": {"USD": "300.00"}} for number in range(20)}
    school = plant(tiers=many)
    offers(mia, school)
    assert 0 < count(monkeypatch, lambda: offers(mia, school)) <= few


def test_a_currency_that_no_provider_takes_cannot_be_paid(school: School, offers: Offers, monkeypatch: pytest.MonkeyPatch) -> None:
    yen = SimpleNamespace(meta=ProviderMeta("yen", "Yen", currencies=frozenset({"JPY"})))
    monkeypatch.setattr(tier_offers, "providers", lambda: {"yen": yen})
    assert offers()["basic"].url is None

def count(monkeypatch: pytest.MonkeyPatch, ask: Callable[[], Any]) -> int:
    """Statements that the question costs, once the course is in the process's memory."""
    ask()
    seen: list[str] = []
    original: Any = database.db._exec_sql

    def record(sql: str, *args: Any, **kwargs: Any) -> Any:
        seen.append(sql)
        return original(sql, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(database.db, "_exec_sql", record)
        ask()
    return len(seen)

