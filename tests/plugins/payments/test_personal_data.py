"""What is held on a buyer: given to them on request, and after the end of their account only what accounts need, without a name."""

from __future__ import annotations

import json
from collections.abc import Callable

from flask import Flask
from shop import ShopService

from studium.core.database import reading, transaction
from studium.plugins.payments import beginning, checkout, deletion, settling
from studium.plugins.payments.entities import CouponUse, Enrolment, Payment, WebhookDelivery
from studium.plugins.payments.export import export_user_data
from studium.services.money import Money
from studium.services.providers import Instructions, Redirect
from tests.plugins.payments.money import Begun, Deliver, audit, ledger, reference_of, row_of, rules
from tests.plugins.payments.school import COURSE, School


def paid(begun: Begun, shop: ShopService, deliver: Deliver, run_jobs: Callable[[], int]) -> str:
    found = begun()
    shop.pay(reference_of(found))
    shop.give_back(reference_of(found), Money("9", "USD"))
    deliver(reference_of(found))
    run_jobs()
    return found


def test_the_export_names_payments_refunds_and_enrolments_of_the_person_only(
    begun: Begun, shop: ShopService, deliver: Deliver, run_jobs: Callable[[], int], anna: int
) -> None:
    found = paid(begun, shop, deliver, run_jobs)
    held = {name: list(rows) for name, rows in export_user_data(anna).items()}
    (payment,) = held["payments"]
    assert (payment["id"], payment["amount"], payment["paid"], payment["refunded"], payment["currency"]) == (
        found, "29.00", "29.00", "9.00", "USD")
    assert payment["refunds"][0]["amount"] == "9.00"
    assert [row["tier"] for row in held["enrolments"]] == ["basic"]
    assert row_of(found)["attempt_key"] not in json.dumps(held, default=str)
    assert {name: list(rows) for name, rows in export_user_data(anna + 1).items()} == {"payments": [], "enrolments": [], "coupons": []}


def test_a_deleted_account_leaves_payments_without_a_name_and_nothing_else(
    begun: Begun, shop: ShopService, deliver: Deliver, run_jobs: Callable[[], int], anna: int, inside: Flask
) -> None:
    found = paid(begun, shop, deliver, run_jobs)
    with transaction():
        Payment.get(id=found).email = "anna@example.org"
        CouponUse(coupon_id=1, user_id=anna, payment_id=found, state="used", at=Payment.get(id=found).created_at)
    story, booked = audit(found), ledger(found)
    for _ in range(2):
        deletion.forget(anna)
    row = row_of(found)
    assert (row["user_id"], row["email"], row["open_key"], row["redirect_url"], row["amount_minor"]) == (None, None, None, None, 2900)
    with reading():
        assert Enrolment.select().count() == 0
        assert [use.user_id for use in CouponUse.select()] == [None]
        assert [(one.raw, one.headers, one.remote_addr) for one in WebhookDelivery.select()] == [("", "{}", "")]
    assert (audit(found), ledger(found)) == (story, booked)


def test_the_instructions_of_a_bank_transfer_go_with_the_account(begun: Begun, anna: int) -> None:
    found = begun(provider="till")
    assert "instructions" in json.loads(row_of(found)["metadata"])
    deletion.forget(anna)
    assert "instructions" not in json.loads(row_of(found)["metadata"])


def test_a_refund_after_the_account_ended_still_counts(
    begun: Begun, shop: ShopService, deliver: Deliver, run_jobs: Callable[[], int], anna: int
) -> None:
    found = paid(begun, shop, deliver, run_jobs)
    deletion.forget(anna)
    shop.give_back(reference_of(found), Money("20", "USD"))
    deliver(reference_of(found))
    run_jobs()
    with reading():
        assert {one.raw for one in WebhookDelivery.select()} == {""}, "what webhooks say of them later goes too"
    assert (row_of(found)["status"], sum(amount for _, amount in ledger(found))) == ("refunded", 0)


def test_nobody_is_led_to_a_provider_for_an_account_that_is_gone(inside: Flask, school: School, anna: int, shop: ShopService) -> None:
    made = [start(anna, tier, provider) for tier, provider in (("basic", "shop"), ("vip", "till"))]
    deletion.forget(anna)
    assert [(beginning.begin(one).redirect_url, beginning.resume(one, "reconcile")) for one in made] == [(None, False)] * 2
    assert (shop.called("begin"), [row_of(one)["status"] for one in made]) == ([], ["creating"] * 2)


def test_an_answer_that_comes_after_the_account_is_gone_leaves_no_trace_of_the_buyer(inside: Flask, school: School, anna: int) -> None:
    made = [start(anna, tier, provider) for tier, provider in (("basic", "shop"), ("vip", "till"))]
    deletion.forget(anna)
    settling.begun(made[0], Redirect("https://shop.example/pay/cs_7", "cs_7"), "checkout")
    settling.begun(made[1], Instructions("till-7", (("From", "Anna"),), "Come."), "checkout")
    assert row_of(made[0])["redirect_url"] is None
    assert "Anna" not in row_of(made[1])["metadata"]


def test_the_audit_does_not_name_the_buyer(inside: Flask, school: School, anna: int) -> None:
    (rule,) = rules(start(anna, "basic", "shop"), "created")
    assert str(anna) not in rule


def start(user_id: int, tier: str, provider: str) -> str:
    return checkout.start(user_id, COURSE, tier, provider=provider, currency="USD", coupon=None, email=None, language="en")
