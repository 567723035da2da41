"""The simulated YooKassa in the browser, and its notifications: from the button on its page to the payment in the school."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient

from studium.core.database import query, reading
from studium.plugins.yookassa.provider import YookassaProvider, YookassaWithReceipts
from studium.services.money import Money
from studium.services.provider_registry import make_provider, provider_classes
from studium.services.providers import ProviderDown, ProviderRefused
from studium.testing.simulators import yookassa_account, yookassa_payments, yookassa_refunds
from studium.testing.simulators.yookassa_api import FAULTS
from studium.testing.simulators.yookassa_store import books
from studium.testing.simulators.yookassa_webhooks import MANNERS, body_of
from tests.plugins.yookassa.conftest import Desk, an_order

BASE = "/simulators/yookassa"
ROUBLES = Money(2900, "RUB")


def press(client: FlaskClient, page: str, address: str = "", **form: str) -> str:
    """Fill a page's form and send it; where that leads."""
    token = re.findall(r'name="csrf_token" value="([^"]+)"', client.get(page).text)[0]
    answer = client.post(address or page, data={"csrf_token": token} | form)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def test_hook_find_simulated_payments_answers_for_yookassa_until_it_is_set_up(app: Flask) -> None:
    with app.app_context():
        assert provider_classes()["yookassa"] is YookassaProvider
        found = make_provider(YookassaProvider)
        assert isinstance(found, YookassaProvider)
        assert found.settings == yookassa_account.settings()
        assert found._shop.api_base == "http://127.0.0.1:8000/simulators/yookassa/v3"
        assert not found.livemode


@pytest.mark.parametrize(("card", "status", "reason"), [
    ("success", "completed", ""), ("insufficient_funds", "failed", "insufficient_funds"),
    ("3d_secure_failed", "failed", "3d_secure_failed"),
    ("fraud_suspected", "failed", "fraud_suspected"), ("expired_on_confirmation", "expired", "expired_on_confirmation"),
])
def test_each_card_ends_the_payment_and_leads_back_without_telling_anything(
    desk: Desk, client: FlaskClient, card: str, status: str, reason: str
) -> None:
    order = an_order()
    reference = desk.begin(order)
    assert press(client, f"{BASE}/pay/{reference}", card=card) == f"{desk.site.url}/payments/{order.id}"
    found = desk.provider.fetch(reference)
    assert (found.status, found.reason) == (status, reason)


def test_3d_secure_asks_first(desk: Desk, client: FlaskClient) -> None:
    reference = desk.begin()
    challenge = press(client, f"{BASE}/pay/{reference}", card="3d_secure")
    assert "is it you who pays" in client.get(challenge).text
    assert desk.provider.fetch(reference).status == "pending"
    press(client, challenge, f"{BASE}/pay/{reference}", card="success")
    assert desk.provider.fetch(reference).status == "completed"


def test_the_hour_runs_out_by_itself(desk: Desk, frozen_clock: Any) -> None:
    reference = desk.begin()
    frozen_clock.advance(3599)
    assert desk.provider.fetch(reference).status == "pending"
    frozen_clock.advance(2)
    assert desk.provider.fetch(reference).status == "expired"


@pytest.mark.parametrize("page", ["/pay/none", "/payments/none"])
def test_unknown_payments_have_no_page(client: FlaskClient, page: str) -> None:
    assert client.get(f"{BASE}{page}").status_code == 404


def test_the_api_wants_its_key(desk: Desk) -> None:
    address = f"{desk.site.url}{BASE}/v3/me"
    for auth in (None, ("100500", "test_other"), ("1", yookassa_account.secret_key()), ("100500", "")):
        assert requests.get(address, auth=auth, timeout=5).status_code == 401
    assert requests.get(address, auth=("100500", yookassa_account.secret_key()), timeout=5).json()["test"] is True


def test_a_key_gets_its_first_answer_for_a_day_and_no_other_request(desk: Desk, frozen_clock: Any) -> None:
    order = an_order()
    first = desk.begin(order, "key-1")
    assert desk.begin(order, "key-1") == first
    with pytest.raises(ProviderDown, match="key"):
        desk.begin(an_order(), "key-1")
    frozen_clock.advance(24 * 3600 + 1)
    assert desk.begin(order, "key-1") != first


