"""The sandbox behind the contract that every payment provider keeps; it has all capabilities, so that each way can be tried."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, TypeVar

from studium.plugins.sandbox import service
from studium.plugins.sandbox.settings import SandboxSettings
from studium.plugins.sandbox.signing import HEADER, verify, webhook_key
from studium.services.money import Money
from studium.services.providers import (
    DISPUTE,
    PARTIAL_REFUND,
    POLL,
    RECEIPT,
    REDIRECT,
    REFUND,
    WEBHOOK,
    InvalidWebhook,
    Notice,
    Order,
    PaymentProvider,
    ProviderDown,
    ProviderMeta,
    ProviderRefused,
    ProviderSettings,
    Redirect,
    RefundSnapshot,
    Snapshot,
)
from studium.services.translation import N_

T = TypeVar("T")
TOLD = frozenset({"payment.completed", "payment.failed", "payment.expired", "payment.authorized", "refund.updated", "dispute.opened",
                  "dispute.closed"})


class SandboxProvider(PaymentProvider):
    """Play money on the site's own pages below /sandbox/; amounts go in minor units of ISO 4217."""

    meta = ProviderMeta(
        code="sandbox", title=N_("Sandbox (play money)"), hint=N_("No real money moves: a page lets you choose what happens."), order=900,
        capabilities=frozenset({REDIRECT, WEBHOOK, POLL, REFUND, PARTIAL_REFUND, DISPUTE, RECEIPT}))
    settings_model: ClassVar[type[ProviderSettings]] = SandboxSettings

    @property
    def livemode(self) -> bool:
        """Never."""
        return False

    def begin(self, order: Order, idempotency_key: str, return_url: str) -> Redirect:
        """A payment at the sandbox, and the page where it is paid."""
        asked: dict[str, Any] = {
            "order_id": order.id, "number": order.number, "title": order.title, "item": order.item, "email": order.email,
            "amount": self.meta.to_minor(order.money), "currency": order.money.currency, "return_url": return_url,
            "language": order.language,
        }
        if order.expires_at is not None:
            asked["expires"] = order.expires_at.replace(tzinfo=UTC).timestamp()
        made = _ask(lambda: service.create(asked, idempotency_key, self.context.timeout))
        expires_at = datetime.fromtimestamp(made["expires"], UTC).replace(tzinfo=None)
        return Redirect(f"{self.context.site_url}/sandbox/{made['id']}", made["id"], expires_at)

    def fetch(self, reference: str) -> Snapshot:
        """The payment as it is now."""
        found = _ask(lambda: service.fetch(reference, self.context.timeout))
        return Snapshot(
            status=found["status"], money=self.meta.from_minor(found["amount"], found["currency"]),
            refunds=tuple(_refund(refund, found["currency"]) for refund in found["refunds"]), disputed=found["dispute"] == "open",
            dispute_lost=found["dispute"] == "lost", livemode=found["livemode"], raw=found, reference=found["id"],
            refs=(found["charge"],) if found["charge"] else (), order_id=found["order_id"], reason=found["reason"])

    def read_webhook(self, raw: bytes, headers: Mapping[str, str], remote_addr: str) -> Sequence[Notice]:
        """Verify the signature and its time, and say what it is about."""
        verify(raw, headers.get(HEADER, ""), webhook_key())
        try:
            told = json.loads(raw)
            key, kind, reference = str(told["id"]), str(told["type"]), str(told["object"]["id"])
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise InvalidWebhook(f"The body is not a webhook of the sandbox ({type(error).__name__}).", "malformed") from None
        if len(key) > 200:
            key = hashlib.sha256(key.encode()).hexdigest()
        return [Notice(key, kind, reference)] if kind in TOLD else []

    def refund(self, reference: str, money: Money, idempotency_key: str) -> RefundSnapshot:
        """Give money back; pending where the payment's page was told so."""
        made = _ask(lambda: service.refund(reference, self.meta.to_minor(money), idempotency_key, self.context.timeout))
        return _refund(made, money.currency)

    def list_changes(self, since: datetime) -> Iterable[str]:
        """References of payments that changed since then."""
        return _ask(lambda: service.changed_since(since.replace(tzinfo=UTC).timestamp(), self.context.timeout))


def _refund(found: Mapping[str, Any], currency: str) -> RefundSnapshot:
    return RefundSnapshot(found["id"], found["status"], Money.from_minor(found["amount"], currency), found["refund_id"], found["reason"])


def _ask(call: Callable[[], T]) -> T:
    try:
        return call()
    except service.NoAnswer as error:
        raise ProviderDown(str(error)) from error
    except service.Refused as error:
        raise ProviderRefused(str(error), error.code) from error
