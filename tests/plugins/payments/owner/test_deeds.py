"""What an owner does to a payment: it is said before, done once, and recorded with who and why."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient
from shop import ShopService

from studium.core.database import reading
from studium.plugins.payments import checkout
from studium.plugins.payments.entities import Payment
from studium.plugins.payments.owner_pages.record import find_record
from tests.cable_process import Person
from tests.plugins.payments.money import audit, enrolled, refunds, row_of, status
from tests.plugins.payments.owner.conftest import Press, hidden
from tests.plugins.payments.school import Buy

Jobs = Callable[[], int]


def find_seen(app: Flask, payment_id: str) -> str:
    """The mark of how the payment stands."""
    with app.test_request_context():
        return find_record(payment_id).seen


@pytest.fixture
def paid(buy: Buy, mia: Person) -> str:
    """Mia's payment of $29 in the shop."""
    return buy(mia, "basic")


@pytest.fixture
def cash(app: Flask, start: Buy, mia: Person) -> str:
    """Mia's payment that waits for her money at the till."""
    payment_id = start(mia, "basic", provider="till")
    with app.app_context():
        checkout.begin(payment_id)
    return payment_id


def test_a_refund_says_what_will_happen_before_it_does(
    app: Flask, vera: FlaskClient, press: Press, paid: str, mia: Person, run_jobs: Jobs
) -> None:
    address = f"/owner/payments/{paid}/refund"
    assert 'value="29.00"' in vera.get(address).text
    page = press(address, amount="29", reason="She asked").text
    for told in ("$29 go back to P21 through Shop.", "P21 loses access to Rivers, tier Basic.", "This cannot be undone."):
        assert told in page, told
    with app.app_context():
        assert refunds(paid) == []
    assert press(address, **hidden(page)).status_code == 303
    run_jobs()
    with app.app_context():
        assert refunds(paid) == [("completed", 2900)]
        assert status(paid) == "refunded"
        assert enrolled(mia.id) == []
        assert any(cause.startswith("Vera (user ") for *_event, cause in audit(paid, "refund"))
    shown = vera.get(f"/owner/payments/{paid}").text
    assert "She asked" in shown
    assert "Refund…" not in shown


def test_a_part_is_given_back_and_access_stays(app: Flask, press: Press, paid: str, mia: Person, run_jobs: Jobs) -> None:
    page = press(f"/owner/payments/{paid}/refund", amount="9,50", reason="A little").text
    assert "$19.50 of $29 stay paid, and access stays." in page
    press(f"/owner/payments/{paid}/refund", **hidden(page))
    run_jobs()
    with app.app_context():
        assert refunds(paid) == [("completed", 950)]
        assert enrolled(mia.id) == ["basic"]


def test_the_form_sent_twice_gives_back_once(
    app: Flask, vera: FlaskClient, press: Press, paid: str, run_jobs: Jobs, shop: ShopService
) -> None:
    form = hidden(press(f"/owner/payments/{paid}/refund", amount="5", reason="Once").text)
    for _again in range(3):
        answer = press(f"/owner/payments/{paid}/refund", **form)
        assert answer.status_code == 303
    assert "It was done already" in vera.get(answer.headers["Location"]).text
    run_jobs()
    with app.app_context():
        assert refunds(paid) == [("completed", 500)]
    assert len(shop.called("refund")) == 1


def test_two_clicks_at_once_give_back_once(app: Flask, vera: FlaskClient, press: Press, paid: str) -> None:
    form = hidden(press(f"/owner/payments/{paid}/refund", amount="5", reason="Once").text)
    token = vera.get("/api/v1/session").get_json()["data"]["csrf_token"]
    cookies = "; ".join(f"{one.key}={one.value}" for name in ("studium_session", "studium_browser") if (one := vera.get_cookie(name)))

    def click(_number: int) -> int:
        browser = app.test_client(use_cookies=False)
        return browser.post(f"/owner/payments/{paid}/refund", data=form | {"csrf_token": token}, headers={"Cookie": cookies}).status_code

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(click, range(4))) == {303}
    with app.app_context():
        assert refunds(paid) == [("asking", 500)]


