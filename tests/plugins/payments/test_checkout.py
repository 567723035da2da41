"""Checkout: one payment for one choice, begun once at the provider, whatever is pressed twice or breaks on the way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import shop as shop_plugin
from flask import Flask

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.core.errors import Problem
from studium.plugins.payments import checkout, reconcile
from studium.plugins.payments.beginning import BeginResult
from studium.plugins.payments.checkout import begin, choices
from studium.plugins.payments.entities import Payment, PaymentEvent
from studium.plugins.payments.errors import UnknownPayment
from studium.plugins.payments.numbers import next_number
from studium.plugins.payments.settling import apply, look
from studium.services.money import Money
from studium.services.providers import RECEIPT, Completed, ProviderMeta, Redirect, Snapshot
from tests.cable_process import Person
from tests.conftest import Clock
from tests.plugins.payments.school import TIERS, Buy, School

Row = Callable[[str], dict[str, Any]]
Begin = Callable[[str], BeginResult]
Shop = shop_plugin.ShopService


@pytest.fixture
def go(app: Flask) -> Begin:
    """`go(payment_id)` is begin()."""

    def do(payment_id: str) -> BeginResult:
        with app.app_context():
            return begin(payment_id)

    return do


def test_a_payment_remembers_what_was_asked_for(school: School, mia: Person, start: Buy, payment: Row, frozen_clock: Clock) -> None:
    row = payment(start(mia, "basic", language="ru"))
    assert row["number"] == f"S-{now().year}-000001"
    assert (row["status"], row["amount_minor"], row["list_minor"], row["currency"]) == ("creating", 2900, 2900, "USD")
    assert row["access_days"] == 180
    assert (row["user_id"], row["tier_id"], row["tier_key"], row["provider"]) == (mia.id, school.tiers["basic"], "basic", "shop")
    assert '"course_title": "Реки"' in row["metadata"] or "\\u0420" in row["metadata"]
    assert row["email"] is None, "nobody needs it"


def test_numbers_go_on_and_begin_anew_each_year(school: School, mia: Person, start: Buy, payment: Row, frozen_clock: Clock) -> None:
    year = now().year
    found = [payment(start(mia, tier))["number"] for tier in TIERS]
    assert found == [f"S-{year}-00000{number}" for number in (1, 2, 3)]
    frozen_clock.advance(366 * 86_400)
    assert payment(start(mia, "basic"))["number"] == f"S-{now().year}-000001"


def test_the_millionth_number_of_a_year_is_followed_by_the_next(app: Flask, school: School, mia: Person, start: Buy) -> None:
    payments = [start(mia, tier) for tier in TIERS]
    with app.app_context(), transaction():
        for payment_id, number in zip(payments, (7, 999_999, 1_000_000), strict=True):
            Payment[payment_id].number = f"S-{now().year}-{number:06}"
    with app.app_context(), transaction():
        assert next_number() == f"S-{now().year}-1000001"


def test_begin_sends_the_buyer_to_the_provider_and_again_to_the_same_place(
    school: School, mia: Person, start: Buy, go: Begin, shop: Shop, payment: Row
) -> None:
    payment_id = start(mia)
    first = go(payment_id)
    assert first.redirect_url == "https://shop.example/pay/cs_1"
    assert go(start(mia)) == first, "a double click, or the back button"
    assert payment(payment_id)["status"] == "pending"
    assert len(shop.called("begin")) == 1
    assert shop.payments["cs_1"].order_id == payment_id


def test_two_people_and_two_tiers_have_payments_of_their_own(school: School, mia: Person, noah: Person, start: Buy) -> None:
    assert len({start(mia, "basic"), start(noah, "basic"), start(mia, "vip"), start(mia, "vip")}) == 3


@pytest.mark.parametrize("changed", [{"currency": "RUB"}, {"provider": "till"}])
def test_another_choice_takes_the_place_of_an_open_payment_which_may_still_be_paid(
    app: Flask, school: School, mia: Person, start: Buy, go: Begin, shop: Shop, payment: Row, watch: Callable[..., bool], changed: Any
) -> None:
    first = start(mia)
    go(first)
    second = start(mia, **changed)
    assert second != first
    assert payment(first)["status"] == "pending"
    assert start(mia) not in (first, second), "the first cannot be gone on with"
    with app.app_context():
        shop.pay(payment(first)["reference"])
        look(first, "webhook 1")
    assert payment(first)["status"] == "completed"
    assert watch(mia, "spring", school)


def test_paid_twice_is_flagged_and_grants_once(
    app: Flask, school: School, mia: Person, start: Buy, buy: Buy, go: Begin, shop: Shop, payment: Row, enrolments: Callable[..., Any]
) -> None:
    first = start(mia)
    go(first)
    second = buy(mia, currency="RUB")
    with app.app_context():
        shop.pay(payment(first)["reference"])
        look(first, "webhook 1")
    assert (payment(first)["status"], payment(first)["problem"]) == ("completed", "paid-twice")
    assert [row["payment_id"] for row in enrolments()] == [second]


def test_a_provider_that_is_down_leaves_the_payment_with_its_key_and_the_next_press_uses_it(
    school: School, mia: Person, start: Buy, go: Begin, shop: Shop, payment: Row
) -> None:
    shop.down = {"begin"}
    payment_id = start(mia)
    assert go(payment_id) == BeginResult(payment_id, None, down=True)
    row = payment(payment_id)
    assert (row["status"], row["last_error"]) == ("creating", "The shop did not answer (begin).")
    assert row["next_check_at"] is not None
    shop.down = set()
    assert go(start(mia)).redirect_url == "https://shop.example/pay/cs_1"
    assert shop.called("begin") == [row["attempt_key"]] * 2
    assert payment(payment_id)["last_error"] is None


def test_an_answer_that_was_lost_makes_no_second_payment_at_the_provider(
    school: School, mia: Person, start: Buy, go: Begin, shop: Shop
) -> None:
    shop.broken_after = {"begin"}
    assert go(start(mia)).down
    shop.broken_after = set()
    assert go(start(mia)).redirect_url == "https://shop.example/pay/cs_1"
    assert len(shop.payments) == 1


def test_when_a_webhook_was_quicker_than_the_lost_answer_the_next_press_leads_on(
    app: Flask, school: School, mia: Person, start: Buy, go: Begin, shop: Shop, payment: Row
) -> None:
    shop.broken_after = {"begin"}
    payment_id = start(mia)
    go(payment_id)
    shop.broken_after = set()
    with app.app_context():
        apply(payment_id, Snapshot("pending", Money(29, "USD"), livemode=False, reference="cs_1", order_id=payment_id), "webhook 1")
    assert payment(payment_id)["status"] == "pending"
    assert (start(mia), go(payment_id).redirect_url) == (payment_id, "https://shop.example/pay/cs_1")
    assert len(shop.payments) == 1


def test_a_refusal_to_lead_on_again_does_not_end_what_waits_for_money(
    app: Flask, school: School, mia: Person, start: Buy, go: Begin, shop: Shop, payment: Row
) -> None:
    payment_id = start(mia)
    with app.app_context():
        apply(payment_id, Snapshot("pending", Money(29, "USD"), livemode=False, reference="cs_1", order_id=payment_id), "webhook 1")
    shop.refuse = {"begin": "authentication"}
    assert (go(payment_id).redirect_url, payment(payment_id)["status"]) == (None, "pending")


def test_ten_payments_may_be_open_and_no_more(
    app: Flask, school: School, mia: Person, noah: Person, start: Buy, shop: Shop, payment: Row, frozen_clock: Clock
) -> None:
    made = [start(mia, provider=("shop", "till")[number % 2]) for number in range(10)]
    assert len(set(made)) == 10
    with pytest.raises(Problem) as refused:
        start(mia)
    assert (refused.value.status, refused.value.code) == (409, "too-many-open")
    assert start(mia, provider="till") == made[-1], "the last one can be gone on with"
    assert start(noah)
    frozen_clock.advance(25 * 3600)
    assert start(mia) not in made


def test_reconcile_begins_what_got_no_answer(
    app: Flask, school: School, mia: Person, start: Buy, go: Begin, shop: Shop, payment: Row, frozen_clock: Clock
) -> None:
    shop.broken_after = {"begin"}
    payment_id = start(mia)
    go(payment_id)
    shop.broken_after = set()
    frozen_clock.advance(120)
    with app.app_context():
        reconcile.reconcile()
    assert payment(payment_id)["status"] == "pending"
    assert len(shop.payments) == 1


def test_a_provider_that_refuses_fails_the_payment_and_a_new_try_is_a_new_payment(
    school: School, mia: Person, start: Buy, go: Begin, shop: Shop, payment: Row
) -> None:
    shop.refuse = {"begin": "blocked"}
    first = start(mia)
    assert go(first) == BeginResult(first, None)
    assert (payment(first)["status"], payment(first)["last_error"]) == ("failed", "The shop said no (begin).")
    shop.refuse = {}
    second = start(mia)
    assert second != first
    assert go(second).redirect_url is not None
    assert len(set(shop.called("begin"))) == 2


def test_a_provider_that_breaks_its_contract_loses_nothing(
    school: School, mia: Person, start: Buy, go: Begin, shop: Shop, payment: Row, monkeypatch: pytest.MonkeyPatch, log_lines: list[Any]
) -> None:
    def begin_badly(*_args: Any) -> Any:
        raise KeyError("session")

    with monkeypatch.context() as patch:
        patch.setattr(shop_plugin.Shop, "begin", begin_badly)
        payment_id = start(mia)
        assert go(payment_id).down
    assert "provider_broke_its_contract" in [line["event"] for line in log_lines]
    assert go(payment_id).redirect_url is not None


@pytest.mark.parametrize("url", [
    "javascript:alert(1)", "data:text/html,x", "//evil.example", "", "https://[x", "https:evil", "https:///x", " https://shop.example/",
    "https://shop.example/\r\nX: y", "https://shop.example/\u0416",
])
def test_a_buyer_is_sent_to_web_addresses_only(
    school: School, mia: Person, start: Buy, go: Begin, payment: Row, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setattr(shop_plugin.Shop, "begin", lambda *_args: Redirect(url, "cs_9"))
    payment_id = start(mia)
    assert go(payment_id).redirect_url is None
    assert payment(payment_id)["status"] == "failed"


def test_the_id_of_another_payment_is_no_answer(
    school: School, mia: Person, noah: Person, start: Buy, go: Begin, payment: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shop_plugin.Shop, "begin", lambda *_args: Redirect("https://shop.example/pay/cs_1", "cs_1"))
    first, second = start(mia), start(noah)
    assert go(first).redirect_url is not None
    assert go(second).redirect_url is None
    assert (payment(first)["status"], payment(second)["status"]) == ("pending", "failed")


def test_what_is_paid_at_once_is_believed_only_when_fetched(
    school: School, mia: Person, start: Buy, go: Begin, shop: Shop, payment: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begin_paid(_self: Any, order: Any, _key: str, _url: str) -> Completed:
        return Completed(shop.make(order.money, order.id).reference)

    monkeypatch.setattr(shop_plugin.Shop, "begin", begin_paid)
    payment_id = start(mia)
    assert go(payment_id) == BeginResult(payment_id, None)
    assert payment(payment_id)["status"] == "pending"
    shop.pay("cs_1")
    other = start(mia, "vip")
    monkeypatch.setattr(shop_plugin.Shop, "begin", lambda _self, order, _key, _url: Completed(
        shop.pay(shop.make(order.money, order.id).reference).reference))
    go(other)
    assert payment(other)["status"] == "completed"


def test_a_way_that_ended_at_the_provider_is_not_offered_again(
    school: School, mia: Person, start: Buy, go: Begin, shop: Shop, payment: Row, frozen_clock: Clock
) -> None:
    payment_id = start(mia)
    go(payment_id)
    shop.fail("cs_1")
    frozen_clock.advance(3600)
    assert go(payment_id).redirect_url is None
    assert payment(payment_id)["status"] == "failed"
    assert go(start(mia)).redirect_url == "https://shop.example/pay/cs_2"


def test_an_old_way_is_still_taken_when_the_provider_cannot_be_asked(
    school: School, mia: Person, start: Buy, go: Begin, shop: Shop, frozen_clock: Clock
) -> None:
    payment_id = start(mia)
    first = go(payment_id)
    frozen_clock.advance(3600)
    shop.down = {"fetch"}
    assert go(payment_id) == first


def test_an_offer_that_ran_out_makes_room_for_a_new_one(
    school: School, mia: Person, start: Buy, go: Begin, payment: Row, frozen_clock: Clock
) -> None:
    first = start(mia)
    go(first)
    frozen_clock.advance(25 * 3600)
    second = start(mia)
    assert second != first
    assert payment(first)["open_key"] is None


def test_an_offline_provider_gives_instructions_and_two_weeks(school: School, mia: Person, start: Buy, go: Begin, payment: Row) -> None:
    payment_id = start(mia, provider="till")
    assert go(payment_id) == BeginResult(payment_id, None)
    row = payment(payment_id)
    assert row["status"] == "pending"
    assert "Bring the money." in row["metadata"]
    assert row["expires_at"] - now() > timedelta(days=13)


def test_an_upgrade_is_asked_for_with_what_it_stands_on(
    school: School, mia: Person, start: Buy, buy: Buy, payment: Row, enrolments: Callable[..., Any]
) -> None:
    buy(mia, "basic")
    row = payment(start(mia, "accelerator"))
    assert (row["amount_minor"], row["credit_minor"], row["upgrade_of"]) == (4000, 2900, enrolments()[0]["id"])


@pytest.mark.parametrize(("asked", "status", "code"), [
    ({"course": "unknown"}, 404, "not-found"), ({"tier": "unknown"}, 404, "not-found"), ({"tier": ""}, 404, "not-found"),
    ({"provider": "unknown"}, 422, "unknown-provider"), ({"provider": "free"}, 422, "unknown-provider"),
    ({"provider": None}, 422, "provider-needed"), ({"currency": "EUR"}, 422, "unknown-currency"),
    ({"currency": "usd"}, 422, "unknown-currency"), ({"currency": "-1"}, 422, "unknown-currency"),
    ({"coupon": "NOPE"}, 422, "coupon-unknown"), ({"provider": "x" * 10_000}, 422, "unknown-provider"),
])
def test_a_wrong_choice_is_refused_and_leaves_nothing(
    app: Flask, school: School, mia: Person, start: Buy, asked: dict[str, Any], status: int, code: str
) -> None:
    with pytest.raises(Problem) as refused:
        start(mia, asked.pop("tier", "basic"), **asked)
    assert (refused.value.status, refused.value.code) == (status, code)
    with app.app_context(), reading():
        assert Payment.select().count() == 0


def test_what_has_one_choice_need_not_be_chosen(
    app: Flask, plant: Callable[..., School], school: School, mia: Person, start: Buy, payment: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(tiers={"basic": {"prices": {"RUB": "2900.00"}}})
    monkeypatch.setattr(shop_plugin.Till, "is_available", lambda *_args: False)
    with app.app_context():
        offered = [found.meta.code for found in choices(mia.id, "rivers", "basic").providers if found.meta.code in ("shop", "till")]
    assert offered == ["shop"]
    row = payment(start(mia, currency=None))
    assert (row["currency"], row["provider"]) == ("RUB", "shop")


def test_nobody_who_takes_the_amount_is_said_so(
    school: School, mia: Person, start: Buy, monkeypatch: pytest.MonkeyPatch, app: Flask
) -> None:
    monkeypatch.setattr(checkout, "providers", dict)
    with pytest.raises(Problem) as refused:
        start(mia)
    assert (refused.value.status, refused.value.code) == (503, "no-provider")


def test_a_provider_that_cannot_say_whether_it_is_available_is_not_offered(
    app: Flask, school: School, mia: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: Any) -> bool:
        raise ZeroDivisionError

    monkeypatch.setattr(shop_plugin.Shop, "is_available", broken)
    with app.app_context():
        offered = [found.meta.code for found in choices(mia.id, "rivers", "basic").providers]
    assert "shop" not in offered
    assert "till" in offered


@pytest.mark.parametrize("email", [None, "", "anna", "anna@", "@x.example", "a b@x.example", "anna@example", "a" * 300 + "@x.example"])
def test_a_receipt_needs_an_address(
    school: School, mia: Person, start: Buy, payment: Row, monkeypatch: pytest.MonkeyPatch, email: str | None
) -> None:
    monkeypatch.setattr(shop_plugin.Shop, "meta", ProviderMeta("shop", "Shop", capabilities=frozenset({RECEIPT})))
    with pytest.raises(Problem) as refused:
        start(mia, email=email)
    assert (refused.value.code, refused.value.extra["errors"][0]["field"]) == ("email-needed", "email")
    assert payment(start(mia, email=" anna@example.org "))["email"] == "anna@example.org"


def test_a_free_tier_has_nothing_to_pay(plant: Callable[..., School], school: School, mia: Person, start: Buy) -> None:
    plant(tiers={"guest": {"prices": {"USD": "0.00"}}} | TIERS)
    with pytest.raises(Problem) as refused:
        start(mia, "guest")
    assert refused.value.code == "tier-free"


def test_an_unknown_payment_cannot_be_begun(go: Begin) -> None:
    with pytest.raises(UnknownPayment):
        go("nothing")


def test_every_step_is_in_the_audit(app: Flask, school: School, mia: Person, buy: Buy) -> None:
    payment_id = buy(mia)
    with app.app_context(), reading():
        events = [row.event for row in sorted(PaymentEvent.select(payment_id=payment_id), key=lambda row: row.id)]
    assert events[0] == "created"
    assert "grant" in events


def test_two_requests_at_once_make_one_payment_and_ask_with_one_key(
    app: Flask, school: School, mia: Person, start: Buy, shop: Shop
) -> None:
    found: list[tuple[str, BeginResult]] = []
    gate = threading.Barrier(8)

    def press() -> None:
        gate.wait()
        payment_id = start(mia)
        with app.app_context():
            found.append((payment_id, begin(payment_id)))

    threads = [threading.Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len({payment_id for payment_id, _ in found}) == 1
    assert {result.redirect_url for _, result in found} == {"https://shop.example/pay/cs_1"}
    assert len(set(shop.called("begin"))) == 1


def test_the_refusal_of_a_provider_is_not_asked_again(school: School, mia: Person, start: Buy, go: Begin, shop: Shop) -> None:
    shop.refuse = {"begin": "blocked"}
    payment_id = start(mia)
    go(payment_id)
    go(payment_id)
    assert len(shop.called("begin")) == 1
