"""Acme Pay behind the contract that every payment provider keeps (studium.services.providers)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import ClassVar
from urllib.parse import quote

from studium.services.money import Money
from studium.services.providers import (
    DISPUTE,
    PARTIAL_REFUND,
    POLL,
    REDIRECT,
    REFUND,
    WEBHOOK,
    InvalidWebhook,
    Notice,
    Order,
    PaymentProvider,
    Problem,
    ProviderMeta,
    ProviderSettings,
    Redirect,
    RefundSnapshot,
    Snapshot,
)

from studium_acme_pay.api import asking
from studium_acme_pay.checking import problems
from studium_acme_pay.orders import payment_request
from studium_acme_pay.settings import AcmePaySettings
from studium_acme_pay.snapshots import refund_snapshot, snapshot
from studium_acme_pay.webhooks import HEADER, read_event, verify


class AcmePayProvider(PaymentProvider):
    """The buyer pays on a page of Acme Pay."""

    meta = ProviderMeta(
        code="acme-pay", title="Acme Pay", currencies=frozenset({"EUR", "USD", "JPY", "KWD"}),
        capabilities=frozenset({REDIRECT, WEBHOOK, POLL, REFUND, PARTIAL_REFUND, DISPUTE}))
    settings_model: ClassVar[type[ProviderSettings]] = AcmePaySettings
    settings: AcmePaySettings

    @property
    def livemode(self) -> bool:
        """By the key: live_... moves real money."""
        key = self.settings.api_key
        return key is not None and key.get_secret_value().startswith("live_")

    def begin(self, order: Order, idempotency_key: str, return_url: str) -> Redirect:
        """A payment at the service, and the page where it is paid."""
        with asking(self.settings, self.context.timeout) as api:
            made = api.post("payments", payment_request(order, return_url, self.meta), idempotency_key)
            return Redirect(made["pay_url"], made["id"])

    def fetch(self, reference: str) -> Snapshot:
        """The payment as it is now."""
        with asking(self.settings, self.context.timeout) as api:
            return snapshot(api.get(f"payments/{quote(reference, safe='')}"), self.meta)

    def read_webhook(self, raw: bytes, headers: Mapping[str, str], remote_addr: str) -> Sequence[Notice]:
        """Verify the signature and its time, and say what it is about."""
        secret = self.settings.webhook_secret
        if secret is None or not secret.get_secret_value():
            raise InvalidWebhook("No secret is set, so nobody can prove anything.", "signature")
        verify(raw, headers.get(HEADER, ""), secret.get_secret_value())
        return read_event(raw)

    def refund(self, reference: str, money: Money, idempotency_key: str) -> RefundSnapshot:
        """Give money back, once for each key."""
        with asking(self.settings, self.context.timeout) as api:
            asked = {"amount": self.meta.to_minor(money), "refund_id": idempotency_key}
            made = api.post(f"payments/{quote(reference, safe='')}/refunds", asked, idempotency_key)
            return refund_snapshot(made, money.currency, self.meta)

    def list_changes(self, since: datetime) -> Iterable[str]:
        """References of payments that changed since then."""
        with asking(self.settings, self.context.timeout) as api:
            found = api.get("payments", changed_since=int(since.replace(tzinfo=UTC).timestamp()))
            return [str(one) for one in found["items"]]

    def check(self) -> Sequence[Problem]:
        """Whether the key is one, and works."""
        return list(problems(self.settings, self.context.timeout))
