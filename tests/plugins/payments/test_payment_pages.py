"""The page of a payment in each of its states, and who may see it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from shop import ShopService

from studium.core.database import transaction
from studium.plugins.payments import checkout, refunds, settling
from studium.plugins.payments.entities import Payment
from studium.services.cache import cache
from studium.services.money import Money
from tests.cable_process import Person
from tests.conftest import Clock
from tests.plugins.payments.pages import HTML, Run, post, words
from tests.plugins.payments.school import Buy

Page = Callable[[str], str]


@pytest.fixture
def page(mia: Person) -> Page:
    """`page(payment_id)`: what Mia reads."""

    def do(payment_id: str) -> str:
        answer = mia.client.get(f"/payments/{payment_id}", headers=HTML)
        assert answer.status_code == 200
        return words(answer)

    return do


@pytest.fixture
def waiting(app: Flask, mia: Person, start: Buy) -> str:
    """A payment that waits at the shop."""
    payment_id = start(mia)
    with app.app_context():
        checkout.begin(payment_id)
    return payment_id


def reference(app: Flask, payment_id: str) -> str:
    with app.app_context(), transaction():
        return str(Payment[payment_id].reference)


def test_coming_back_asks_the_provider_so_that_a_lost_webhook_is_no_harm(
    app: Flask, shop: ShopService, waiting: str, page: Page, run_jobs: Run
) -> None:
    assert "Waiting for your payment" in page(waiting)
    run_jobs()
    shop.pay(reference(app, waiting))
    with app.app_context():
        cache().clear()  # as if some seconds had passed
    page(waiting)
    run_jobs()
    assert "It is paid. Thank you! Rivers is yours until" in page(waiting)


def test_however_often_the_page_is_opened_the_provider_is_asked_once_in_a_while(
    shop: ShopService, waiting: str, page: Page, run_jobs: Run
) -> None:
    for _ in range(5):
        page(waiting)
        run_jobs()
    assert len(shop.called("fetch")) == 1


def test_opening_the_page_never_waits_for_the_provider(shop: ShopService, waiting: str, page: Page) -> None:
    page(waiting)
    assert shop.called("fetch") == []


def test_without_scripts_the_waiting_page_looks_again_by_itself_and_a_settled_one_rests(mia: Person, waiting: str, buy: Buy) -> None:
    refresh = '<noscript><meta http-equiv="refresh"'
    assert refresh in mia.client.get(f"/payments/{waiting}", headers=HTML).text
    assert refresh not in mia.client.get(f"/payments/{buy(mia, 'vip')}", headers=HTML).text


def test_the_way_on_leads_to_the_same_page_of_the_provider(mia: Person, waiting: str) -> None:
    assert post(mia.client, f"/payments/{waiting}/continue").headers["Location"] == "https://shop.example/pay/cs_1"


def test_a_settled_payment_leads_nowhere(mia: Person, buy: Buy) -> None:
    payment_id = buy(mia)
    assert post(mia.client, f"/payments/{payment_id}/continue").headers["Location"] == f"/payments/{payment_id}"


@pytest.mark.parametrize(("happens", "said"), [("fail", "The payment did not go through"), ("expire", "The time to pay ran out")])
def test_what_failed_can_be_tried_again(app: Flask, shop: ShopService, mia: Person, waiting: str, happens: str, said: str) -> None:
    getattr(shop, happens)(reference(app, waiting))
    with app.app_context():
        settling.look(waiting, "the test")
    answer = mia.client.get(f"/payments/{waiting}", headers=HTML)
    assert said in words(answer)
    assert "Nothing was charged" in words(answer)
    assert 'href="/checkout/rivers/basic?currency=USD&amp;provider=shop"' in answer.text


def test_the_reason_that_a_provider_gives_to_the_owner_is_not_shown(app: Flask, shop: ShopService, waiting: str, page: Page) -> None:
    shop.fail(reference(app, waiting), "do_not_honor: fraud suspected")
    with app.app_context():
        settling.look(waiting, "the test")
    assert "fraud" not in page(waiting)


def test_a_transfer_shows_what_to_write_with_a_button_that_copies(app: Flask, mia: Person, start: Buy) -> None:
    payment_id = start(mia, provider="till")
    with app.app_context():
        checkout.begin(payment_id)
    answer = mia.client.get(f"/payments/{payment_id}", headers=HTML)
    assert "How to pay Bring the money. Number S-" in words(answer)
    assert "data-copy" in answer.text


def test_another_choice_replaces_the_payment(app: Flask, mia: Person, waiting: str, start: Buy, page: Page) -> None:
    start(mia, currency="RUB")
    assert "You chose another way to pay" in page(waiting)


def test_refunds_are_told_with_what_becomes_of_access(app: Flask, mia: Person, buy: Buy, page: Page, run_jobs: Run) -> None:
    payment_id = buy(mia)
    with app.app_context():
        refunds.ask_refund(payment_id, Money(9, "USD"), reason="asked", by="Olga (user 4)")
    run_jobs()
    assert "A part was given back You keep your access." in page(payment_id)
    with app.app_context():
        refunds.ask_refund(payment_id, None, reason="asked", by="Olga (user 4)")
    run_jobs()
    said = page(payment_id)
    assert "Your money was given back Access by this payment has ended." in said
    assert "-$9" in said
    assert "-$20" in said
    assert "Olga" not in said, "the student's story names nobody of the school"


def test_a_dispute_is_told(app: Flask, shop: ShopService, mia: Person, buy: Buy, page: Page) -> None:
    payment_id = buy(mia)
    shop.dispute(reference(app, payment_id))
    with app.app_context():
        settling.look(payment_id, "the test")
    assert "Your bank is looking at this payment" in page(payment_id)


def test_who_paid_twice_reads_that_the_school_gives_it_back(app: Flask, mia: Person, buy: Buy, page: Page) -> None:
    payment_id = buy(mia)
    with app.app_context(), transaction():
        Payment[payment_id].set(set_aside=True, problem="refund-failed")
    assert "this one was too much" in page(payment_id)


@pytest.mark.parametrize("after", ["pending", "expired", "failed"])
def test_who_paid_another_amount_never_reads_that_nothing_was_charged(
    app: Flask, shop: ShopService, waiting: str, page: Page, after: str
) -> None:
    with app.app_context():
        shop.set(reference(app, waiting), status="completed", money=Money(28, "USD"))
        settling.look(waiting, "webhook 1")
        with transaction():
            Payment[waiting].status = after
    said = page(waiting)
    assert "The school is looking at this payment" in said
    assert "Nothing was charged" not in said and "Try again" not in said


def test_the_story_is_short_and_in_order(mia: Person, buy: Buy, page: Page) -> None:
    said = page(buy(mia)).partition("What happened so far")[2]
    assert said.index("You asked for it") < said.index("The payment was begun") < said.index("The money arrived")


def test_the_part_that_changes_is_in_the_readers_language(mia: Person, waiting: str) -> None:
    answer = mia.client.get(f"/payments/{waiting}/state", headers=HTML)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<html" not in answer.text
    assert 'data-state="waiting"' in answer.text


@pytest.mark.parametrize("path", ["", "/state", "/receipt", "/receipt/file"])
def test_nobody_sees_the_payment_of_somebody_else(mia: Person, noah: Person, buy: Buy, path: str) -> None:
    payment_id = buy(mia)
    assert mia.client.get(f"/payments/{payment_id}{path}", headers=HTML).status_code == 200
    assert noah.client.get(f"/payments/{payment_id}{path}", headers=HTML).status_code == 404


@pytest.mark.parametrize("payment_id", ["1", "x" * 3000, "%00", "00000000-0000-0000-0000-000000000000", "../account"])
def test_odd_ids_are_404(mia: Person, payment_id: str) -> None:
    assert mia.client.get(f"/payments/{payment_id}", headers=HTML).status_code == 404


def test_the_page_still_stands_when_its_provider_is_gone(app: Flask, mia: Person, waiting: str, page: Page, run_jobs: Run) -> None:
    with app.app_context(), transaction():
        Payment[waiting].provider = "gone"
    assert "Waiting for your payment" in page(waiting)
    run_jobs()


def test_time_that_ran_out_by_the_clock_is_told_before_anybody_notices(waiting: str, page: Page, frozen_clock: Clock) -> None:
    frozen_clock.advance(25 * 3600)
    assert "The time to pay ran out" in page(waiting)
