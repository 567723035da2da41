"""The pages of the sandbox: pay in each way, then refund and dispute; the buttons do what they say."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.core.database import query, reading
from studium.plugins.sandbox import service
from studium.plugins.sandbox.sqlite_store import Body, books
from tests.plugins.sandbox.conftest import Asked


def press(client: FlaskClient, reference: str, action: str, **form: str) -> str:
    """Where a button leads."""
    page = client.get(f"/sandbox/{reference}").text
    token = re.findall(r'name="csrf_token" value="([^"]+)"', page)[0]
    answer = client.post(f"/sandbox/{reference}/{action}", data={"csrf_token": token} | form)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def found(app: Flask, reference: str) -> Body:
    with app.app_context():
        return service.find(reference) or {}


def webhooks(app: Flask) -> int:
    with app.app_context(), reading():
        return len(query("SELECT id FROM job WHERE kind = 'sandbox_webhook'"))


def test_the_page_says_that_it_is_a_simulation_and_shows_what_is_bought(client: FlaskClient, asked: Asked) -> None:
    page = client.get(f"/sandbox/{asked()}").text
    assert "This is a simulation. No real money moves" in page
    assert "Чай &amp; tea" in page
    assert "€29" in page


@pytest.mark.parametrize(("action", "status"), [("pay", "completed"), ("decline", "failed"), ("expire", "expired")])
def test_a_button_ends_the_payment_and_leads_back(app: Flask, client: FlaskClient, asked: Asked, action: str, status: str) -> None:
    reference = asked()
    assert press(client, reference, action) == "/payments/1", "at the host where the browser is"
    assert found(app, reference)["status"] == status


@pytest.mark.parametrize(("code", "status"), [("1234", "completed"), (" 1234 ", "completed"), ("4321", "failed"), ("ж", "failed")])
def test_the_bank_asks_for_a_code_and_the_right_one_pays(app: Flask, client: FlaskClient, asked: Asked, code: str, status: str) -> None:
    reference = asked()
    assert press(client, reference, "ask-code", manner="lost") == f"/sandbox/{reference}/challenge?manner=lost"
    assert "Confirm with your bank" in client.get(f"/sandbox/{reference}/challenge").text
    press(client, reference, "answer-code", code=code)
    assert found(app, reference)["status"] == status


def test_a_payment_that_takes_its_time_is_pending_until_then(app: Flask, client: FlaskClient, asked: Asked, frozen_clock: object) -> None:
    reference = asked()
    press(client, reference, "pay-later", seconds="30")
    assert found(app, reference)["status"] == "pending"
    frozen_clock.advance(31)  # type: ignore[attr-defined]
    assert found(app, reference)["status"] == "completed"


def test_the_wrong_amount_is_half(app: Flask, client: FlaskClient, asked: Asked) -> None:
    reference = asked()
    press(client, reference, "pay-wrong")
    assert found(app, reference)["amount"] == 1450


@pytest.mark.parametrize(("manner", "count"), [("once", 2), ("duplicate", 6), ("reordered", 2), ("late", 2), ("lost", 0), ("nonsense", 2)])
def test_webhooks_go_out_in_the_chosen_manner(app: Flask, client: FlaskClient, asked: Asked, manner: str, count: int) -> None:
    press(client, asked(), "pay", manner=manner)
    assert webhooks(app) == count


def test_reordered_webhooks_tell_the_end_before_the_beginning(app: Flask, client: FlaskClient, asked: Asked) -> None:
    press(client, asked(), "pay", manner="reordered")
    with app.app_context(), reading():
        kinds = [re.findall(r"payment\.\w+", row[0])[0]
                 for row in query("SELECT params FROM job WHERE kind = 'sandbox_webhook' ORDER BY run_at")]
    assert kinds == ["payment.completed", "payment.authorized"]


def test_refunds_and_disputes_follow_the_buttons(app: Flask, client: FlaskClient, asked: Asked) -> None:
    reference = asked()
    press(client, reference, "pay")
    assert press(client, reference, "refund", amount="9,00") == f"/sandbox/{reference}"
    press(client, reference, "dispute")
    assert found(app, reference)["dispute"] == "open"
    assert "The buyer wins" in client.get(f"/sandbox/{reference}").text
    press(client, reference, "win")
    press(client, reference, "refund")
    assert [one["amount"] for one in found(app, reference)["refunds"]] == [900, 2000]
    assert found(app, reference)["dispute"] == "won"


@pytest.mark.parametrize("amount", ["30", "0", "-1", "9.999", "nan", "1e999", "ж"])
def test_a_refund_that_cannot_be_is_a_clear_400(app: Flask, client: FlaskClient, asked: Asked, amount: str) -> None:
    reference = asked()
    press(client, reference, "pay")
    token = re.findall(r'name="csrf_token" value="([^"]+)"', client.get(f"/sandbox/{reference}").text)[0]
    answer = client.post(f"/sandbox/{reference}/refund", data={"csrf_token": token, "amount": amount})
    assert answer.status_code == 400
    assert found(app, reference)["refunds"] == []


def test_held_refunds_wait_for_their_button(app: Flask, client: FlaskClient, asked: Asked) -> None:
    reference = asked()
    press(client, reference, "pay")
    press(client, reference, "hold-refunds")
    with app.app_context():
        assert service.refund(reference, 100, "key-1", 1.0)["status"] == "pending"
    press(client, reference, "fail-refunds")
    assert found(app, reference)["refunds"][0]["status"] == "failed"


def test_unknown_payments_and_buttons_are_not_found(client: FlaskClient, asked: Asked) -> None:
    reference = asked()
    assert client.get("/sandbox/sbx_nothing").status_code == 404
    token = re.findall(r'name="csrf_token" value="([^"]+)"', client.get(f"/sandbox/{reference}").text)[0]
    assert client.post(f"/sandbox/{reference}/explode", data={"csrf_token": token}).status_code == 404


def test_a_fault_is_set_on_the_overview(app: Flask, client: FlaskClient, asked: Asked) -> None:
    asked()
    page = client.get("/sandbox/").text
    assert "A-1" in page
    token = re.findall(r'name="csrf_token" value="([^"]+)"', page)[0]
    assert client.post("/sandbox/fault", data={"csrf_token": token, "fault": "error"}).status_code == 303
    with app.app_context(), books() as opened:
        assert opened.fault() == "error"
    assert client.post("/sandbox/fault", data={"csrf_token": token, "fault": "explode"}).status_code == 400
