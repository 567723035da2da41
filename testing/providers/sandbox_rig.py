"""The sandbox on the bench: an example of a rig, and the proof that the kit can be satisfied."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Collection, Sequence
from typing import Any, ClassVar, Literal

from studium.core.clock import now_ms
from studium.plugins.sandbox import service
from studium.plugins.sandbox.provider import SandboxProvider
from studium.plugins.sandbox.service import Event
from studium.plugins.sandbox.settings import SandboxSettings
from studium.plugins.sandbox.signing import HEADER, TOLERANCE, sign, webhook_key
from studium.plugins.sandbox.sqlite_store import Body, books
from studium.services.money import Money
from studium.services.providers import PaymentProvider, ProviderSettings
from studium.testing.providers.rig import Delivery, Fault, ProviderRig, Site


class SandboxRig(ProviderRig):
    """Drives the sandbox's service as its pages do."""

    provider: ClassVar[type[PaymentProvider]] = SandboxProvider
    tolerance = float(TOLERANCE)
    amounts: ClassVar[dict[Money, str]] = {
        Money("29.90", "EUR"): "2990", Money(500, "JPY"): "500", Money("1.234", "KWD"): "1234", Money(1000, "ISK"): "1000",
        Money(9000, "UGX"): "9000",
    }

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._events: dict[str, list[Event]] = {}

    def settings(self) -> ProviderSettings:
        """None are needed."""
        return SandboxSettings(enabled=None)

    def reset(self) -> None:
        """Forget everything."""
        self._events.clear()
        with books() as opened:
            opened.forget_all()

    def set_fault(self, fault: Fault) -> None:
        """The sandbox has faults of the same names."""
        with books() as opened:
            opened.set_fault(fault)

    def payments_of(self, order_id: str) -> int:
        """How many payments of this order there are."""
        with books() as opened:
            return sum(found["order_id"] == order_id for found in opened.latest(1000))

    def keys(self, call: Literal["begin", "refund"]) -> Sequence[str]:
        """The keys of these calls."""
        with books() as opened:
            return opened.calls(call)

    def sent_amount(self, reference: str) -> str:
        """Minor units, as text."""
        return str(self._payment(reference)["amount"])

    def sent_title(self, reference: str) -> str:
        """The title that was sent."""
        return str(self._payment(reference)["title"])

    def refunded(self, reference: str) -> Sequence[Money]:
        """Refunds but those that failed."""
        found = self._payment(reference)
        return [Money.from_minor(one["amount"], found["currency"]) for one in found["refunds"] if one["status"] != "failed"]

    def pay(self, reference: str) -> None:
        """The button "Pay"."""
        self._note(reference, service.pay(reference))

    def decline(self, reference: str) -> None:
        """The button "Have the card declined"."""
        self._note(reference, service.decline(reference))

    def expire(self, reference: str) -> None:
        """The button "Let the time run out"."""
        self._note(reference, service.expire(reference))

    def falsify(self, reference: str, *, money: Money | None = None, livemode: bool | None = None, order_id: str | None = None) -> None:
        """Changes the record."""
        changed: Body = {}
        if money is not None:
            changed |= {"amount": money.minor, "currency": money.currency}
        if livemode is not None:
            changed["livemode"] = livemode
        if order_id is not None:
            changed["order_id"] = order_id
        self._change(reference, changed)

    def refund_elsewhere(self, reference: str, money: Money) -> None:
        """The button "Refund"."""
        self._note(reference, service.refund_here(reference, money.minor))

    def hold_refunds(self) -> None:
        """Of all payments that there are."""
        with books() as opened:
            found = opened.latest(1000)
        for payment in found:
            service.hold_refunds(payment["id"], hold=True)

    def end_refunds(self, reference: str, *, completed: bool) -> None:
        """The buttons for waiting refunds."""
        self._note(reference, service.end_refunds(reference, completed=completed))

    def dispute(self, reference: str) -> None:
        """The button "Dispute it"."""
        self._note(reference, service.dispute(reference))

    def end_dispute(self, reference: str, *, won: bool) -> None:
        """The buttons "The school wins" and "The buyer wins"."""
        self._note(reference, service.end_dispute(reference, won=won))

    def deliveries(self, reference: str) -> Sequence[Delivery]:
        """The events since last time."""
        return [_delivery(event.body()) for event in self._events.pop(reference, [])]

    def claim_paid(self, reference: str) -> Delivery:
        """A webhook as after a payment."""
        return _delivery({"id": f"sbe_claim_{time.monotonic_ns()}", "type": "payment.completed", "created": 1,
                          "object": {"id": reference, "status": "completed"}})

    def resign(self, delivery: Delivery, *, raw: bytes | None = None, age: float = 0.0) -> Delivery:
        """Signed with the real key."""
        return _signed(delivery, webhook_key(), delivery.raw if raw is None else raw, age)

    def forge(self, delivery: Delivery) -> Delivery:
        """Signed with another key."""
        return _signed(delivery, "0" * 64, delivery.raw, 0.0)

    def secrets(self) -> Collection[str]:
        """The key of its webhooks."""
        return {webhook_key()}

    def _payment(self, reference: str) -> Body:
        found = service.find(reference)
        if found is None:
            raise LookupError(reference)
        return found

    def _change(self, reference: str, changed: Body) -> None:
        payment = self._payment(reference)
        with books() as opened:
            opened.keep(payment | changed, now_ms() / 1000)

    def _note(self, reference: str, events: Sequence[Event]) -> None:
        self._events.setdefault(reference, []).extend(events)


def _delivery(body: dict[str, Any]) -> Delivery:
    raw = json.dumps(body).encode()
    return _signed(Delivery(raw, {"Content-Type": "application/json"}), webhook_key(), raw, 0.0)


def _signed(delivery: Delivery, key: str, raw: bytes, age: float) -> Delivery:
    at = int(now_ms() / 1000 - age)
    return dataclasses.replace(delivery, raw=raw, headers={**delivery.headers, HEADER: sign(raw, key, at)})
