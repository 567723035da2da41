"""YooKassa's answers as the school's values, and refunds that happen once."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
import responses

from studium.plugins.yookassa import client as client_module
from studium.services.money import Money
from studium.services.providers import Completed, ProviderDown, ProviderRefused, Redirect
from tests.plugins.yookassa.conftest import API, PAYMENT_ID, REFUND_ID, a_payment, a_refund, an_order, listed, make

BACK = "https://school.example/payments/1"
NOT_FOUND = {"type": "error", "code": "not_found", "description": "No such payment."}


def fetched(network: responses.RequestsMock, payment: dict[str, Any], *refunds: dict[str, Any]) -> Any:
    network.get(f"{API}/payments/{PAYMENT_ID}", json=payment)
    if payment["status"] == "succeeded":
        network.get(f"{API}/refunds", json=listed(*refunds))
    return make().fetch(PAYMENT_ID)


def cancelled(reason: str) -> dict[str, Any]:
    return a_payment("canceled", cancellation_details={"party": "yoo_money", "reason": reason})


@pytest.mark.parametrize(("payment", "status", "reason"), [
    (a_payment("pending"), "pending", ""), (a_payment("waiting_for_capture"), "pending", ""), (a_payment(), "completed", ""),
    (cancelled("insufficient_funds"), "failed", "insufficient_funds"), (cancelled("3d_secure_failed"), "failed", "3d_secure_failed"),
    (cancelled("expired_on_confirmation"), "expired", "expired_on_confirmation"), (a_payment("canceled"), "failed", ""),
    (a_payment("something_new"), "pending", ""),
], ids=str)
def test_statuses(network: responses.RequestsMock, payment: dict[str, Any], status: str, reason: str) -> None:
    found = fetched(network, payment)
    assert (found.status, found.reason) == (status, reason)
    assert (found.money, found.order_id, found.reference) == (Money(2900, "RUB"), "order-1", PAYMENT_ID)


@pytest.mark.parametrize("test", [True, False])
def test_the_mode_is_what_yookassa_says(network: responses.RequestsMock, test: bool) -> None:
    assert fetched(network, a_payment(test=test)).livemode is not test


def test_the_mode_of_the_key_is_its_beginning() -> None:
    assert not make(key="test_1").livemode
    assert make(key="live_1").livemode


@pytest.mark.parametrize(("theirs", "ours"), [("pending", "pending"), ("succeeded", "completed"), ("canceled", "failed")])
def test_refunds_come_with_their_payment(network: responses.RequestsMock, theirs: str, ours: str) -> None:
    found = fetched(network, a_payment(), a_refund(theirs, metadata={"refund_id": "our-7"}))
    [refund] = found.refunds
    assert (refund.id, refund.status, refund.money, refund.refund_id) == (REFUND_ID, ours, Money(900, "RUB"), "our-7")
    assert found.refs == (REFUND_ID,)
    assert found.status == "completed"


def test_a_refund_that_failed_says_why(network: responses.RequestsMock) -> None:
    why = {"party": "refund_network", "reason": "rejected_by_payee"}
    found = fetched(network, a_payment(), a_refund("canceled", cancellation_details=why))
    assert found.refunds[0].reason == "rejected_by_payee"


def test_the_id_of_a_refund_leads_to_its_payment(network: responses.RequestsMock) -> None:
    network.get(f"{API}/payments/{REFUND_ID}", json=NOT_FOUND, status=404)
    network.get(f"{API}/refunds/{REFUND_ID}", json=a_refund())
    network.get(f"{API}/payments/{PAYMENT_ID}", json=a_payment())
    network.get(f"{API}/refunds", json=listed(a_refund()))
    assert make().fetch(REFUND_ID).reference == PAYMENT_ID


@pytest.mark.parametrize("answer", [
    a_payment(amount={"value": "2900.001", "currency": "RUB"}), a_payment(amount={"value": "1", "currency": "XXX1"}),
    {"status": "succeeded"}, a_payment(amount=None), {name: value for name, value in a_payment("pending").items() if name != "test"},
], ids=str)
def test_an_answer_that_is_not_as_documented_is_down(network: responses.RequestsMock, answer: dict[str, Any]) -> None:
    network.get(f"{API}/payments/{PAYMENT_ID}", json=answer)
    network.get(f"{API}/refunds", json=listed())
    with pytest.raises(ProviderDown):
        make().fetch(PAYMENT_ID)
    network.assert_all_requests_are_fired = False


def test_the_buyer_has_an_hour(network: responses.RequestsMock) -> None:
    network.post(f"{API}/payments", json=a_payment("pending", confirmation={"confirmation_url": "https://yoomoney.ru/pay"}))
    assert make().begin(an_order(), "key-1", BACK) == Redirect("https://yoomoney.ru/pay", PAYMENT_ID, datetime(2026, 11, 22, 11))


def test_a_key_whose_payment_was_paid_meanwhile_needs_no_page(network: responses.RequestsMock) -> None:
    network.post(f"{API}/payments", json=a_payment())
    assert make().begin(an_order(), "key-1", BACK) == Completed(PAYMENT_ID)


def test_a_payment_that_yookassa_cancelled_at_once_is_refused(network: responses.RequestsMock) -> None:
    network.post(f"{API}/payments", json=cancelled("fraud_suspected"))
    with pytest.raises(ProviderRefused) as raised:
        make().begin(an_order(), "key-1", BACK)
    assert raised.value.code == "fraud_suspected"


def test_a_pending_payment_without_a_page_is_asked_for_again(network: responses.RequestsMock) -> None:
    network.post(f"{API}/payments", json=a_payment("pending"))
    with pytest.raises(ProviderDown):
        make().begin(an_order(), "key-1", BACK)


def test_a_refund_that_is_there_is_not_made_again_be_its_key_forgotten(network: responses.RequestsMock) -> None:
    network.get(f"{API}/payments/{PAYMENT_ID}", json=a_payment())
    network.get(f"{API}/refunds", json=listed(a_refund(metadata={"refund_id": "our-7"})))
    assert make().refund(PAYMENT_ID, Money(900, "RUB"), "our-7").id == REFUND_ID
    assert {call.request.method for call in network.calls} == {"GET"}


def test_a_refund_carries_its_id_in_key_and_metadata(network: responses.RequestsMock) -> None:
    network.get(f"{API}/payments/{PAYMENT_ID}", json=a_payment())
    network.get(f"{API}/refunds", json=listed(a_refund(metadata={"refund_id": "another"})))
    network.post(f"{API}/refunds", json=a_refund("pending", metadata={"refund_id": "our-7"}))
    found = make().refund(PAYMENT_ID, Money(900, "RUB"), "our-7")
    assert (found.status, found.refund_id) == ("pending", "our-7")
    asked = network.calls[-1].request
    assert asked.headers["Idempotence-Key"] == "our-7"
    assert json.loads(asked.body) == {"payment_id": PAYMENT_ID, "amount": {"value": "900.00", "currency": "RUB"},
                                      "metadata": {"refund_id": "our-7"}}


def test_changes_are_payments_made_or_paid_and_those_of_refunds(network: responses.RequestsMock) -> None:
    def since(name: str) -> Any:
        return responses.matchers.query_param_matcher({name: "2026-11-19T03:20:00.000Z", "limit": "100"})

    network.get(f"{API}/payments", json=listed(a_payment(id="new"), a_payment(id="both")), match=[since("created_at.gte")])
    network.get(f"{API}/payments", json=listed(a_payment(id="both"), a_payment(id="paid-late")), match=[since("captured_at.gte")])
    refunds = [a_refund(payment_id=found) for found in ("given-back", "given-back", "new")]
    network.get(f"{API}/refunds", json=listed(*refunds), match=[since("created_at.gte")])
    assert list(make().list_changes(datetime(2026, 11, 19, 3, 20))) == ["new", "both", "paid-late", "given-back"]


def test_a_long_list_has_the_time_limit_for_each_page(network: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10_000))  # each look at the clock is a second later
    monkeypatch.setattr(client_module.time, "monotonic", lambda: next(clock))
    for number in range(20):
        network.get(f"{API}/payments", json=listed(a_payment(id=f"p-{number}"), **({"next_cursor": "more"} if number < 19 else {})))
    network.get(f"{API}/payments", json=listed())
    network.get(f"{API}/refunds", json=listed())
    assert len(list(make(timeout=4.0).list_changes(datetime(2026, 11, 19)))) == 20


def test_what_is_shown_of_an_answer_has_nothing_of_the_buyer(network: responses.RequestsMock) -> None:
    method = {"type": "sbp", "title": "Bank card *4477", "card": {"first6": "555555", "last4": "4477"}, "account_number": "4100110",
              "payer_bank_details": {"bic": "044525111"}, "phone": "79990000000"}
    found = fetched(network, a_payment(payment_method=method, metadata={"order_id": "order-1", "email": "anna@buyers.example"}))
    shown = json.dumps(make().redact(found.raw))
    for word in ("4477", "555555", "4100110", "044525111", "79990000000", "anna@"):
        assert word not in shown
    assert PAYMENT_ID in shown and "order-1" in shown