def test_a_refund_is_made_once_when_its_answer_was_lost_and_its_key_is_forgotten(desk: Desk, frozen_clock: Any) -> None:
    reference, key = desk.begin(), str(uuid.uuid4())
    desk.do(yookassa_payments.pay, reference)
    desk.switch("fault", "lost-answer")
    with pytest.raises(ProviderDown):
        desk.provider.refund(reference, Money(900, "RUB"), key)
    with books() as opened:
        assert len(opened.refunds_of(reference)) == 1, "it was made, though nobody heard so"
    desk.switch("fault", None)
    frozen_clock.advance(3 * 24 * 3600)
    assert desk.provider.refund(reference, Money(900, "RUB"), key).refund_id == key
    with books() as opened:
        assert len(opened.refunds_of(reference)) == 1


def test_a_shop_that_must_send_receipts_refuses_what_has_none(desk: Desk, app: Flask) -> None:
    desk.switch("fiscal", True)
    assert desk.begin()
    without = YookassaProvider(desk.provider._shop, desk.provider.context)
    with pytest.raises(ProviderRefused, match="Receipt"):
        without.begin(an_order(), "key-1", f"{desk.site.url}/payments/1")


def test_the_shops_page_refunds_a_part_and_then_the_rest(desk: Desk, client: FlaskClient) -> None:
    desk.switch("fiscal", True)
    reference = desk.begin()
    desk.do(yookassa_payments.pay, reference)
    page = f"{BASE}/payments/{reference}"
    press(client, page, f"{page}/refund", amount="900,50")
    press(client, page, f"{page}/refund", amount="")
    found = desk.provider.fetch(reference).refunds
    assert [str(one.money) for one in found] == ["900.50 RUB", "1999.50 RUB"]
    assert {one.refund_id for one in found} == {None}
    shown = client.get(page).text
    assert shown.count("refund.succeeded") == 2
    assert shown.count("anna@buyers.example") == 3, "each has its receipt"


@pytest.mark.parametrize("amount", ["2900.01", "0", "-1", "1.999", "nan", "1e99", "ж"])
def test_a_refund_that_cannot_be_is_a_clear_400(desk: Desk, client: FlaskClient, amount: str) -> None:
    reference = desk.begin()
    desk.do(yookassa_payments.pay, reference)
    page = f"{BASE}/payments/{reference}"
    token = re.findall(r'name="csrf_token" value="([^"]+)"', client.get(page).text)[0]
    assert client.post(f"{page}/refund", data={"csrf_token": token, "amount": amount}).status_code == 400
    assert desk.provider.fetch(reference).refunds == ()


@pytest.mark.parametrize(("done", "status"), [("complete", "completed"), ("fail", "failed")])
def test_refunds_that_wait_have_buttons(desk: Desk, client: FlaskClient, done: str, status: str) -> None:
    reference = desk.begin()
    desk.do(yookassa_payments.pay, reference)
    desk.switch("hold_refunds", True)
    assert desk.provider.refund(reference, ROUBLES, "key-1").status == "pending"
    page = f"{BASE}/payments/{reference}"
    press(client, page, f"{page}/refunds-{done}")
    assert [one.status for one in desk.provider.fetch(reference).refunds] == [status]


def test_switches_are_set_on_the_overview(desk: Desk, client: FlaskClient) -> None:
    desk.begin()
    assert "A-17" in client.get(BASE).text
    press(client, BASE, f"{BASE}/switches", fault="error", manner="duplicate", fiscal="1")
    with books() as opened:
        assert [opened.switch(name) for name in ("fault", "manner", "fiscal", "hold_refunds")] == ["error", "duplicate", True, None]
    desk.switch("fault", None)


@pytest.mark.parametrize("fault", [name for name in FAULTS if name not in ("", "refuse")])
def test_each_fault_is_down_and_a_second_try_makes_one_payment(desk: Desk, fault: str) -> None:
    order, hurried = an_order(), YookassaWithReceipts(desk.provider.settings, replace(desk.provider.context, timeout=0.3))
    desk.switch("slow_seconds", 0.8)
    desk.switch("fault", fault)
    with pytest.raises(ProviderDown):
        hurried.begin(order, "key-1", f"{desk.site.url}/payments/{order.id}")
    desk.switch("fault", None)
    reference = desk.begin(order, "key-1")
    with books() as opened:
        assert [one["id"] for one in opened.all("payment")] == [reference]


