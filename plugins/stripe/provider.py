"""Stripe behind the contract that every payment provider keeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from studium.plugins.stripe.currencies import CURRENCIES, EXPONENTS, StripeMeta
from studium.plugins.stripe.events import EVENTS, about, read_event
from studium.plugins.stripe.finding import MOST, find, find_intent
from studium.plugins.stripe.orders import session_params
from studium.plugins.stripe.refunding import refund_once
from studium.plugins.stripe.settings import StripeSettings
from studium.plugins.stripe.signatures import HEADER, verify
from studium.plugins.stripe.snapshots import refund_snapshot, snapshot
from studium.services.money import Money, MoneyError
from studium.services.providers import (
    DISPUTE,
    PARTIAL_REFUND,
    POLL,
    REDACTED_KEYS,
    REDIRECT,
    REFUND,
    WEBHOOK,
    Notice,
    Order,
    PaymentProvider,
    Problem,
    ProviderRefused,
    ProviderSettings,
    Redirect,
    RefundSnapshot,
    Snapshot,
    redact,
)
from studium.services.translation import N_

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from stripe import StripeClient

PERSONAL = REDACTED_KEYS | {"billing_details", "collected_information", "customer_email", "evidence", "fingerprint", "ip_address",
                            "payment_method_details", "receipt_url", "url"}
KEYS = ("", "-2", "-3")  # endings of idempotency keys, one after the other, each when Stripe has kept a 500 for the one before


class StripeProvider(PaymentProvider):
    """Checkout Sessions: the buyer pays at checkout.stripe.com."""

    meta: ClassVar[StripeMeta] = StripeMeta(
        code="stripe", title=N_("Bank card"), hint=N_("Visa, Mastercard and other ways to pay, by Stripe."), order=10,
        currencies=CURRENCIES, exponents=EXPONENTS, capabilities=frozenset({REDIRECT, WEBHOOK, POLL, REFUND, PARTIAL_REFUND, DISPUTE}))
    settings_model: ClassVar[type[ProviderSettings]] = StripeSettings
    settings: StripeSettings

    @property
    def livemode(self) -> bool:
        """By the key: sk_live_... and rk_live_... move real money."""
        return self.settings.key.startswith(("sk_live_", "rk_live_"))

    def is_available(self, order: Order, money: Money) -> bool:
        """Whether Stripe knows the currency and can express the amount; a session of nothing would be no payment."""
        try:
            return money.currency in CURRENCIES and self.meta.to_minor(money) > 0
        except MoneyError:
            return False

    def begin(self, order: Order, idempotency_key: str, return_url: str) -> Redirect:
        """A Checkout Session and its page."""
        try:
            params = session_params(order, return_url, self.meta)
        except MoneyError as error:
            raise ProviderRefused(str(error), "amount") from error
        with self._asking() as client:
            made = _create_session(client, params, idempotency_key)
            return Redirect(str(made["url"]), made["id"], datetime.fromtimestamp(made["expires_at"], UTC).replace(tzinfo=None),
                            (made["payment_intent"],) if made.get("payment_intent") else ())

    def fetch(self, reference: str) -> Snapshot:
        """The payment of a session, payment intent, charge, refund or dispute."""
        with self._asking() as client:
            return snapshot(find(client, reference), self.meta)

    def read_webhook(self, raw: bytes, headers: Mapping[str, str], remote_addr: str) -> Sequence[Notice]:
        """Verify the signature and its time, and say what it is about."""
        verify(raw, headers.get(HEADER, ""), self.settings.signing_secrets)
        return read_event(raw)

    def refund(self, reference: str, money: Money, idempotency_key: str) -> RefundSnapshot:
        """Give money back, once for each key, be the key older than Stripe remembers."""
        try:
            minor = self.meta.to_minor(money)
        except MoneyError as error:
            raise ProviderRefused(str(error), "amount") from error
        with self._asking() as client:
            intent = find_intent(client, reference)
            if intent is None:
                raise ProviderRefused("Nobody has paid this session, so there is nothing to give back.", "not-paid")
            return refund_snapshot(refund_once(client, intent, minor, idempotency_key), self.meta)

    def list_changes(self, since: datetime) -> Iterable[str]:
        """References by Stripe's list of events, which reaches back 30 days; the time limit is of each page."""
        seen: set[str] = set()
        after: dict[str, Any] = {}
        while True:
            params = {"created": {"gte": int(since.replace(tzinfo=UTC).timestamp())}, "types": list(EVENTS), "limit": MOST} | after
            with self._asking() as client:
                page = client.v1.events.list(params)  # type: ignore[arg-type]
                events = [event.to_dict() for event in page.data]
                found = dict.fromkeys(object_id for event in events if (object_id := about(event)))
                more = page.has_more and events
            yield from (one for one in found if one not in seen)
            seen |= found.keys()
            if not more:
                return
            after = {"starting_after": events[-1]["id"]}

    def check(self) -> Sequence[Problem]:
        """Keys, mode, webhook endpoint, clock."""
        from studium.plugins.stripe.checking import problems  # with the SDK

        return problems(self.settings, self.context, livemode=self.livemode)

    def redact(self, raw: Any) -> Any:
        """Without the buyer's data, and without links that open receipts or the session."""
        return redact(raw, PERSONAL)

    def matching_id(self, snapshot: Snapshot) -> str:
        """The payment intent, which Stripe's exports and payouts name."""
        return next((ref for ref in snapshot.refs if ref.startswith("pi_")), snapshot.reference)

    def _asking(self) -> AbstractContextManager[StripeClient]:
        from studium.plugins.stripe.api import asking  # with the SDK: 0.2 s and tens of MB that a process pays for only when it asks

        return asking(self.settings, self.context.timeout)


def _create_session(client: StripeClient, params: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The session of this key. A 500 that Stripe has kept for it is passed by: of a session whose address nobody got, nobody can pay."""
    from studium.plugins.stripe.api import StoredFailure, translating

    for ending in KEYS[:-1]:
        try:
            with translating():
                return client.v1.checkout.sessions.create(dict(params), {"idempotency_key": key + ending}).to_dict()  # type: ignore[arg-type]
        except StoredFailure:
            continue
    return client.v1.checkout.sessions.create(dict(params), {"idempotency_key": key + KEYS[-1]}).to_dict()  # type: ignore[arg-type]
