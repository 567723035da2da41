"""The real provider against the simulated YooKassa, which is the site itself on loopback; tests move the other side through its books."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
import responses
from flask import Flask
from pydantic import SecretStr

from studium.plugins.yookassa.provider import YookassaProvider, YookassaWithReceipts
from studium.plugins.yookassa.settings import YookassaSettings
from studium.services.money import Money
from studium.services.provider_registry import EXTENSION
from studium.services.providers import Order, ProviderContext
from studium.testing.providers.rig import Site
from studium.testing.providers.site_server import serving
from studium.testing.simulators import yookassa_account
from studium.testing.simulators.yookassa_store import Body, Books, books

API = "https://api.yookassa.ru/v3"
PAYMENT_ID = "2a7834f6-0001-5000-a000-1da326e5e123"
REFUND_ID = "2a7834f6-0002-5000-a000-1da326e5e456"
SITE = "https://school.example"
KEY = "test_abcdefgh1234"


def make(*, site: str = SITE, timeout: float = 2.0, key: str = KEY, **settings: Any) -> YookassaProvider:
    """A provider with these settings; with receipts when they say so."""
    found = YookassaSettings(shop_id="100500", secret_key=SecretStr(key), **settings)
    context = ProviderContext(site, f"{site}/webhooks/yookassa", "School", timeout)
    return (YookassaWithReceipts if found.receipts else YookassaProvider)(found, context)


def an_order(money: Money | None = None, **changed: Any) -> Order:
    """An order of a course."""
    given: dict[str, Any] = {"id": str(uuid.uuid4()), "number": "A-17", "title": "Чай для начинающих", "item": "Basic", "language": "ru",
                             "created_at": datetime(2026, 11, 22), "email": "anna@buyers.example"}
    return Order(money=money or Money(2900, "RUB"), **given | changed)


def a_payment(status: str = "succeeded", **changed: Any) -> dict[str, Any]:
    """A payment as YooKassa answers it."""
    return {"id": PAYMENT_ID, "status": status, "paid": status == "succeeded", "amount": {"value": "2900.00", "currency": "RUB"},
            "created_at": "2026-11-22T10:00:00.000Z", "test": True, "refundable": True, "metadata": {"order_id": "order-1"}} | changed


def a_refund(status: str = "succeeded", **changed: Any) -> dict[str, Any]:
    """A refund as YooKassa answers it."""
    return {"id": REFUND_ID, "payment_id": PAYMENT_ID, "status": status, "amount": {"value": "900.00", "currency": "RUB"},
            "created_at": "2026-11-22T11:00:00.000Z"} | changed


def listed(*found: dict[str, Any], **more: str) -> dict[str, Any]:
    """A page of a list."""
    return {"type": "list", "items": list(found)} | more


@pytest.fixture
def network() -> Iterator[responses.RequestsMock]:
    """Nothing is reached but what the test adds."""
    with responses.RequestsMock() as mocked:
        yield mocked


@pytest.fixture(scope="module")
def site(web_app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site over HTTP."""
    with serving(web_app, tmp_path_factory.mktemp("yookassa")) as found:
        yield found


@dataclass
class Desk:
    """A provider at work, inside an app context."""

    provider: YookassaProvider
    site: Site

    def begin(self, order: Order | None = None, key: str = "") -> str:
        """The reference of a payment that is begun."""
        order = order or an_order()
        return self.provider.begin(order, key or str(uuid.uuid4()), f"{self.site.url}/payments/{order.id}").reference

    def do(self, act: Callable[[Books, Body], object], reference: str) -> Body:
        """Something happens to a payment at YooKassa; the payment afterwards."""
        with books() as opened:
            act(opened, opened.get("payment", reference))
            return opened.get("payment", reference)

    def switch(self, name: str, value: object) -> None:
        """Turn a switch of the simulator."""
        with books() as opened:
            opened.set_switch(name, value)


@pytest.fixture
def desk(app: Flask, site: Site) -> Iterator[Desk]:
    """A desk with receipts where nothing has happened; notifications are kept back, and the site knows this provider alone."""
    with app.app_context():
        with books() as opened:
            opened.forget_all()
            opened.set_switch("manner", "lost")
        settings = yookassa_account.settings().model_copy(update={
            "api_base": f"{site.url}{yookassa_account.PATH}/v3", "receipts": True, "vat_code": 11})
        provider = YookassaWithReceipts(settings, ProviderContext(site.url, f"{site.url}/webhooks/yookassa", "School", 2.0))
        app.extensions[EXTENSION] = {"yookassa": provider}
        yield Desk(provider, site)
    app.extensions.pop(EXTENSION)
