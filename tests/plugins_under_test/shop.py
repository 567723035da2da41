"""A third-party plugin for tests: the payment provider "shop" over a service in memory with switches, and the offline provider "till".

    from shop import service
    paid = service.payments[reference]          # what the service knows; refs are "cs_..." and "pi_..."
    service.pay(reference)                      # the buyer paid; service.fail(...), expire(...), dispute(...), send_back(...)
    service.down = {"fetch"}                    # begin, fetch, refund, list: raises ProviderDown; `broken_after` answers after it happened
    body, headers = service.webhook(reference)  # a signed delivery
`service.reset()` before each test: the fixture `shop` of tests/plugins/payments/conftest.py does it.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import SecretStr

from studium.core.clock import now
from studium.core.plugins import hookimpl
from studium.core.settings import Section
from studium.services.money import Money
from studium.services.providers import (
    DISPUTE,
    OFFLINE,
    PARTIAL_REFUND,
    POLL,
    REDIRECT,
    REFUND,
    WEBHOOK,
    Completed,
    Instructions,
    InvalidWebhook,
    Notice,
    Order,
    PaymentProvider,
    PaymentStatus,
    ProviderDown,
    ProviderMeta,
    ProviderRefused,
    ProviderSettings,
    Redirect,
    RefundSnapshot,
    Snapshot,
)

SIGNATURE = "Shop-Signature"


@dataclass
class Paid:
    """A payment as the service has it; tests change it as they like."""

    reference: str
    intent: str
    money: Money
    order_id: str | None
    status: PaymentStatus = "pending"
    livemode: bool = False
    disputed: bool = False
    dispute_lost: bool = False
    reason: str = ""
    refunds: list[RefundSnapshot] = field(default_factory=list)
    changed_at: datetime = field(default_factory=now)


class ShopService:
    """What would be far away. `down` names calls that get no answer, `broken_after` calls whose answer is lost after they happened."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.reset()

    def reset(self) -> None:
        """Forget everything, all switches off."""
        self.payments: dict[str, Paid] = {}
        self.by_key: dict[str, Any] = {}
        self.calls: list[tuple[str, str]] = []
        self.down: set[str] = set()
        self.broken_after: set[str] = set()
        self.refuse: dict[str, str] = {}
        self.refunds_pend = False
        self.numbers = itertools.count(1)

    def called(self, name: str) -> list[str]:
        """The arguments of all calls of this name: references, or keys of begin and refund."""
        return [argument for call, argument in self.calls if call == name]

    def call(self, name: str, argument: str) -> None:
        """Note the call; raise as the switches say."""
        with self.lock:
            self.calls.append((name, argument))
        if name in self.down:
            raise ProviderDown(f"The shop did not answer ({name}).")
        if name in self.refuse:
            raise ProviderRefused(f"The shop said no ({name}).", self.refuse[name])

    def answer(self, name: str) -> None:
        """The answer gets lost on its way, if it shall."""
        if name in self.broken_after:
            raise ProviderDown(f"The shop's answer was lost ({name}).")

    def make(self, money: Money, order_id: str | None, reference: str = "") -> Paid:
        """A payment, made here or elsewhere."""
        number = next(self.numbers)
        made = Paid(reference or f"cs_{number}", f"pi_{number}", money, order_id)
        self.payments[made.reference] = made
        return made

    def find(self, reference: str) -> Paid:
        """By either id."""
        for paid in list(self.payments.values()):
            if reference in (paid.reference, paid.intent):
                return paid
        raise ProviderRefused(f"The shop knows no payment {reference}.", "not-found")

    def set(self, reference: str, **changes: Any) -> Paid:
        """Change a payment."""
        paid = self.find(reference)
        for name, value in {**changes, "changed_at": now()}.items():
            setattr(paid, name, value)
        return paid

    def pay(self, reference: str) -> Paid:
        """The buyer paid."""
        return self.set(reference, status="completed")

    def fail(self, reference: str, reason: str = "The card was declined.") -> Paid:
        """It failed."""
        return self.set(reference, status="failed", reason=reason)

    def expire(self, reference: str) -> Paid:
        """Nobody paid in time."""
        return self.set(reference, status="expired")

    def dispute(self, reference: str, state: str = "open") -> Paid:
        """A dispute is open, won or lost."""
        return self.set(reference, disputed=state == "open", dispute_lost=state == "lost")

    def give_back(self, reference: str, money: Money, refund_id: str | None = None, status: Any = "completed") -> RefundSnapshot:
        """A refund; without our id it was made on the service's own pages."""
        paid = self.find(reference)
        made = RefundSnapshot(f"re_{next(self.numbers)}", status, money, refund_id, "asked for")
        self.set(reference, refunds=[*paid.refunds, made])
        return made

    def send_back(self, reference: str, refund: str, status: Any = "failed") -> None:
        """What becomes of a refund: the bank sent it back, or it went through."""
        paid = self.find(reference)
        refunds = [replace(one, status=status, reason="account closed") if one.id == refund else one for one in paid.refunds]
        self.set(reference, refunds=refunds)

    def webhook(self, reference: str, event: str = "", kind: str = "payment.changed") -> tuple[bytes, dict[str, str]]:
        """Body and headers of a delivery; `event` is its key, a new one without it."""
        body = json.dumps({"id": event or f"evt_{next(self.numbers)}", "kind": kind, "object": reference, "email": "anna@example.org"})
        return body.encode(), self.signed(body.encode())

    @staticmethod
    def signed(body: bytes) -> dict[str, str]:
        """The headers that say that the body is the shop's."""
        return {SIGNATURE: hmac.new(b"shop-secret", body, hashlib.sha256).hexdigest(), "Content-Type": "application/json"}


