"""Stripe on the bench: the real provider and the real SDK over HTTP, against the simulated Stripe."""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar, Literal

from studium.plugins.stripe.provider import StripeProvider
from studium.plugins.stripe.signatures import TOLERANCE
from studium.services.money import Money
from studium.services.providers import PaymentProvider, ProviderSettings
from studium.testing.providers.rig import Delivery, Fault, Inapplicable, ProviderRig, Site
from studium.testing.simulators import stripe_account
from studium.testing.simulators import stripe_money_back as money_back
from studium.testing.simulators import stripe_sessions as sessions
from studium.testing.simulators.stripe_pages import is_about
from studium.testing.simulators.stripe_store import Body, Books, books, epoch, new_id
from studium.testing.simulators.stripe_webhooks import ENABLED_EVENTS, HEADER, delivery, signature

PATHS = {"begin": "checkout/sessions", "refund": "refunds"}


class StripeRig(ProviderRig):
    """Does what the simulator's pages do. A payment fails for good by a bank debit that comes back; a declined card can be tried again."""

    provider: ClassVar[type[PaymentProvider]] = StripeProvider
    tolerance = float(TOLERANCE)
    amounts: ClassVar[Mapping[Money, str]] = {  # docs.stripe.com/currencies
        Money("29.90", "EUR"): "2990", Money(500, "JPY"): "500", Money("1.230", "KWD"): "1230", Money(1000, "ISK"): "100000",
        Money(9000, "UGX"): "900000", Money(29000, "KRW"): "29000", Money(1500, "RSD"): "150000",
    }

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._told: set[str] = set()

    def settings(self) -> ProviderSettings:
        """Those of the simulator, at the address of this site; at one where nobody listens while it is unreachable."""
        base = f"http://127.0.0.1:{_free_port()}" if self.fault == "unreachable" else f"{self.site.url}{stripe_account.PATH}"
        return stripe_account.settings().model_copy(update={"api_base": base})

    def unfinished_settings(self) -> Mapping[str, Any]:
        """A key alone: webhooks could not be verified."""
        return {"secret_key": "sk_test_12345678"}

    def reset(self) -> None:
        """Forget everything; the simulator sends no webhooks by itself."""
        self._told.clear()
        with books() as opened:
            opened.forget_all()
            opened.set_switch("manner", "lost")
            opened.set_switch("endpoint", f"{self.site.url}/webhooks/stripe")

    def set_fault(self, fault: Fault) -> None:
        """The simulator has faults of the same names."""
        with books() as opened:
            opened.set_switch("fault", fault if fault not in ("", "unreachable") else None)
            opened.set_switch("slow_seconds", 4 * self.timeout)

    def payments_of(self, order_id: str) -> int:
        """How many sessions of this order there are."""
        with books() as opened:
            return sum(found["metadata"].get("order_id") == order_id for found in opened.all("checkout.session"))

    def keys(self, call: Literal["begin", "refund"]) -> Sequence[str]:
        """The Idempotency-Key headers."""
        with books() as opened:
            return opened.calls(PATHS[call])

    def sent_amount(self, reference: str) -> str:
        """unit_amount."""
        return str(self._session(reference)["amount_total"])

    def sent_title(self, reference: str) -> str:
        """The product's name."""
        return str(self._session(reference)["simulator"]["title"])

    def refunded(self, reference: str) -> Sequence[Money]:
        """Refunds but those that failed."""
        with books() as opened:
            found = opened.all("refund", payment_intent=self._session(reference, opened)["payment_intent"] or "none")
        return [self.provider.meta.from_minor(one["amount"], one["currency"]) for one in found if one["status"] != "failed"]

    def pay(self, reference: str) -> None:
        """By card."""
        with books() as opened:
            session = self._session(reference, opened)
            if session["status"] != "open":
                raise Inapplicable("A Checkout Session that is over cannot be paid any more; the buyer begins anew.")
            sessions.pay(opened, session)

    def decline(self, reference: str) -> None:
        """The bank returns a debit."""
        with books() as opened:
            sessions.debit(opened, self._session(reference, opened))
            sessions.end_debit(opened, self._session(reference, opened), paid=False)

    def expire(self, reference: str) -> None:
        """The button "Expire"."""
        with books() as opened:
            sessions.expire(opened, self._session(reference, opened))

    def falsify(self, reference: str, *, money: Money | None = None, livemode: bool | None = None, order_id: str | None = None) -> None:
        """Changes the session, as the intent is not looked at beside it."""
        with books() as opened:
            session = self._session(reference, opened)
            if money is not None:
                session |= {"amount_total": self.provider.meta.to_minor(money), "currency": money.currency.lower()}
            if livemode is not None:
                session["livemode"] = livemode
            if order_id is not None:
                session |= {"metadata": {"order_id": order_id}, "client_reference_id": order_id}
            opened.keep(session)

    def refund_elsewhere(self, reference: str, money: Money) -> None:
        """The button "Refund" of the dashboard."""
        with books() as opened:
            intent = self._session(reference, opened)["payment_intent"]
            money_back.create_refund(opened, {"payment_intent": intent, "amount": self.provider.meta.to_minor(money)})

    def hold_refunds(self) -> None:
        """The switch of that name."""
        with books() as opened:
            opened.set_switch("hold_refunds", True)

    def end_refunds(self, reference: str, *, completed: bool) -> None:
        """The buttons for waiting refunds."""
        with books() as opened:
            opened.set_switch("hold_refunds", None)
            money_back.end_refunds(opened, self._session(reference, opened)["payment_intent"], completed=completed)

    def dispute(self, reference: str) -> None:
        """The button "The buyer disputes it"."""
        with books() as opened:
            money_back.open_dispute(opened, self._session(reference, opened)["payment_intent"])

    def end_dispute(self, reference: str, *, won: bool) -> None:
        """The buttons "The school wins" and "The buyer wins"."""
        with books() as opened:
            money_back.end_dispute(opened, self._session(reference, opened)["payment_intent"], won=won)

    def deliveries(self, reference: str) -> Sequence[Delivery]:
        """The events since last time that the endpoint is subscribed to."""
        with books() as opened:
            session = self._session(reference, opened)
            found = [event for event in reversed(opened.all("event"))
                     if event["type"] in ENABLED_EVENTS and event["id"] not in self._told and is_about(event, session)]
        self._told.update(event["id"] for event in found)
        return [Delivery(*delivery(event)) for event in found]

    def claim_paid(self, reference: str) -> Delivery:
        """A webhook as after a payment."""
        return Delivery(*delivery({"id": new_id("evt"), "object": "event", "type": "checkout.session.completed", "livemode": False,
                                   "data": {"object": {"id": reference, "object": "checkout.session", "payment_status": "paid"}}}))

    def resign(self, delivery: Delivery, *, raw: bytes | None = None, age: float = 0.0) -> Delivery:
        """Signed with the real secret."""
        return _signed(delivery, stripe_account.webhook_secret(), delivery.raw if raw is None else raw, age)

    def forge(self, delivery: Delivery) -> Delivery:
        """Signed with another secret."""
        return _signed(delivery, "whsec_" + "0" * 64, delivery.raw, 0.0)

    def secrets(self) -> Collection[str]:
        """The key of the API and the signing secret."""
        return {stripe_account.api_key(), stripe_account.webhook_secret()}

    def personal(self) -> Collection[str]:
        """What the buyer types at Stripe."""
        return {sessions.BUYER["name"], sessions.BUYER["email"], sessions.BUYER["phone"], "354 Oyster Point Blvd"}  # type: ignore[arg-type]

    def _session(self, reference: str, opened: Books | None = None) -> Body:
        if opened is not None:
            return opened.get(reference)
        with books() as found:
            return found.get(reference)


def _signed(given: Delivery, secret: str, raw: bytes, age: float) -> Delivery:
    at = int(epoch() - age)
    return dataclasses.replace(given, raw=raw, headers={**given.headers, HEADER: f"t={at},v1={signature(raw, secret, at)}"})


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
