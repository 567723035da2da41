"""What Stripe's events are about: only ids are read of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from studium.plugins.stripe.events import EVENTS, NEEDED, read_event
from studium.services.providers import InvalidWebhook, Notice
from studium.testing.simulators.stripe_webhooks import ENABLED_EVENTS


def event(kind: str, **found: Any) -> bytes:
    return json.dumps({"id": "evt_1", "object": "event", "type": kind, "data": {"object": found}}).encode()


@pytest.mark.parametrize("kind", [name for name in EVENTS if name.startswith("checkout.")])
def test_an_event_of_a_session_is_about_the_session(kind: str) -> None:
    assert read_event(event(kind, id="cs_1", payment_intent="pi_1")) == [Notice("evt_1", kind, "cs_1")]


@pytest.mark.parametrize("kind", [name for name in EVENTS if name.startswith(("charge.", "refund.", "radar."))])
def test_charges_refunds_disputes_and_warnings_are_about_their_intent(kind: str) -> None:
    assert read_event(event(kind, id="du_1", charge="ch_1", payment_intent="pi_1")) == [Notice("evt_1", kind, "pi_1")]
    assert read_event(event(kind, id="du_1", charge="ch_1", payment_intent=None)) == [Notice("evt_1", kind, "ch_1")]
    assert read_event(event(kind, id="du_1", charge="ch_1", payment_intent={"id": "pi_2"})) == [Notice("evt_1", kind, "pi_2")]


def test_a_declined_attempt_is_about_the_intent_itself() -> None:
    assert read_event(event("payment_intent.payment_failed", id="pi_1", latest_charge="ch_1")) == [
        Notice("evt_1", "payment_intent.payment_failed", "pi_1")]


@pytest.mark.parametrize("kind", ["customer.created", "review.opened", "payment_intent.succeeded", "charge.succeeded", "payout.paid", ""])
def test_other_events_are_of_no_interest(kind: str) -> None:
    assert read_event(event(kind, id="cus_1")) == []


def test_thin_events_and_odd_ids_are_of_no_interest() -> None:
    assert read_event(b'{"id": "evt_1", "object": "v2.core.event", "type": "v2.core.account.updated"}') == []
    assert read_event(event("checkout.session.completed", id="../../account")) == []
    assert read_event(event("checkout.session.completed", id=7)) == []
    assert read_event(event("checkout.session.completed", id="cs_" + "1" * 300)) == []


@pytest.mark.parametrize("raw", [
    b"", b"{", b"[]", b"null", b"{}", b'{"id": 7, "type": "x"}', b'{"id": "evt_1"}', b'{"id": "e\\u0000", "type": ""}', b"\xff",
    b"[" * 100_000,
])
def test_what_is_no_event_is_malformed(raw: bytes) -> None:
    with pytest.raises(InvalidWebhook) as caught:
        read_event(raw)
    assert caught.value.reason == "malformed"


def test_the_simulator_sends_every_event_that_is_listened_to() -> None:
    assert set(ENABLED_EVENTS) == set(EVENTS)
    assert set(EVENTS) > NEEDED


def test_every_event_is_one_that_an_endpoint_can_be_subscribed_to() -> None:
    from stripe.params._webhook_endpoint_create_params import WebhookEndpointCreateParams

    known = str(WebhookEndpointCreateParams.__annotations__["enabled_events"])
    assert [name for name in EVENTS if f"'{name}'" not in known and f'"{name}"' not in known] == []
