"""Payments of Anna's that wait for their money, deliveries of webhooks, and what came of them as plain values; fixtures for conftest.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from shop import ShopService

from studium.core.clock import now
from studium.core.database import reading
from studium.core.entities import Fact
from studium.plugins.payments import beginning, checkout
from studium.plugins.payments.entities import Enrolment, LedgerEntry, Payment, PaymentEvent, Refund, WebhookDelivery
from tests.plugins.payments.school import COURSE, School

Begun = Callable[..., str]
Deliver = Callable[..., int]


@pytest.fixture
def inside(app: Flask) -> Iterator[Flask]:
    """The test runs in an app context."""
    with app.app_context():
        yield app


@pytest.fixture
def begun(inside: Flask, school: School, anna: int) -> Begun:
    """`begun("basic")` is the id of a payment of Anna's that the provider knows; `provider`, `currency`, `user_id` as told."""

    def do(tier: str = "basic", *, provider: str = "shop", currency: str = "USD", user_id: int | None = None) -> str:
        payment_id = checkout.start(
            user_id or anna, COURSE, tier, provider=provider, currency=currency, coupon=None, email=None, language="en")
        beginning.begin(payment_id)
        return payment_id

    return do


@pytest.fixture
def deliver(inside: Flask, shop: ShopService) -> Deliver:
    """`deliver(reference)` brings a webhook about it to the site; the status of the answer. `event` is its key, a new one without it."""

    def do(reference: str, event: str = "", client: FlaskClient | None = None, **headers: str) -> int:
        body, signed = shop.webhook(reference, event)
        return (client or inside.test_client()).post("/webhooks/shop", data=body, headers=signed | headers).status_code

    return do


def row_of(payment_id: str) -> dict[str, Any]:
    """The payment as a dict."""
    with reading():
        found: dict[str, Any] = Payment.get(id=payment_id).to_dict()
        return found


def status(payment_id: str) -> str:
    """Its status."""
    return str(row_of(payment_id)["status"])


def reference_of(payment_id: str) -> str:
    """The shop's id of it."""
    return str(row_of(payment_id)["reference"])


def audit(payment_id: str, *events: str) -> list[tuple[str, str, str, str]]:
    """(event, before, after, cause) of the audit, of these events or all."""
    with reading():
        rows = PaymentEvent.select(lambda row: row.payment_id == payment_id).order_by(PaymentEvent.id)
        return [(row.event, row.before, row.after, row.cause) for row in rows if not events or row.event in events]


def rules(payment_id: str, event: str) -> list[str]:
    """The rules that the audit names with an event."""
    with reading():
        rows = PaymentEvent.select(lambda row: row.payment_id == payment_id and row.event == event).order_by(PaymentEvent.id)
        return [row.rule for row in rows]


def ledger(payment_id: str) -> list[tuple[str, int]]:
    """(kind, minor units) of what moved."""
    with reading():
        rows = LedgerEntry.select(lambda row: row.payment_id == payment_id).order_by(LedgerEntry.id)
        return [(row.kind, row.amount_minor) for row in rows]


def refunds(payment_id: str) -> list[tuple[str, int]]:
    """(status, minor units) of its refunds."""
    with reading():
        rows = Refund.select(lambda row: row.payment_id == payment_id).order_by(Refund.created_at)
        return [(row.status, row.amount_minor) for row in rows]


def enrolled(user_id: int) -> list[str]:
    """Keys of the tiers that run."""
    moment = now()
    with reading():
        rows = Enrolment.select(lambda row: row.user_id == user_id and row.revoked_at is None)
        return sorted(row.tier_key for row in rows if row.expires_at is None or row.expires_at > moment)


def facts(name: str) -> list[str]:
    """What was published under the name, as JSON."""
    with reading():
        return [row.payload for row in Fact.select(lambda row: row.name == name).order_by(Fact.id)]


def deliveries() -> list[tuple[str, int, str | None]]:
    """(state, how often it came, payment) of the inbox."""
    with reading():
        return [(row.state, row.deliveries, row.payment_id) for row in WebhookDelivery.select().order_by(WebhookDelivery.id)]
