"""YooKassa on the bench: the real provider over HTTP against the simulated YooKassa; once without receipts, once with them."""

from __future__ import annotations

import socket
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar, Literal

from studium.core.clock import now_ms
from studium.plugins.yookassa.orders import ORDER_ID
from studium.plugins.yookassa.provider import YookassaProvider, YookassaWithReceipts
from studium.services.money import Money
from studium.services.providers import PaymentProvider, ProviderSettings
from studium.testing.providers.rig import SOURCE, Delivery, Fault, Inapplicable, ProviderRig, Site
from studium.testing.simulators import yookassa_account
from studium.testing.simulators import yookassa_payments as payments
from studium.testing.simulators import yookassa_refunds as refunds
from studium.testing.simulators.yookassa_pages import is_about
from studium.testing.simulators.yookassa_store import Body, Books, books
from studium.testing.simulators.yookassa_webhooks import body_of

PATHS = {"begin": "payments", "refund": "refunds"}
SENDER = "77.75.156.11"


class YookassaRig(ProviderRig):
    """Does what the simulator's pages do. Its webhooks come from an address that YooKassa has published."""

    provider: ClassVar[type[PaymentProvider]] = YookassaProvider
    proofs: ClassVar[frozenset[str]] = frozenset({SOURCE})
    currency: ClassVar[str] = "RUB"
    amounts: ClassVar[Mapping[Money, str]] = {
        Money("29.90", "RUB"): "29.90", Money(5000, "RUB"): "5000.00", Money("0.01", "RUB"): "0.01", Money("29.90", "EUR"): "29.90",
        Money(500, "AMD"): "500.00",
    }

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._told: set[str] = set()

    def settings(self) -> ProviderSettings:
        """Those of the simulator, at the address of this site; at one where nobody listens while it is unreachable."""
        base = f"http://127.0.0.1:{_free_port()}" if self.fault == "unreachable" else f"{self.site.url}{yookassa_account.PATH}/v3"
        return yookassa_account.settings().model_copy(update={"api_base": base, "sources": ()})

    def unfinished_settings(self) -> Mapping[str, Any]:
        """A shop without a key."""
        return {"shop_id": "100500"}

    def reset(self) -> None:
        """Forget everything; the simulator sends no webhooks by itself."""
        self._told.clear()
        with books() as opened:
            opened.forget_all()
            opened.set_switch("manner", "lost")

    def set_fault(self, fault: Fault) -> None:
        """The simulator has faults of the same names."""
        with books() as opened:
            opened.set_switch("fault", fault if fault not in ("", "unreachable") else None)
            opened.set_switch("slow_seconds", 4 * self.timeout)

    def payments_of(self, order_id: str) -> int:
        """How many payments of this order there are."""
        with books() as opened:
            return sum(found["metadata"].get(ORDER_ID) == order_id for found in opened.all("payment"))

    def keys(self, call: Literal["begin", "refund"]) -> Sequence[str]:
        """The Idempotence-Key headers."""
        with books() as opened:
            return opened.calls(PATHS[call])

    def sent_amount(self, reference: str) -> str:
        """amount.value."""
        return str(self._payment(reference)["amount"]["value"])

    def sent_title(self, reference: str) -> str:
        """The description."""
        return str(self._payment(reference)["description"])

    def refunded(self, reference: str) -> Sequence[Money]:
        """Refunds but those that failed."""
        with books() as opened:
            found = opened.refunds_of(reference)
        return [Money(one["amount"]["value"], one["amount"]["currency"]) for one in found if one["status"] != "canceled"]

    def pay(self, reference: str) -> None:
        """By card."""
        with books() as opened:
            payment = self._payment(reference, opened)
            if payment["status"] == "canceled":
                raise Inapplicable("A payment that is cancelled cannot be paid any more; the buyer begins anew.")
            payments.pay(opened, payment)

    def decline(self, reference: str) -> None:
        """The card has insufficient funds."""
        with books() as opened:
            payments.cancel(opened, self._payment(reference, opened), "insufficient_funds")

    def expire(self, reference: str) -> None:
        """The hour runs out."""
        with books() as opened:
            payments.cancel(opened, self._payment(reference, opened), "expired_on_confirmation")

    def falsify(self, reference: str, *, money: Money | None = None, livemode: bool | None = None, order_id: str | None = None) -> None:
        """Changes the payment."""
        with books() as opened:
            payment = self._payment(reference, opened)
            if money is not None:
                payment["amount"] = {"value": f"{money.amount:.2f}", "currency": money.currency}
            if livemode is not None:
                payment["test"] = not livemode
            if order_id is not None:
                payment["metadata"] |= {ORDER_ID: order_id}
            opened.keep("payment", payment)

    def refund_elsewhere(self, reference: str, money: Money) -> None:
        """The button "Refund" of the shop's page, for the whole amount."""
        with books() as opened:
            payment = self._payment(reference, opened)
            if money.amount != Decimal(payment["amount"]["value"]):
                raise NotImplementedError("The rig refunds the whole only.")
            refunds.create_refund(opened, {"payment_id": reference, "amount": payment["amount"]})

    def hold_refunds(self) -> None:
        """The switch of that name."""
        with books() as opened:
            opened.set_switch("hold_refunds", True)

    def end_refunds(self, reference: str, *, completed: bool) -> None:
        """The buttons for waiting refunds."""
        with books() as opened:
            opened.set_switch("hold_refunds", None)
            refunds.end_refunds(opened, reference, completed=completed)

    def deliveries(self, reference: str) -> Sequence[Delivery]:
        """The notifications since last time."""
        with books() as opened:
            found = [one for one in reversed(opened.all("notification")) if one["id"] not in self._told and is_about(one, reference)]
        self._told.update(one["id"] for one in found)
        return [_delivery(one) for one in found]

    def claim_paid(self, reference: str) -> Delivery:
        """A notification as after a payment."""
        return _delivery({"body": {"type": "notification", "event": "payment.succeeded",
                                   "object": {"id": reference, "status": "succeeded", "paid": True, "at": now_ms()}}})

    def strangers(self) -> Collection[str]:
        """The neighbours of each published network."""
        return ("185.71.75.255", "185.71.76.32", "185.71.77.32", "77.75.152.255", "77.75.153.128", "77.75.154.127", "77.75.155.0",
                "77.75.156.10", "77.75.156.12", "77.75.156.34", "77.75.156.36", "2a02:517f:ffff::1", "2a02:5181::", "127.0.0.1", "::1")

    def secrets(self) -> Collection[str]:
        """The key of the API."""
        return {yookassa_account.secret_key()}

    def personal(self) -> Collection[str]:
        """What the buyer types at YooKassa."""
        return {f"card *{payments.LAST4}", f'"{payments.FIRST6}"', f'"{payments.LAST4}"'}

    def _payment(self, reference: str, opened: Books | None = None) -> Body:
        if opened is not None:
            return opened.get("payment", reference)
        with books() as found:
            return found.get("payment", reference)


class YookassaReceiptsRig(YookassaRig):
    """A shop that must send fiscal receipts: the simulator refuses payments and partial refunds without a right one."""

    provider: ClassVar[type[PaymentProvider]] = YookassaWithReceipts

    def settings(self) -> ProviderSettings:
        """With receipts."""
        return super().settings().model_copy(update={"receipts": True, "vat_code": 11, "tax_system_code": 2})

    def reset(self) -> None:
        """With the simulator's switch on."""
        super().reset()
        with books() as opened:
            opened.set_switch("fiscal", True)


def _delivery(notification: Body) -> Delivery:
    return Delivery(body_of(notification), {"Content-Type": "application/json"}, SENDER)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