service = ShopService()


class ShopSettings(ProviderSettings):
    """Set up without any setting."""

    prefix: ClassVar[str] = "SHOP"
    required: ClassVar[tuple[str, ...]] = ("secret_key",)
    secret_key: SecretStr | None = SecretStr("shop-secret")


class TillSettings(ProviderSettings):
    """Nothing to set."""

    prefix: ClassVar[str] = "TILL"


class Shop(PaymentProvider):
    """All capabilities."""

    meta = ProviderMeta("shop", "Shop", capabilities=frozenset({REDIRECT, WEBHOOK, POLL, REFUND, PARTIAL_REFUND, DISPUTE}), order=900)
    settings_model = ShopSettings

    @property
    def livemode(self) -> bool:
        """Play money."""
        return False

    def begin(self, order: Order, idempotency_key: str, return_url: str) -> Redirect | Completed:
        """The same key gets the same answer."""
        service.call("begin", idempotency_key)
        with service.lock:
            if idempotency_key not in service.by_key:
                service.by_key[idempotency_key] = service.make(order.money, order.id)
            paid: Paid = service.by_key[idempotency_key]
        service.answer("begin")
        return Redirect(f"https://shop.example/pay/{paid.reference}", paid.reference, now() + timedelta(hours=24), (paid.intent,))

    def fetch(self, reference: str) -> Snapshot:
        """By either id."""
        service.call("fetch", reference)
        paid = service.find(reference)
        return Snapshot(
            paid.status, paid.money, tuple(paid.refunds), paid.disputed, paid.livemode, {"id": paid.reference, "email": "anna@example.org"},
            paid.reference, (paid.intent,), paid.order_id, paid.dispute_lost, paid.reason)

    def read_webhook(self, raw: bytes, headers: Mapping[str, str], remote_addr: str) -> Sequence[Notice]:
        """An HMAC of the body; `kind` "ping" is of no interest."""
        if not hmac.compare_digest(headers.get(SIGNATURE.lower(), ""), service.signed(raw)[SIGNATURE]):
            raise InvalidWebhook("The signature is wrong.", "signature")
        read = json.loads(raw)
        if read["kind"] == "ping":
            return []
        return [Notice(read["id"], read["kind"], read["object"])]

    def refund(self, reference: str, money: Money, idempotency_key: str) -> RefundSnapshot:
        """The same key gets the same answer."""
        service.call("refund", idempotency_key)
        with service.lock:
            if idempotency_key not in service.by_key:
                status = "pending" if service.refunds_pend else "completed"
                service.by_key[idempotency_key] = service.give_back(reference, money, idempotency_key, status)
        service.answer("refund")
        made: RefundSnapshot = service.by_key[idempotency_key]
        return made

    def list_changes(self, since: datetime) -> Iterable[str]:
        """What changed since then."""
        service.call("list", since.isoformat())
        return [paid.reference for paid in list(service.payments.values()) if paid.changed_at >= since]


class Till(PaymentProvider):
    """Money in cash: a person says that it came."""

    meta = ProviderMeta("till", "Till", capabilities=frozenset({OFFLINE}), order=901)
    settings_model = TillSettings

    @property
    def livemode(self) -> bool:
        """Play money."""
        return False

    def begin(self, order: Order, idempotency_key: str, return_url: str) -> Instructions:
        """Come with the number."""
        return Instructions(f"till-{order.number}", (("Number", order.number),), "Bring the money.", now() + timedelta(days=14))

    def fetch(self, reference: str) -> Snapshot:
        """It knows nothing."""
        raise ProviderRefused("A till knows nothing.", "unsupported")


@hookimpl
def register_settings() -> Sequence[type[Section]]:
    """Of both."""
    return [ShopSettings, TillSettings]


@hookimpl
def register_payment_providers() -> Sequence[type[PaymentProvider]]:
    """Both."""
    return [Shop, Till]
