"""A provider that can be broken in many ways, each a mistake that integrators make; the conformance kit must see every one."""

from __future__ import annotations

import dataclasses
import json
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from studium.core.database import transaction
from studium.core.logs import get_logger
from studium.plugins.sandbox import service
from studium.plugins.sandbox.provider import SandboxProvider
from studium.plugins.sandbox.signing import HEADER, sign, webhook_key
from studium.plugins.sandbox.sqlite_store import books
from studium.services.money import Money
from studium.services.providers import (
    InvalidWebhook,
    Notice,
    Order,
    PaymentProvider,
    ProviderDown,
    ProviderRefused,
    Redirect,
    RefundSnapshot,
    Snapshot,
)
from studium.testing.providers.sandbox_rig import SandboxRig

log = get_logger(__name__)


class BrokenShop(SandboxProvider):
    """The sandbox with the mistake that `switch` names; "" for none."""

    switch: ClassVar[str] = ""
    asked: ClassVar[dict[str, Money]] = {}
    believed: ClassVar[set[str]] = set()
    last: ClassVar[list[Redirect]] = []

    def __repr__(self) -> str:
        return f"BrokenShop({webhook_key()})" if self.switch == "key-in-repr" else "BrokenShop()"

    def begin(self, order: Order, idempotency_key: str, return_url: str) -> Redirect:
        if self.switch == "new-key-each-time":
            idempotency_key = str(uuid.uuid4())
        if self.switch == "latin-titles":
            order.title.encode("latin-1")
        if self.switch == "cents-everywhere" and order.money.currency == "JPY":
            order = dataclasses.replace(order, money=Money(order.money.amount * 100, "JPY"))
        if self.switch == "logs-the-buyer":
            log.info("payment_begins", email=order.email)
        if self.switch == "down-is-no":
            try:
                return super().begin(order, idempotency_key, return_url)
            except ProviderDown as error:
                raise ProviderRefused("The service failed.", "error") from error
        if self.switch == "forgets-order":
            order = dataclasses.replace(order, id="tea")
        made = super().begin(order, idempotency_key, return_url)
        if self.switch == "relative-url":
            made = dataclasses.replace(made, url=made.url.removeprefix(self.context.site_url))
        if self.switch == "shared-answer":
            self.last[:] = [made]
            time.sleep(0.02)
            return self.last[0]
        self.asked.setdefault(made.reference, order.money)
        return made

    def fetch(self, reference: str) -> Snapshot:
        try:
            found = super().fetch(reference)
        except ProviderDown as error:
            if self.switch == "raises-anything":
                raise ConnectionError("The service failed.") from error
            raise
        except ProviderRefused:
            if self.switch == "unknown-is-down":
                raise ProviderDown("Not there, perhaps later.") from None
            raise
        if self.switch == "too-slow":
            time.sleep(self.context.timeout + 1)
        if self.switch == "uses-the-database":
            with transaction():
                pass
        if self.switch == "says-what-was-asked":
            found = dataclasses.replace(found, money=self.asked[reference])
        if self.switch == "mode-by-heart":
            found = dataclasses.replace(found, livemode=self.livemode)
        if self.switch == "order-by-heart":
            found = dataclasses.replace(found, order_id=None)
        if self.switch == "lost-disputes-unseen":
            found = dataclasses.replace(found, dispute_lost=False)
        if self.switch == "sees-own-refunds-only":
            found = dataclasses.replace(found, refunds=tuple(one for one in found.refunds if one.refund_id))
        if self.switch == "believes-webhooks" and reference in self.believed:
            found = dataclasses.replace(found, status="completed")
        return found

    def refund(self, reference: str, money: Money, idempotency_key: str) -> RefundSnapshot:
        key = str(uuid.uuid4()) if self.switch == "new-refund-each-time" else idempotency_key
        if self.switch == "refunds-what-is-left":
            money = min(money, self.fetch(reference).money)
        made = super().refund(reference, money, key)
        if self.switch == "refund-without-uuid":
            payment = service.find(reference) or {}
            payment["refunds"][-1]["refund_id"] = None
            with books() as opened:
                opened.keep(payment, time.time())
            made = dataclasses.replace(made, refund_id=None)
        return made

    def read_webhook(self, raw: bytes, headers: Mapping[str, str], remote_addr: str) -> Sequence[Notice]:
        headers = self._as_if_proven(raw, headers)
        if self.switch == "stumbles-over-json":
            try:
                return super().read_webhook(raw, headers, remote_addr)
            except InvalidWebhook as error:
                if error.reason == "malformed":
                    json.loads(raw)["object"]["id"].strip()
                raise
        found = list(super().read_webhook(raw, headers, remote_addr))
        if self.switch == "new-event-each-time":
            found = [dataclasses.replace(one, event_key=str(uuid.uuid4())) for one in found]
        if self.switch == "refund-id-unknown":
            found = [dataclasses.replace(one, object_id="sbr_1") if one.kind.startswith("refund") else one for one in found]
        self.believed.update(one.object_id for one in found if one.kind == "payment.completed")
        return found

    def redact(self, raw: Any) -> Any:
        return raw if self.switch == "redacts-nothing" else super().redact(raw)

    def _as_if_proven(self, raw: bytes, headers: Mapping[str, str]) -> Mapping[str, str]:
        """The headers as the mistake sees them."""
        given = headers.get(HEADER, "")
        at = given.partition(",")[0].removeprefix("t=")
        if self.switch == "believes-any-signature" and given:
            return {**headers, HEADER: sign(raw, webhook_key())}
        if self.switch == "no-clock" and given == sign(raw, webhook_key(), int(at or 0)):
            return {**headers, HEADER: sign(raw, webhook_key())}
        if self.switch == "one-sided-clock" and at.isdigit() and int(at) > time.time() and given == sign(raw, webhook_key(), int(at)):
            return {**headers, HEADER: sign(raw, webhook_key())}
        return headers


class BrokenRig(SandboxRig):
    """Drives it as the sandbox is driven; `broken(switch)` is a rig of its own for each mistake."""

    provider: ClassVar[type[PaymentProvider]] = BrokenShop


def broken(switch: str) -> type[BrokenRig]:
    """The rig of the provider with this mistake."""
    provider = type("BrokenShop", (BrokenShop,), {"switch": switch, "asked": {}, "believed": set(), "last": [], "__module__": __name__})
    return type("BrokenRig", (BrokenRig,), {"provider": provider, "__module__": __name__})
