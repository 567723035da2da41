"""The real provider against the simulated Stripe, which is the site itself on loopback; tests move the other side through its books."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from flask import Flask

from studium.core.clock import now
from studium.plugins.stripe.provider import StripeProvider
from studium.plugins.stripe.settings import StripeSettings
from studium.services.money import Money
from studium.services.providers import Order, ProviderContext, Snapshot
from studium.testing.providers.rig import Site
from studium.testing.providers.site_server import serving
from studium.testing.simulators import stripe_account
from studium.testing.simulators.stripe_store import Body, Books, books

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def site(web_app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site over HTTP."""
    with serving(web_app, tmp_path_factory.mktemp("stripe")) as found:
        yield found


@dataclass
class Desk:
    """A provider at work, inside an app context."""

    provider: StripeProvider
    site: Site

    def order(self, money: Money | None = None, language: str = "en", title: str = "Tea") -> Order:
        """A new order."""
        return Order(str(uuid.uuid4()), f"A-{next(_numbers)}", money or Money(29, "EUR"), title, "Basic", language, now())

    def begin(self, order: Order | None = None, key: str = "") -> str:
        """The reference of a payment that is begun."""
        order = order or self.order()
        return self.provider.begin(order, key or str(uuid.uuid4()), f"{self.site.url}/payments/{order.id}").reference

    def fetch(self, reference: str) -> Snapshot:
        """As the provider sees it."""
        return self.provider.fetch(reference)

    def do(self, act: Callable[[Books, Body], object], reference: str) -> Body:
        """Something happens to a session at Stripe; the session afterwards."""
        with books() as opened:
            act(opened, opened.get(reference))
            return opened.get(reference)

    def intent(self, reference: str) -> str:
        """The payment intent of a session."""
        with books() as opened:
            return str(opened.get(reference)["payment_intent"])

    def switch(self, name: str, value: object) -> None:
        """Turn a switch of the simulator."""
        with books() as opened:
            opened.set_switch(name, value)

    def make(self, *, site_url: str = "", timeout: float = 2.0, **settings: object) -> StripeProvider:
        """Another provider of the same simulated account."""
        base = site_url or self.site.url
        context = ProviderContext(base, f"{base}/webhooks/stripe", "School", timeout)
        return StripeProvider(_settings(self.site).model_copy(update=settings), context)


@pytest.fixture
def desk(app: Flask, site: Site) -> Iterator[Desk]:
    """A desk where nothing has happened; webhooks are kept back."""
    with app.app_context():
        with books() as opened:
            opened.forget_all()
            opened.set_switch("manner", "lost")
            opened.set_switch("endpoint", f"{site.url}/webhooks/stripe")
        context = ProviderContext(site.url, f"{site.url}/webhooks/stripe", "School", 2.0)
        yield Desk(StripeProvider(_settings(site), context), site)


def _settings(site: Site) -> StripeSettings:
    return stripe_account.settings().model_copy(update={"api_base": f"{site.url}{stripe_account.PATH}"})
