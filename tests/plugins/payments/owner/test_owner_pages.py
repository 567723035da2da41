"""Who may see the owner's pages, and what they show."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from shop import ShopService

from studium.core.database import reading, transaction
from studium.plugins.auth.roles import grant
from studium.plugins.payments import checkout
from studium.plugins.payments.entities import LedgerEntry, Payment, WebhookDelivery
from studium.plugins.payments.inbox import count_rejection
from tests.cable_process import Person
from tests.plugins.payments.money import Deliver, reference_of
from tests.plugins.payments.owner.conftest import Press
from tests.plugins.payments.owner.many import many_payments
from tests.plugins.payments.school import Buy, School
from tests.web.test_queries import count_queries

PAGES = ["/owner", "/owner/payments", "/owner/enrolments", "/owner/enrolments/grant", "/owner/coupons", "/owner/coupons/new",
         "/owner/webhooks", "/owner/drift"]


@pytest.mark.parametrize("path", [*PAGES, "/owner/payments.csv", "/owner/nowhere"])
@pytest.mark.parametrize("role", [None, "ops"])
def test_for_everybody_but_owners_there_is_nothing(app: Flask, mia: Person, role: str | None, path: str) -> None:
    with app.app_context():
        if role:
            grant(21, role, "the tests")
    assert mia.client.get(path).status_code == 404
    assert app.test_client().get(path).headers["Location"].startswith("/login")


@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens_with_nothing_in_it(vera: FlaskClient, path: str) -> None:
    assert vera.get(path).status_code == 200


def test_the_menu_leads_there(vera: FlaskClient, mia: Person) -> None:
    assert 'href="/owner"' in vera.get("/").text
    assert 'href="/owner"' not in mia.client.get("/").text


def test_the_front_sums_what_came_and_went_by_currency(
    app: Flask, vera: FlaskClient, buy: Buy, mia: Person, noah: Person, press: Press, shop: ShopService
) -> None:
    buy(mia, "basic")
    buy(noah, "basic", currency="RUB")
    with app.app_context(), transaction():
        row = Payment.select(lambda row: row.currency == "USD").first()
        LedgerEntry(payment_id=row.id, kind="refund", ref="one", amount_minor=-900, currency="USD", at=row.completed_at)
    page = vera.get("/owner").text
    today = page[page.index(">Today<"):page.index(">7 days<")]
    sums = [re.sub(r"\s", "", amount) for amount in re.findall(r"<dd>([^<]+)</dd>", today)]
    assert sums == ["RUB2,900", "RUB2,900", "RUB0", "$20", "$29", "$9"]
    assert "test money" in today


def test_a_payment_tells_its_story(app: Flask, vera: FlaskClient, buy: Buy, mia: Person, deliver: Deliver) -> None:
    payment_id = buy(mia, "basic")
    with app.app_context():
        reference = reference_of(payment_id)
        assert deliver(reference) == 200
    page = vera.get(f"/owner/payments/{payment_id}").text
    for told in ("S-20", "the money arrived", "The money is there.", "Studium 0.", reference, "pi_", "the test", "[redacted]", "Ledger",
                 "Ask the provider now", "Refund…"):
        assert told in page, told
    assert "anna@example.org" not in page


def test_a_payment_opens_by_its_number(vera: FlaskClient, buy: Buy, mia: Person, app: Flask) -> None:
    payment_id = buy(mia, "basic")
    with app.app_context(), reading():
        number = Payment[payment_id].number
    assert payment_id in vera.get(f"/owner/payments/{number}").text


@pytest.mark.parametrize("unknown", ["x", "S-2026-999999", "0f0f0f0f-0000-4000-8000-000000000000", "%00", "x" * 300])
def test_an_unknown_payment_is_not_there(vera: FlaskClient, press: Press, unknown: str) -> None:
    assert vera.get(f"/owner/payments/{unknown}").status_code == 404
    assert vera.get(f"/owner/payments/{unknown}/refund").status_code == 404
    assert press(f"/owner/payments/{unknown}/look").status_code == 404


def test_a_stuck_payment_says_why(vera: FlaskClient, start: Buy, mia: Person, shop: ShopService, app: Flask) -> None:
    payment_id = start(mia, "basic")
    with app.app_context(), transaction():
        Payment[payment_id].last_error = "no route to the bank"
    assert "no route to the bank It is asked again by itself" in vera.get(f"/owner/payments/{payment_id}").text.replace("&#39;", "'")
    assert "Stuck" in vera.get("/owner").text
    assert payment_id in vera.get("/owner/payments?need=stuck").text


def test_the_provider_is_asked_now(vera: FlaskClient, start: Buy, mia: Person, shop: ShopService, app: Flask, press: Press) -> None:
    payment_id = start(mia, "basic")
    with app.app_context():
        checkout.begin(payment_id)
        shop.pay(reference_of(payment_id))
    answer = press(f"/owner/payments/{payment_id}/look")
    assert answer.status_code == 303
    assert "the payment changed: the money arrived" in vera.get(answer.headers["Location"]).text
    shop.down = {"fetch"}
    press(f"/owner/payments/{payment_id}/look")
    assert "The shop did not answer" in vera.get(f"/owner/payments/{payment_id}").text


def test_the_inbox_shows_a_delivery_without_secrets_and_personal_data(
    app: Flask, vera: FlaskClient, buy: Buy, mia: Person, deliver: Deliver
) -> None:
    payment_id = buy(mia, "basic")
    with app.app_context():
        deliver(reference_of(payment_id), Authorization="Basic c2VjcmV0")
        count_rejection("shop", "signature")
        with reading():
            row = WebhookDelivery.select().first()
            seal = json.loads(row.headers)["studium-seal"]
    page = vera.get(f"/owner/webhooks/{row.id}").text
    assert "Verified again just now" in page
    assert "payment.changed" in page
    for secret in (seal, "c2VjcmV0", "anna@example.org"):
        assert secret not in page
    listed = vera.get("/owner/webhooks").text
    assert "wrong signature" in listed
    assert f"/owner/webhooks/{row.id}" in listed


def test_a_body_that_is_no_json_is_not_shown(app: Flask, vera: FlaskClient, buy: Buy, mia: Person, deliver: Deliver) -> None:
    payment_id = buy(mia, "basic")
    with app.app_context():
        deliver(reference_of(payment_id))
        with transaction():
            row = WebhookDelivery.select().first()
            row.raw = "<xml>anna@example.org</xml>"
    page = vera.get(f"/owner/webhooks/{row.id}").text
    assert "anna@example.org" not in page
    assert "not the one that was verified" in page
    assert "See what a replay would do" not in page


def test_a_dry_run_changes_nothing_and_the_replay_does(
    app: Flask, vera: FlaskClient, start: Buy, mia: Person, shop: ShopService, deliver: Deliver, press: Press
) -> None:
    payment_id = start(mia, "basic")
    with app.app_context():
        checkout.begin(payment_id)
        reference = reference_of(payment_id)
        deliver(reference)
        shop.pay(reference)
        with reading():
            delivery = WebhookDelivery.select().first().id
    page = press(f"/owner/webhooks/{delivery}/dry-run").text
    assert "Waiting for money → Paid" in page
    assert "Replay for real" in page
    with app.app_context(), reading():
        assert Payment[payment_id].status == "pending"
    assert press(f"/owner/webhooks/{delivery}/replay").status_code == 303
    with app.app_context(), reading():
        assert Payment[payment_id].status == "completed"
    assert "No value would change" in press(f"/owner/webhooks/{delivery}/dry-run").text


@pytest.mark.parametrize("path", ["/owner/webhooks/999", "/owner/enrolments/999/revoke", "/owner/coupons/999/archive"])
def test_what_is_not_there_is_not_found(vera: FlaskClient, press: Press, path: str) -> None:
    assert vera.get(path).status_code == 404
    assert press("/owner/webhooks/999/replay").status_code == 404


@pytest.mark.slow
def test_a_comparison_now_makes_a_report(
    app: Flask, vera: FlaskClient, press: Press, buy: Buy, mia: Person, run_jobs: Callable[[], int], shop: ShopService
) -> None:
    payment_id = buy(mia, "basic")
    shop.payments.pop(next(iter(shop.payments)))
    assert press("/owner/drift/sweep").status_code == 303
    run_jobs()
    page = vera.get("/owner/drift").text
    assert "Missing there" in page
    assert payment_id in page


@pytest.mark.parametrize("path", ["/owner", "/owner/payments", "/owner/payments?need=any", "/owner/enrolments", "/owner/webhooks",
                                  "/owner/payments/{payment}", "/owner/payments?q=Mia"])
def test_queries_do_not_grow_with_the_payments(
    app: Flask, vera: FlaskClient, buy: Buy, mia: Person, school: School, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    address = path.format(payment=buy(mia, "basic"))
    with app.app_context():
        many_payments(10, school)
        few = count_queries(vera, address, monkeypatch)
        many_payments(200, school)
        assert 0 < count_queries(vera, address, monkeypatch) <= few
