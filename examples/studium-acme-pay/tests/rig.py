"""Acme Pay on the bench: tells the conformance kit of Studium how to play the buyer, the service and the thief."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import SecretStr
from studium.services.money import Money
from studium.services.providers import PaymentProvider, ProviderSettings
from studium.testing.providers import Delivery, Fault, ProviderRig, Site

from studium_acme_pay.provider import AcmePayProvider
from studium_acme_pay.settings import AcmePaySettings
from tests.service import PAYER, Body, Service
from tests.simulator import HEADER, serve, sign

KEY, SECRET = "test_0123456789abcdef", "whsec_0123456789abcdef"
NOBODY = "http://127.0.0.1:1/v1"


class Rig(ProviderRig):
    """Drives the simulator."""

    provider: ClassVar[type[PaymentProvider]] = AcmePayProvider
    plugins = ("studium_acme_pay",)
    timeout = 1.0  # seconds; more where the machine is slow
    amounts: ClassVar[Mapping[Money, str]] = {  # by the documentation of the service, not by what the provider does
        Money("29.90", "EUR"): "2990", Money(500, "JPY"): "500", Money("1.234", "KWD"): "1234",
    }

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.service = Service(KEY, SECRET)
        self.service.patience = self.timeout * 4
        self._server = serve(self.service)
        self._told: dict[str, int] = {}

    def settings(self) -> ProviderSettings:
        """Lead to the simulator."""
        address = NOBODY if self.fault == "unreachable" else f"{self.service.address}/v1"
        return AcmePaySettings(api_key=SecretStr(KEY), webhook_secret=SecretStr(SECRET), api_base=address)

    def reset(self) -> None:
        """Forget everything."""
        self.service.forget()
        self._told.clear()

    def set_fault(self, fault: Fault) -> None:
        """The simulator has faults of the same names."""
        self.service.fault = fault

    def payments_of(self, order_id: str) -> int:
        """How many payments of this order there are."""
        return sum(found["order_id"] == order_id for found in self.service.payments.values())

    def keys(self, call: Literal["begin", "refund"]) -> Sequence[str]:
        """The idempotency keys of these calls."""
        return tuple(self.service.keys[call])

    def sent_amount(self, reference: str) -> str:
        """Minor units, as text."""
        return str(self.service.find(reference)["amount"])

    def sent_title(self, reference: str) -> str:
        """What it is for."""
        return str(self.service.find(reference)["title"])

    def refunded(self, reference: str) -> Sequence[Money]:
        """Refunds but those that failed."""
        found = self.service.find(reference)
        return [Money.from_minor(one["amount"], found["currency"]) for one in found["refunds"] if one["status"] != "failed"]

    def pay(self, reference: str) -> None:
        """The buyer pays."""
        self.service.pay(reference)

    def decline(self, reference: str) -> None:
        """The card is refused."""
        self.service.decline(reference)

    def expire(self, reference: str) -> None:
        """The time is over."""
        self.service.expire(reference)

    def falsify(self, reference: str, *, money: Money | None = None, livemode: bool | None = None, order_id: str | None = None) -> None:
        """Other values in the books."""
        changed: dict[str, Any] = {} if money is None else {"amount": money.minor, "currency": money.currency}
        self.service.falsify(reference, **changed, **({} if livemode is None else {"live": livemode}),
                             **({} if order_id is None else {"order_id": order_id}))

    def refund_elsewhere(self, reference: str, money: Money) -> None:
        """On the service's own pages."""
        self.service.refund_here(reference, money.minor)

    def hold_refunds(self) -> None:
        """Refunds wait."""
        self.service.holds_refunds = True

    def end_refunds(self, reference: str, *, completed: bool) -> None:
        """Refunds that wait end."""
        self.service.end_refunds(reference, "completed" if completed else "failed")

    def dispute(self, reference: str) -> None:
        """The buyer goes to the bank."""
        self.service.dispute(reference, "open")

    def end_dispute(self, reference: str, *, won: bool) -> None:
        """The bank decides."""
        self.service.dispute(reference, "won" if won else "lost")

    def deliveries(self, reference: str) -> Sequence[Delivery]:
        """The events of this payment since last time."""
        events = [event for event in self.service.events if event["payment_id"] == reference]
        before, self._told[reference] = self._told.get(reference, 0), len(events)
        return [_delivery(event) for event in events[before:]]

    def claim_paid(self, reference: str) -> Delivery:
        """A webhook as after a payment."""
        return _delivery(self.service.event(reference, "payment.paid"))

    def resign(self, delivery: Delivery, *, raw: bytes | None = None, age: float = 0.0) -> Delivery:
        """Signed with the real secret."""
        return _signed(SECRET, delivery, delivery.raw if raw is None else raw, age)

    def forge(self, delivery: Delivery) -> Delivery:
        """Signed with another secret."""
        return _signed("whsec_of_somebody_else", delivery, delivery.raw, 0.0)

    def personal(self) -> Collection[str]:
        """What the service says of the buyer."""
        return tuple(PAYER.values())


def _delivery(body: Body) -> Delivery:
    raw = json.dumps(body).encode()
    return _signed(SECRET, Delivery(raw, {"Content-Type": "application/json"}), raw, 0.0)


def _signed(secret: str, delivery: Delivery, raw: bytes, age: float) -> Delivery:
    return dataclasses.replace(delivery, raw=raw, headers={**delivery.headers, HEADER: sign(secret, raw, int(time.time() - age))})
