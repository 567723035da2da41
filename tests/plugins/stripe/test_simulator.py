"""The simulated Stripe in the browser, and its webhooks: from the button on its page to the payment in the school."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient

from studium.core.database import query, reading
from studium.plugins.stripe.events import EVENTS
from studium.plugins.stripe.provider import StripeProvider
from studium.services.money import Money
from studium.services.provider_registry import EXTENSION, make_provider, provider_settings
from studium.testing.simulators import stripe_account, stripe_webhooks
from studium.testing.simulators.stripe_api import FAULTS
from studium.testing.simulators.stripe_store import books
from tests.plugins.stripe.conftest import Desk

BASE = "/simulators/stripe"


def press(client: FlaskClient, page: str, address: str = "", **form: str) -> str:
    """Fill a page's form and send it; where that leads."""
    token = re.findall(r'name="csrf_token" value="([^"]+)"', client.get(page).text)[0]
    answer = client.post(address or page, data={"csrf_token": token} | form)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def inbox() -> list[tuple[str, int]]:
    with reading():
        return [(row[0], row[1]) for row in query("SELECT kind, deliveries FROM webhook_delivery WHERE provider = 'stripe' ORDER BY id")]


@pytest.fixture
def telling(desk: Desk, app: Flask) -> Desk:
    """The desk with webhooks on, which the site takes as its own."""
    desk.switch("manner", None)
    app.extensions[EXTENSION] = {"stripe": desk.provider}
    yield desk
    app.extensions.pop(EXTENSION)


def test_hook_find_simulated_payments_answers_for_stripe_until_it_is_set_up(app: Flask) -> None:
    with app.app_context():
        found = make_provider(StripeProvider)
        assert isinstance(found, StripeProvider)
        assert provider_settings(StripeProvider) == stripe_account.settings()
        assert found.settings.api_base == "http://127.0.0.1:8000/simulators/stripe"
        assert not found.livemode