def test_what_was_confirmed_on_sight_of_an_older_state_is_not_done(
    app: Flask, vera: FlaskClient, press: Press, paid: str, run_jobs: Jobs
) -> None:
    old = hidden(press(f"/owner/payments/{paid}/refund", amount="29", reason="All").text)
    press(f"/owner/payments/{paid}/refund", **hidden(press(f"/owner/payments/{paid}/refund", amount="1", reason="A bit").text))
    answer = press(f"/owner/payments/{paid}/refund", **old)
    assert "so nothing was done" in vera.get(answer.headers["Location"]).text
    run_jobs()
    with app.app_context():
        assert refunds(paid) == [("completed", 100)]


@pytest.mark.parametrize(("fields", "said"), [
    ({"amount": "29", "reason": ""}, "Write a reason"), ({"amount": "29", "reason": " \n"}, "Write a reason"),
    ({"amount": "29", "reason": "x" * 1001}, "Write a reason"), ({"amount": "", "reason": "y"}, "Write an amount"),
    ({"amount": "-5", "reason": "y"}, "Write an amount"), ({"amount": "0", "reason": "y"}, "Write an amount"),
    ({"amount": "1e3", "reason": "y"}, "Write an amount"), ({"amount": "NaN", "reason": "y"}, "Write an amount"),
    ({"amount": "5.001", "reason": "y"}, "Write an amount"), ({"amount": "9" * 16, "reason": "y"}, "Write an amount"),
    ({}, "Write a reason"),
])
def test_a_wrong_form_comes_back_as_it_was_typed(app: Flask, press: Press, paid: str, fields: dict[str, str], said: str) -> None:
    for more in ({}, {"sure": "1", "seen": "x", "form_id": "x" * 9}):
        answer = press(f"/owner/payments/{paid}/refund", **fields, **more)
        assert (answer.status_code, said in answer.text) == (422, True)
    with app.app_context():
        assert refunds(paid) == []


def test_too_much_is_refused_in_words(app: Flask, press: Press, paid: str) -> None:
    answer = press(f"/owner/payments/{paid}/refund", amount="29.01", reason="More")
    assert answer.status_code == 409
    assert "29.01 USD cannot be given back: 29.00 USD are left" in answer.text


def test_a_form_without_its_own_id_does_nothing(app: Flask, press: Press, paid: str) -> None:
    form = hidden(press(f"/owner/payments/{paid}/refund", amount="5", reason="Once").text)
    assert press(f"/owner/payments/{paid}/refund", **(form | {"form_id": ""})).status_code == 422
    with app.app_context():
        assert refunds(paid) == []


@pytest.mark.parametrize("deed", ["burn", "look", "..", "settle%00"])
def test_an_unknown_deed_is_not_there(vera: FlaskClient, press: Press, paid: str, deed: str) -> None:
    assert vera.get(f"/owner/payments/{paid}/{deed}").status_code in (404, 405)
    assert deed == "look" or press(f"/owner/payments/{paid}/{deed}").status_code == 404


def test_money_at_the_till_is_confirmed(app: Flask, vera: FlaskClient, press: Press, cash: str, mia: Person) -> None:
    assert "Confirm the money…" in vera.get(f"/owner/payments/{cash}").text
    assert cash in vera.get("/owner/payments?need=confirm").text
    page = press(f"/owner/payments/{cash}/confirm", amount="29", reason="line 7").text
    assert "P21 gets access to Rivers, tier Basic, for 180 days from now." in page
    with app.app_context():
        assert status(cash) == "pending"
    press(f"/owner/payments/{cash}/confirm", **hidden(page))
    with app.app_context():
        assert status(cash) == "completed"
        assert enrolled(mia.id) == ["basic"]
    assert "line 7" in vera.get(f"/owner/payments/{cash}").text


