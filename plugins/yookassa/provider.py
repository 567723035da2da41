"""YooKassa behind the contract of a payment provider."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar, cast

from studium.plugins.yookassa.client import Body, YookassaClient, asking
from studium.plugins.yookassa.notifications import check_source, read_notification
from studium.plugins.yookassa.orders import REFUND_ID, payment_request, refund_request
from studium.plugins.yookassa.receipts import RUB, terms_of
from studium.plugins.yookassa.settings import CURRENCIES, YookassaSettings
from studium.plugins.yookassa.snapshots import PERSONAL, begun, refund_snapshot, snapshot
from studium.services.money import Money
from studium.services.providers import (
    PARTIAL_REFUND,
    POLL,
    RECEIPT,
    REDIRECT,
    REFUND,
    WEBHOOK,
    Completed,
    Notice,
    Order,
    PaymentProvider,
    Problem,
    ProviderMeta,
    ProviderRefused,
    ProviderSettings,
    Redirect,
    RefundSnapshot,
    Snapshot,
    redact,
)
from studium.services.translation import N_

OBJECT_ID = re.compile(r"[0-9a-zA-Z-]{36}")
CHANGES = (("payments", "created_at_gte", "id"), ("payments", "captured_at_gte", "id"), ("refunds", "created_at_gte", "payment_id"))


class YookassaProvider(PaymentProvider):
    """The buyer pays on YooKassa's page. Disputes come to the school by e-mail only, so there is no capability `dispute`."""

    meta = ProviderMeta(
        code="yookassa", title=N_("YooKassa"), hint=N_("Bank card, SBP and other ways, on YooKassa's page."), order=200,
        currencies=CURRENCIES, capabilities=frozenset({REDIRECT, WEBHOOK, POLL, REFUND, PARTIAL_REFUND}))
    settings_model: ClassVar[type[ProviderSettings]] = YookassaSettings

    @property
    def livemode(self) -> bool:
        """By the key; a test shop's begins with test_."""
        return not self._shop.key.startswith("test_")

    def is_available(self, order: Order, money: Money) -> bool:
        """The shop's currency; receipts are in roubles."""
        return money.currency in self._shop.currencies and money > money.zero and (money.currency == RUB or not self._with_receipts)

    def begin(self, order: Order, idempotency_key: str, return_url: str) -> Redirect | Completed:
        """A payment, and YooKassa's page for it. One that is pending cannot be cancelled by us; it expires after an hour."""
        terms = terms_of(order, self._shop) if self._with_receipts else None
        with self._asking() as client:
            return begun(client.post("payments", payment_request(order, return_url, terms), idempotency_key))

    def fetch(self, reference: str) -> Snapshot:
        """The payment with this id, or with a refund of this id."""
        with self._asking() as client:
            payment = _find(client, reference)
            return snapshot(payment, _refunds(client, payment))

    def read_webhook(self, raw: bytes, headers: Mapping[str, str], remote_addr: str) -> Sequence[Notice]:
        """Look where it comes from, and say what it is about."""
        check_source(remote_addr, self._shop.sources)
        return read_notification(raw)

    def refund(self, reference: str, money: Money, idempotency_key: str) -> RefundSnapshot:
        """Give money back, once for each key, be the key older than the 24 hours that YooKassa remembers it."""
        with self._asking() as client:
            payment = _find(client, reference)
            made = _refunds(client, payment)
            found = next((one for one in made if (one.get("metadata") or {}).get(REFUND_ID) == idempotency_key), None)
            if found is None:
                found = client.post("refunds", refund_request(payment, money, idempotency_key), idempotency_key)
            return refund_snapshot(found)

    def list_changes(self, since: datetime) -> Iterable[str]:
        """Payments that were made or paid since then, and those of refunds; the time limit is of each page."""
        seen: set[str] = set()
        for path, parameter, name in CHANGES:
            with self._asking() as client:
                found = []
                for page in client.pages(path, **{parameter: f"{since.isoformat(timespec='milliseconds')}Z"}):
                    found += [str(one[name]) for one in page]
                    client.renew()
            yield from (one for one in dict.fromkeys(found) if one not in seen)
            seen.update(found)

    def check(self) -> Sequence[Problem]:
        """Keys, mode, webhook address, receipts, currency."""
        from studium.plugins.yookassa.checking import problems

        return problems(self._shop, self.context, livemode=self.livemode)

    def redact(self, raw: Any) -> Any:
        """Without the buyer's data."""
        return redact(raw, PERSONAL)

    @property
    def _shop(self) -> YookassaSettings:
        return cast(YookassaSettings, self.settings)

    @property
    def _with_receipts(self) -> bool:
        return RECEIPT in self.meta.capabilities

    def _asking(self) -> AbstractContextManager[YookassaClient]:
        return asking(self._shop, self.context.timeout)


class YookassaWithReceipts(YookassaProvider):
    """The same where receipts are on: buyers are asked for an e-mail address."""

    meta = replace(YookassaProvider.meta, capabilities=YookassaProvider.meta.capabilities | {RECEIPT})


def _find(client: YookassaClient, reference: str) -> Body:
    """Raises ProviderRefused, code `not-found`."""
    if not OBJECT_ID.fullmatch(reference):
        raise ProviderRefused("That is no id of YooKassa.", "not-found")
    try:
        return client.get(f"payments/{reference}")
    except ProviderRefused as error:
        if error.code != "not-found":
            raise
    return client.get(f"payments/{client.get(f'refunds/{reference}')['payment_id']}")


def _refunds(client: YookassaClient, payment: Body) -> list[Body]:
    """All of them, the oldest first; only what succeeded can have any."""
    if payment["status"] != "succeeded":
        return []
    return list(reversed(list(_all(client, "refunds", payment_id=str(payment["id"])))))


def _all(client: YookassaClient, path: str, **params: str) -> Iterator[Body]:
    for page in client.pages(path, **params):
        yield from page