def test_production_has_no_simulator(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    from studium.core.runtime import runtime
    from studium.testing import simulators

    with app.app_context():
        monkeypatch.setattr(runtime().settings, "core", runtime().settings.core.model_copy(update={"env": "production"}))
        assert simulators.find_simulated_payments("stripe") is None
        assert list(simulators.register_jobs()) == []
        assert list(simulators.register_blueprints()) == []


@pytest.mark.parametrize("page", ["/pay/cs_none", "/payments/cs_none", "/pay/pi_1"])
def test_unknown_payments_have_no_page(client: FlaskClient, page: str) -> None:
    assert client.get(f"{BASE}{page}").status_code == 404


def test_the_api_wants_its_key(desk: Desk) -> None:
    address = f"{desk.site.url}{BASE}/v1/account"
    assert requests.get(address, timeout=5).status_code == 401
    assert requests.get(address, headers={"Authorization": "Bearer sk_test_ж".encode()}, timeout=5).status_code == 401
    assert requests.get(address, headers={"Authorization": f"Bearer {stripe_account.api_key()}"}, timeout=5).status_code == 200


def test_a_card_pays_and_leads_back_to_the_school(desk: Desk, client: FlaskClient) -> None:
    reference = desk.begin(desk.order(title="Чай & <tea>"))
    page = client.get(f"{BASE}/pay/{reference}").text
    assert "€29" in page
    assert "Чай &amp; &lt;tea&gt;" in page
    assert press(client, f"{BASE}/pay/{reference}", card="success").startswith(f"{desk.site.url}/payments/")
    assert desk.fetch(reference).status == "completed"
    assert "You have paid" in client.get(f"{BASE}/pay/{reference}").text


def test_3_d_secure_asks_in_between(desk: Desk, client: FlaskClient) -> None:
    reference = desk.begin()
    challenge = press(client, f"{BASE}/pay/{reference}", card="challenge")
    assert "is it you who pays" in client.get(challenge).text
    press(client, challenge, f"{BASE}/pay/{reference}", card="authentication_required")
    assert "unable to authenticate" in client.get(f"{BASE}/pay/{reference}").text
    assert desk.fetch(reference).status == "pending"
    press(client, challenge, f"{BASE}/pay/{reference}", card="success")
    assert desk.fetch(reference).status == "completed"


def test_a_declined_card_may_be_followed_by_another(desk: Desk, client: FlaskClient) -> None:
    reference = desk.begin()
    assert press(client, f"{BASE}/pay/{reference}", card="insufficient_funds") == f"{BASE}/pay/{reference}"
    assert 'role="alert">Your card has insufficient funds.' in client.get(f"{BASE}/pay/{reference}").text
    press(client, f"{BASE}/pay/{reference}", card="success")
    assert desk.fetch(reference).status == "completed"


@pytest.mark.parametrize(("action", "status"), [("debit-paid", "completed"), ("debit-failed", "failed")])
def test_a_bank_debit_ends_in_the_dashboard(desk: Desk, client: FlaskClient, action: str, status: str) -> None:
    reference = desk.begin()
    press(client, f"{BASE}/pay/{reference}", card="debit")
    assert desk.fetch(reference).status == "pending"
    press(client, f"{BASE}/payments/{reference}", f"{BASE}/payments/{reference}/{action}")
    assert desk.fetch(reference).status == status


def test_the_dashboard_refunds_in_parts_and_not_too_much(desk: Desk, client: FlaskClient) -> None:
    reference = desk.begin()
    press(client, f"{BASE}/pay/{reference}", card="success")
    page = f"{BASE}/payments/{reference}"
    press(client, page, f"{page}/refund", amount="10,50")
    assert [one.money for one in desk.fetch(reference).refunds] == [Money("10.50", "EUR")]
    for wrong in ("20", "-1", "x", "1.234", "1e99"):
        token = re.findall(r'name="csrf_token" value="([^"]+)"', client.get(page).text)[0]
        assert client.post(f"{page}/refund", data={"csrf_token": token, "amount": wrong}).status_code == 400, wrong
    press(client, page, f"{page}/refund")
    assert sum(one.money.minor for one in desk.fetch(reference).refunds) == 2900


def test_the_dashboard_disputes_and_decides(desk: Desk, client: FlaskClient) -> None:
    for action, lost in (("win", False), ("lose", True)):
        reference = desk.begin()
        press(client, f"{BASE}/pay/{reference}", card="success")
        page = f"{BASE}/payments/{reference}"
        press(client, page, f"{page}/dispute")
        assert desk.fetch(reference).disputed
        press(client, page, f"{page}/{action}")
        found = desk.fetch(reference)
        assert (found.disputed, found.dispute_lost) == (False, lost)


def test_forms_want_the_token_against_forgery(desk: Desk, client: FlaskClient) -> None:
    reference = desk.begin()
    for address in (f"/pay/{reference}", f"/payments/{reference}/expire", "/switches"):
        assert client.post(f"{BASE}{address}", data={"card": "success"}).status_code == 400
    assert desk.fetch(reference).status == "pending"


def test_every_fault_of_the_dashboard_can_be_switched_on_and_off(desk: Desk, client: FlaskClient) -> None:
    for fault in (*list(FAULTS)[1:], ""):
        press(client, BASE, f"{BASE}/switches", fault=fault, manner="late")
        with books() as opened:
            assert (opened.switch("fault") or "", opened.switch("manner")) == (fault, "late")
    token = re.findall(r'name="csrf_token" value="([^"]+)"', client.get(BASE).text)[0]
    assert client.post(f"{BASE}/switches", data={"csrf_token": token, "fault": "gremlins"}).status_code == 400


def test_a_session_whose_time_ran_out_is_expired_for_everybody(desk: Desk, client: FlaskClient, frozen_clock: object) -> None:
    reference = desk.begin()
    frozen_clock.advance(24 * 3600)  # type: ignore[attr-defined]
    assert "The time to pay is over" in client.get(f"{BASE}/pay/{reference}").text
    assert desk.fetch(reference).status == "expired"


def test_webhooks_reach_the_inbox_over_http_with_both_signatures_while_the_secret_is_rolled(
    telling: Desk, client: FlaskClient, run_jobs: Callable[[], int]
) -> None:
    telling.switch("rolled_secret", "whsec_old")
    press(client, f"{BASE}/pay/{telling.begin()}", card="success")
    run_jobs()
    assert inbox() == [("checkout.session.completed", 1)]


@pytest.mark.parametrize(("manner", "found"), [("duplicate", [("checkout.session.completed", 3)]), ("lost", []), ("late", [])])
def test_webhooks_come_in_the_manner_that_was_chosen(
    telling: Desk, client: FlaskClient, run_jobs: Callable[[], int], manner: str, found: list[tuple[str, int]]
) -> None:
    telling.switch("manner", manner)
    press(client, f"{BASE}/pay/{telling.begin()}", card="success")
    run_jobs()
    assert inbox() == found


def test_webhooks_may_come_in_the_wrong_order(telling: Desk, client: FlaskClient) -> None:
    reference = telling.begin()
    press(client, f"{BASE}/pay/{reference}", card="success")
    telling.switch("manner", "reordered")
    press(client, f"{BASE}/payments/{reference}", f"{BASE}/payments/{reference}/dispute")
    with reading():
        rows = query("SELECT params FROM job WHERE kind = 'simulated_stripe_webhook' ORDER BY run_at")
    with books() as opened:
        kinds = [(opened.find(json.loads(row[0])["event"]) or {})["type"] for row in rows]
    assert kinds[-2:] == ["charge.dispute.funds_withdrawn", "charge.dispute.created"]


def test_each_event_of_the_table_is_sent_by_some_button(telling: Desk, client: FlaskClient) -> None:
    def go(card: str, *actions: str) -> None:
        reference = telling.begin()
        if card:
            press(client, f"{BASE}/pay/{reference}", card=card)
        for action in actions:
            press(client, f"{BASE}/payments/{reference}", f"{BASE}/payments/{reference}/{action}")

    go("success", "warn", "dispute", "win")
    go("success", "inquire", "escalate", "lose")
    go("success", "refund", "refunds-fail")
    go("debit", "debit-paid")
    go("debit", "debit-failed")
    go("", "expire")
    with books() as opened:
        assert {event["type"] for event in opened.all("event")} >= set(EVENTS)


def test_a_webhook_that_the_site_refuses_is_sent_again(telling: Desk, client: FlaskClient, run_jobs: Callable[[], int]) -> None:
    telling.switch("endpoint", f"{telling.site.url}/webhooks/nobody")
    press(client, f"{BASE}/pay/{telling.begin()}", card="success")
    run_jobs()
    with reading():
        assert [row[0] for row in query("SELECT state FROM job WHERE kind = 'simulated_stripe_webhook'")] == ["retrying"]


def test_the_signature_is_the_one_that_the_sdk_makes(app: Flask) -> None:
    import stripe

    with app.app_context():
        raw, headers = stripe_webhooks.delivery({"id": "evt_1", "object": "event", "type": "x"})
        assert stripe.Webhook.construct_event(raw, headers["Stripe-Signature"], stripe_account.webhook_secret()).id == "evt_1"


def test_state_is_kept_in_the_simulators_own_file(desk: Desk, app: Flask) -> None:
    desk.begin()
    folder = Path(app.extensions["studium"].settings.core.data_dir)
    assert (folder / "simulators.sqlite3").exists()