def test_another_amount_at_the_till_is_a_problem_and_is_dealt_with(
    app: Flask, vera: FlaskClient, press: Press, cash: str, mia: Person
) -> None:
    page = press(f"/owner/payments/{cash}/confirm", amount="20", reason="line 7").text
    assert "noted as a problem, and gives no access" in page
    answer = press(f"/owner/payments/{cash}/confirm", **hidden(page))
    assert "The payment is not completed" in vera.get(answer.headers["Location"]).text
    with app.app_context():
        assert (row_of(cash)["problem"], enrolled(mia.id)) == ("amount-mismatch", [])
    assert cash in vera.get("/owner/payments?problem=amount-mismatch").text
    press(f"/owner/payments/{cash}/settle", **hidden(press(f"/owner/payments/{cash}/settle", reason="She brings the rest").text))
    with app.app_context():
        assert row_of(cash)["problem"] is None


def test_money_that_will_not_come_is_rejected(app: Flask, press: Press, cash: str) -> None:
    page = press(f"/owner/payments/{cash}/reject", reason="Never came").text
    assert "P21 reads: Never came" in page
    press(f"/owner/payments/{cash}/reject", **hidden(page))
    with app.app_context():
        assert status(cash) == "failed"


def test_a_dispute_is_written_down_and_won(app: Flask, vera: FlaskClient, press: Press, cash: str, mia: Person) -> None:
    address = f"/owner/payments/{cash}"
    press(f"{address}/confirm", **hidden(press(f"{address}/confirm", amount="29", reason="line 7").text))
    assert press(f"{address}/dispute", reason="The bank wrote", state="won").status_code == 422
    page = press(f"{address}/dispute", reason="The bank wrote", state="open").text
    assert "P21 loses access to Rivers, tier Basic." in page
    press(f"{address}/dispute", **hidden(page))
    with app.app_context():
        assert (status(cash), enrolled(mia.id)) == ("disputed", [])
    assert cash in vera.get("/owner/payments?need=disputed").text
    press(f"{address}/dispute", **hidden(press(f"{address}/dispute", reason="We won", state="won").text))
    with app.app_context():
        assert (status(cash), enrolled(mia.id)) == ("completed", ["basic"])


def test_a_provider_that_knows_by_itself_offers_no_words_of_people(app: Flask, vera: FlaskClient, press: Press, paid: str) -> None:
    page = vera.get(f"/owner/payments/{paid}").text
    assert "Dispute…" not in page
    assert "Confirm the money…" not in page
    answer = press(f"/owner/payments/{paid}/dispute", reason="x", state="open")
    assert answer.status_code == 409
    form = {"reason": "x", "amount": "29", "sure": "1", "form_id": "x" * 9}
    with app.app_context(), reading():
        before = Payment[paid].revision
    answer = press(f"/owner/payments/{paid}/confirm", **form)
    assert "so nothing was done" in vera.get(answer.headers["Location"]).text
    seen = find_seen(app, paid)
    assert press(f"/owner/payments/{paid}/confirm", **(form | {"seen": seen})).status_code == 409
    with app.app_context(), reading():
        assert Payment[paid].revision == before


def test_the_refund_of_what_an_upgrade_stands_on_says_what_to_do(press: Press, buy: Buy, mia: Person) -> None:
    base = buy(mia, "basic")
    upgrade = buy(mia, "accelerator")
    answer = press(f"/owner/payments/{base}/refund", amount="29", reason="x")
    assert (answer.status_code, "Refund the upgrade first" in answer.text) == (409, True)
    assert "What P21 had before the upgrade stays." in press(f"/owner/payments/{upgrade}/refund", amount="40", reason="x").text


def test_of_a_tier_that_was_paid_twice_one_payment_is_given_back_and_nobody_loses_it(
    app: Flask, press: Press, buy: Buy, start: Buy, mia: Person, shop: ShopService, run_jobs: Jobs
) -> None:
    first = start(mia, "basic")
    second = start(mia, "basic", provider="till")
    with app.app_context():
        checkout.begin(first)
        checkout.begin(second)
        shop.pay(str(row_of(first)["reference"]))
    press(f"/owner/payments/{first}/look")
    press(f"/owner/payments/{second}/confirm", **hidden(press(f"/owner/payments/{second}/confirm", amount="29", reason="x").text))
    page = press(f"/owner/payments/{first}/refund", amount="29", reason="x").text
    assert "the tier was paid twice" in page
    press(f"/owner/payments/{first}/refund", **hidden(page))
    run_jobs()
    with app.app_context():
        assert enrolled(mia.id) == ["basic"]