def webhooks() -> int:
    with reading():
        return len(query("SELECT id FROM job WHERE kind = 'simulated_yookassa_webhook'"))


@pytest.mark.parametrize(("manner", "count"), [("", 1), ("duplicate", 3), ("late", 1), ("reordered", 1), ("lost", 0)])
def test_notifications_go_out_in_the_chosen_manner(desk: Desk, client: FlaskClient, manner: str, count: int) -> None:
    assert manner in MANNERS
    desk.switch("manner", manner or None)
    press(client, f"{BASE}/pay/{desk.begin()}", card="success")
    assert webhooks() == count


def test_the_site_takes_what_the_simulator_sends_and_answers_exactly_200(
    desk: Desk, app: Flask, client: FlaskClient, run_jobs: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[int] = []

    def deliver(address: str, data: bytes, headers: dict[str, str], **_rest: Any) -> Any:
        answer = app.test_client().post("/webhooks/yookassa", data=data, headers=headers)
        answers.append(answer.status_code)
        return answer

    monkeypatch.setattr(requests, "post", deliver)
    desk.switch("manner", "duplicate")
    reference = desk.begin()
    press(client, f"{BASE}/pay/{reference}", card="success")
    run_jobs()
    assert answers == [200] * 3
    with reading():
        assert query("SELECT kind, object_id, deliveries FROM webhook_delivery WHERE provider = 'yookassa'") == [
            ("payment.succeeded", reference, 3)]


def test_a_site_that_says_204_is_told_again_as_yookassa_wants_200(
    desk: Desk, client: FlaskClient, run_jobs: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = requests.Response()
    answer.status_code = 204
    monkeypatch.setattr(requests, "post", lambda *_given, **_named: answer)
    desk.switch("manner", None)
    press(client, f"{BASE}/pay/{desk.begin()}", card="success")
    run_jobs()
    with reading():
        assert query("SELECT state FROM job WHERE kind = 'simulated_yookassa_webhook'") == [("retrying",)]


def test_a_failed_refund_is_told_to_nobody(desk: Desk) -> None:
    reference = desk.begin()
    desk.do(yookassa_payments.pay, reference)
    desk.switch("hold_refunds", True)
    desk.provider.refund(reference, ROUBLES, "key-1")
    with books() as opened:
        yookassa_refunds.end_refunds(opened, reference, completed=False)
        events = [one["body"]["event"] for one in opened.all("notification")]
        assert b'"event": "payment.succeeded"' in body_of(opened.all("notification")[0])
    assert events == ["payment.succeeded"]


@pytest.mark.parametrize(("what", "wrong"), [
    ("amount", {"value": "29", "currency": "RUB"}), ("amount", {"value": "0.00", "currency": "RUB"}),
    ("amount", {"value": "29.00", "currency": "JPY"}), ("metadata", {"a" * 33: "1"}), ("metadata", {str(n): "1" for n in range(17)}),
    ("metadata", {"a": "x" * 513}), ("description", "x" * 129), ("confirmation", {"type": "embedded"}), ("payment_order", {}),
    ("receipt", {"customer": {"email": "a@b.example"}, "items": []}),
], ids=str)
def test_the_simulator_is_as_strict_as_yookassa(desk: Desk, what: str, wrong: Any) -> None:
    asked = {"amount": {"value": "29.00", "currency": "RUB"}, "capture": True, "description": "Tea",
             "confirmation": {"type": "redirect", "return_url": "https://school.example/", "locale": "ru_RU"}}
    with books() as opened:
        yookassa_payments.create_payment(opened, asked)
        with pytest.raises(yookassa_payments.Refused):
            yookassa_payments.create_payment(opened, asked | {what: wrong})


def test_money_that_was_only_held_is_not_paid(desk: Desk) -> None:
    reference = desk.begin()
    with books() as opened:
        payment = opened.get("payment", reference)
        payment["simulator"]["capture"] = False
        yookassa_payments.pay(opened, payment)
    assert desk.provider.fetch(reference).status == "pending"
