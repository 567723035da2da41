"""How Stripe is asked: once for each key whatever is lost, in time, and with its errors as the contract has them."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta

import pytest
import requests
import responses
from flask import Flask

from studium.core import clock
from studium.core.clock import now
from studium.services.money import Money
from studium.services.providers import ProviderDown, ProviderRefused
from studium.testing.simulators import stripe_money_back as money_back
from studium.testing.simulators import stripe_sessions as sessions
from studium.testing.simulators.stripe_store import books
from tests.plugins.stripe.conftest import Desk

SESSIONS = "https://api.stripe.com/v1/checkout/sessions"
LIVE = {"api_base": "https://api.stripe.com"}


def requests_of(path: str) -> list[str]:
    with books() as opened:
        return opened.calls(path)


def test_a_500_that_stripe_keeps_for_the_key_is_passed_by_with_another_key(desk: Desk) -> None:
    desk.switch("fault", "error-kept")
    with pytest.raises(ProviderDown):
        desk.begin(order := desk.order(), "key-7")
    desk.switch("fault", None)
    reference = desk.begin(order, "key-7")
    assert desk.fetch(reference).order_id == order.id
    assert set(requests_of("checkout/sessions")) == {"key-7", "key-7-2"}
    with books() as opened:
        assert len(opened.all("checkout.session")) == 1


def test_other_parameters_with_the_same_key_are_refused(desk: Desk) -> None:
    desk.begin(desk.order(), "key-7")
    with pytest.raises(ProviderRefused) as caught:
        desk.begin(desk.order(), "key-7")
    assert caught.value.code == "idempotency"


def test_a_refund_that_stripe_keeps_a_500_for_is_made_once(desk: Desk) -> None:
    reference, key = desk.begin(), str(uuid.uuid4())
    desk.do(sessions.pay, reference)
    desk.switch("fault", "error-kept")
    with pytest.raises(ProviderDown):
        desk.provider.refund(reference, Money(10, "EUR"), key)
    desk.switch("fault", None)
    for _time in range(2):
        assert desk.provider.refund(reference, Money(10, "EUR"), key).refund_id == key
    assert len(desk.fetch(reference).refunds) == 1


def test_a_refund_is_made_once_though_stripe_has_forgotten_the_key(desk: Desk) -> None:
    reference, key = desk.begin(), str(uuid.uuid4())
    desk.do(sessions.pay, reference)
    first = desk.provider.refund(reference, Money(10, "EUR"), key)
    later = time.time() + 26 * 3600
    clock.set_clock(lambda: later)
    try:
        with books() as opened:
            assert opened.answered(key) is None, "a day has passed"
        assert desk.provider.refund(reference, Money(10, "EUR"), key).id == first.id
    finally:
        clock.set_clock(None)


def test_a_payment_is_found_by_each_of_its_ids(desk: Desk) -> None:
    order = desk.order()
    reference = desk.begin(order)
    desk.do(sessions.pay, reference)
    refund = desk.provider.refund(reference, Money(10, "EUR"), str(uuid.uuid4()))
    with books() as opened:
        money_back.open_dispute(opened, opened.get(reference)["payment_intent"])
    found = desk.fetch(reference)
    assert [ref.partition("_")[0] for ref in found.refs] == ["pi", "ch", "re", "du"]
    assert refund.id in found.refs
    for ref in found.refs:
        assert desk.fetch(ref).reference == reference
        assert desk.fetch(ref).order_id == order.id


def test_a_declined_card_leaves_the_payment_open_for_another(desk: Desk) -> None:
    reference = desk.begin()
    desk.do(sessions.decline, reference)
    found = desk.fetch(reference)
    assert (found.status, found.reason) == ("pending", "Your card was declined.")
    desk.do(sessions.pay, reference)
    assert desk.fetch(reference).status == "completed"


def test_a_bank_debit_is_pending_until_the_bank_says(desk: Desk) -> None:
    reference = desk.begin()
    desk.do(sessions.debit, reference)
    assert desk.fetch(reference).status == "pending"
    desk.do(lambda opened, session: sessions.end_debit(opened, session, paid=True), reference)
    assert desk.fetch(reference).status == "completed"


def test_an_inquiry_is_no_dispute_until_it_becomes_one(desk: Desk) -> None:
    reference = desk.begin()
    desk.do(sessions.pay, reference)
    with books() as opened:
        money_back.open_dispute(opened, opened.get(reference)["payment_intent"], inquiry=True)
    assert not desk.fetch(reference).disputed
    with books() as opened:
        money_back.escalate_inquiry(opened, opened.get(reference)["payment_intent"])
    assert desk.fetch(reference).disputed


def test_more_refunds_and_events_than_a_page_holds_are_all_seen(desk: Desk) -> None:
    reference = desk.begin(desk.order(Money(150, "EUR")))
    desk.do(sessions.pay, reference)
    with books() as opened:
        for _refund in range(110):
            money_back.create_refund(opened, {"payment_intent": opened.get(reference)["payment_intent"], "amount": "100"})
    assert len(desk.fetch(reference).refunds) == 110
    others = [desk.begin() for _other in range(2)]
    desk.do(sessions.pay, others[0])
    changes = list(desk.provider.list_changes(now() - timedelta(hours=1)))
    assert len(changes) == len(set(changes))
    assert {desk.fetch(found).reference for found in changes} == {reference, others[0]}
    assert list(desk.provider.list_changes(now() + timedelta(hours=1))) == []


def test_too_many_requests_are_a_reason_to_ask_later(desk: Desk) -> None:
    reference = desk.begin()
    desk.switch("fault", "too-many")
    with pytest.raises(ProviderDown):
        desk.fetch(reference)


def test_a_wrong_key_is_refused_and_not_shown(desk: Desk) -> None:
    from pydantic import SecretStr

    wrong = desk.make(secret_key=SecretStr("sk_test_wrong_one_1234567890"))
    with pytest.raises(ProviderRefused) as caught:
        wrong.fetch("cs_test_1")
    assert caught.value.code == "authentication"
    assert "wrong_one" not in str(caught.value)


@pytest.mark.parametrize("answer", [
    b"", b"[]", b"null", b'{"object": "checkout.session"}', b'{"id": "cs_1"}', b'"text"', b"{", b"\xff\xfe",
])
def test_an_answer_that_makes_no_sense_is_none(desk: Desk, answer: bytes) -> None:
    asked = desk.make(**LIVE)
    with responses.RequestsMock() as network:
        network.post(SESSIONS, body=answer)
        network.get(f"{SESSIONS}/cs_1", body=answer)
        with pytest.raises(ProviderDown):
            asked.begin(desk.order(), "key", "https://school.example/x")
        with pytest.raises(ProviderDown):
            asked.fetch("cs_1")


@pytest.mark.parametrize(("status", "error"), [(301, ProviderDown), (409, ProviderDown), (429, ProviderDown), (503, ProviderDown)])
def test_answers_that_are_no_answer_are_asked_for_again_later(desk: Desk, status: int, error: type[Exception]) -> None:
    with responses.RequestsMock() as network:
        network.post(SESSIONS, status=status, json={"error": {"message": "x"}}, headers={"Location": "https://evil.example/"})
        with pytest.raises(error):
            desk.make(**LIVE).begin(desk.order(), "key", "https://school.example/x")
        assert len(network.calls) == 1, "the key goes nowhere else"


@pytest.mark.slow
def test_a_dropped_connection_is_tried_once_more_with_the_same_key(desk: Desk) -> None:
    with responses.RequestsMock() as network:
        network.post(SESSIONS, body=requests.ConnectionError("reset"))
        network.post(SESSIONS, json={"id": "cs_1", "object": "checkout.session", "url": "https://x.example/", "expires_at": 1,
                                     "payment_intent": None})
        assert desk.make(timeout=10.0, **LIVE).begin(desk.order(), "key", "https://school.example/x").reference == "cs_1"
        assert [call.request.headers["Idempotency-Key"] for call in network.calls] == ["key", "key"]


def test_all_calls_of_one_question_share_its_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = desk.begin()
    desk.do(sessions.pay, reference)
    left: list[float] = []
    whole = requests.Session.request

    def noting(session: requests.Session, *given: object, **named: object) -> requests.Response:
        left.append(float(str(named["timeout"])))
        return whole(session, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(requests.Session, "request", noting)
    desk.fetch(reference)
    assert len(left) == 2
    assert 2.0 >= left[0] > left[1]


@pytest.mark.slow
def test_nothing_is_imported_until_stripe_is_asked(app: Flask) -> None:
    import subprocess
    import sys

    code = ("import sys; import studium.plugins.stripe.provider, studium.testing.simulators.stripe_account; "
            "sys.exit('stripe' in sys.modules or 'requests' in sys.modules)")
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
