"""The contract of a payment provider: pure values in, pure values out. This is the face that integrators import.

A provider translates between one payment service and these values. It never writes the database, renders no page and no card field (PCI
DSS SAQ A), keeps no state between calls, and may be called from many threads at once. `plugins/payments` alone moves money state: inbox,
transitions, audit, retries and grants are there. docs/tutorial-provider.md builds one; `studium.testing.providers` proves one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import SecretStr

from studium.core.errors import StudiumError
from studium.core.settings import Section
from studium.services.money import Money, from_minor, to_minor

REDIRECT, WEBHOOK, POLL, REFUND, PARTIAL_REFUND = "redirect", "webhook", "poll", "refund", "partial_refund"
DISPUTE, RECEIPT, OFFLINE = "dispute", "receipt", "offline"
CAPABILITIES: Mapping[str, str] = {
    REDIRECT: "the buyer pays on a page of the service and comes back",
    WEBHOOK: "the service tells of changes at /webhooks/<code>",
    POLL: "fetch() may be asked at any time; without it only a person can say that money came",
    REFUND: "refund() gives the whole amount back",
    PARTIAL_REFUND: "refund() gives parts back, several times",
    DISPUTE: "fetch() tells of disputes (chargebacks)",
    RECEIPT: "needs the buyer's e-mail address for a fiscal receipt",
    OFFLINE: "money comes outside of the site, such as by bank transfer, and a person confirms it",
}
PaymentStatus = Literal["pending", "completed", "failed", "expired"]
RefundStatus = Literal["pending", "completed", "failed"]


class ProviderError(StudiumError):
    """The payment service could not do what was asked. Raise one of its kinds."""


class ProviderDown(ProviderError):
    """Nobody knows whether it happened: no connection, a timeout, a 5xx, a 429. The core asks again, with the same idempotency key."""


class ProviderRefused(ProviderError):
    """The service said no, for good; `code` is its own word for it, the text is for the owner. It is not asked again."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class InvalidWebhook(ProviderError):
    """A delivery that is not authentic or cannot be read; `reason` is one word that is counted: signature, stale, source, malformed."""

    def __init__(self, message: str, reason: Literal["signature", "stale", "source", "malformed"] = "malformed") -> None:
        super().__init__(message)
        self.reason = reason


class ProviderSettings(Section):
    """A provider's settings; a field without a value stays None, and the provider stays off. Secrets are SecretStr: they print as stars."""

    required: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def env_name(cls, name: str) -> str:
        """The environment's name of a field: `secret_key` of the prefix STRIPE is STUDIUM_STRIPE_SECRET_KEY."""
        return next(env for env, found in cls.env_names().items() if found == name)

    def missing(self) -> tuple[str, ...]:
        """The environment names of the `required` fields that are unset; a provider works only when there are none."""
        return tuple(self.env_name(name) for name in self.required if not _plain(getattr(self, name)))


@dataclass(frozen=True)
class ProviderContext:
    """What a provider may know of the site: its address, where webhooks come in, the school's name, and seconds to wait for an answer."""

    site_url: str
    webhook_url: str
    site_name: str
    timeout: float = 10.0


@dataclass(frozen=True)
class ProviderMeta:
    """Who a provider is. `code` names it in addresses and rows, for ever; `title` is a message id that the buyer reads, translated.

    `currencies` are ISO 4217 codes, empty for all; `capabilities` are of CAPABILITIES; `exponents` are the decimals of currencies where the
    service's minor units depart from ISO 4217 (Stripe sends ISK times 100); `icon` is a name of the site's sprite.
    """

    code: str
    title: str
    currencies: frozenset[str] = frozenset()
    capabilities: frozenset[str] = frozenset()
    exponents: Mapping[str, int] = field(default_factory=dict)
    icon: str = "card"
    hint: str = ""
    order: int = 100

    def to_minor(self, money: Money) -> int:
        """The amount in the service's minor units. Raises MoneyError when it cannot be expressed."""
        return to_minor(money, self.exponents)

    def from_minor(self, minor: int, currency: str) -> Money:
        """The money of so many of the service's minor units."""
        return from_minor(minor, currency.upper(), self.exponents)


@dataclass(frozen=True)
class Order:
    """What is to be paid. `id` is the payment's uuid: put it into the service's metadata, so that `Snapshot.order_id` can say it again.

    `number` is short and for people; `title` is the course, `item` the tier, both in the buyer's `language`. `email` is there when the
    provider's capability RECEIPT asks for it. `expires_at` (naive UTC) is when the offer ends,
    unless the provider's answer names another end.
    """

    id: str
    number: str
    money: Money
    title: str
    item: str
    language: str
    created_at: datetime
    email: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Redirect:
    """Send the buyer to `url`. `reference` is the service's id of the payment; `refs` are further ids by which it may speak of it."""

    url: str
    reference: str
    expires_at: datetime | None = None
    refs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Instructions:
    """Tell the buyer how to pay, in the order's language: `lines` are (label, value) to copy, `text` is a sentence or two."""

    reference: str
    lines: tuple[tuple[str, str], ...]
    text: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Completed:
    """It is paid already; the core fetches the reference before it believes so."""

    reference: str
    refs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Notice:
    """What a verified webhook is about; nothing of it is believed but its ids: the core fetches the object.

    `event_key` is the same for each delivery of one event and for no other (the service's event id, else a hash of event, object and
    status), at most 200 characters; `kind` is the service's word; `object_id` is an id that fetch() takes or that is known as a ref.
    """

    event_key: str
    kind: str
    object_id: str


@dataclass(frozen=True)
class RefundSnapshot:
    """A refund as the service has it. `id` is the service's; `refund_id` ours, from its metadata, None for one made elsewhere."""

    id: str
    status: RefundStatus
    money: Money
    refund_id: str | None = None
    reason: str = ""


@dataclass(frozen=True)
class Snapshot:
    """A payment as the service has it now. `money` is what was or is to be paid; it must equal ours before access is given.

    `disputed` while a dispute is open, `dispute_lost` once it is lost. `livemode` False means test keys. `raw` is the service's answer as
    plain data. `reference` and `refs` are all ids it has by now; `order_id` is ours, from its metadata. `reason` says why it failed.
    """

    status: PaymentStatus
    money: Money
    refunds: tuple[RefundSnapshot, ...] = ()
    disputed: bool = False
    livemode: bool = False
    raw: Mapping[str, Any] = field(default_factory=dict)
    reference: str = ""
    refs: tuple[str, ...] = ()
    order_id: str | None = None
    dispute_lost: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Problem:
    """Something wrong with a provider's set-up, and how to mend it; a warning does not stop it from working."""

    what: str
    fix: str
    severity: Literal["error", "warning"] = "error"


class PaymentProvider(ABC):
    """One payment service. Subclass it, name `meta` and `settings_model`, and answer the questions; those with a body are optional.

    Every call that reaches the service must end within `context.timeout` seconds and raise ProviderDown or ProviderRefused, nothing else.
    """

    meta: ClassVar[ProviderMeta]
    settings_model: ClassVar[type[ProviderSettings]]

    def __init__(self, settings: ProviderSettings, context: ProviderContext) -> None:
        self.settings = settings
        self.context = context

    @property
    @abstractmethod
    def livemode(self) -> bool:
        """Whether the keys move real money; what the other mode says is ignored."""

    @abstractmethod
    def begin(self, order: Order, idempotency_key: str, return_url: str) -> Redirect | Instructions | Completed:
        """Ask the service for the payment. Called again with the same key after ProviderDown: the service must answer the same.

        `return_url` is where the buyer comes back to; it tells nothing. The key has at most 64 characters of [0-9a-zA-Z:-].
        """

    @abstractmethod
    def fetch(self, reference: str) -> Snapshot:
        """The payment as it is now, by its reference or any of its refs. Raises ProviderRefused, code "not-found", for unknown ones."""

    def check(self) -> Sequence[Problem]:
        """What is wrong with keys, mode, webhook address, events, clock, receipts; may ask the service. Used by the doctor."""
        return ()

    def is_available(self, order: Order, money: Money) -> bool:
        """Whether it can take this order; must be quick and ask nobody."""
        return not self.meta.currencies or money.currency in self.meta.currencies

    def read_webhook(self, raw: bytes, headers: Mapping[str, str], remote_addr: str) -> Sequence[Notice]:
        """Verify a delivery and say what it is about; an empty list for an event of no interest. Raises InvalidWebhook.

        `headers` have lower-case names; `remote_addr` is the sender's address as seen behind trusted proxies. Must not reach the network.
        """
        raise InvalidWebhook("This provider takes no webhooks.", "source")

    def refund(self, reference: str, money: Money, idempotency_key: str) -> RefundSnapshot:
        """Give money back. The key is our refund's uuid: put it into the service's metadata too, so that its echo is recognised."""
        raise ProviderRefused("This provider cannot give money back.", "unsupported")

    def list_changes(self, since: datetime) -> Iterable[str]:
        """References of payments that changed since then (naive UTC), their refunds and disputes included; for the nightly sweep."""
        return ()

    def redact(self, raw: Any) -> Any:
        """The service's data without secrets and personal data, for pages and logs. The default blanks REDACTED_KEYS at any depth."""
        return redact(raw)

    def matching_id(self, snapshot: Snapshot) -> str:
        """The id that the service's own exports name this payment by, so that accounts can be joined."""
        return snapshot.reference


REDACTED = "[redacted]"
REDACTED_KEYS = frozenset({
    "address", "authorization", "card", "client_secret", "customer", "customer_details", "email", "first_name", "full_name", "iban", "ip",
    "last4", "last_name", "name", "number", "password", "payer", "phone", "receipt_email", "secret", "secret_key", "shipping", "signature",
    "token",
})


def redact(raw: Any, keys: frozenset[str] = REDACTED_KEYS) -> Any:
    """Plain data with the values of `keys` blanked at any depth, whatever their case."""
    if isinstance(raw, Mapping):
        return {key: REDACTED if str(key).lower() in keys and value else redact(value, keys) for key, value in raw.items()}
    if isinstance(raw, (list, tuple)):
        return [redact(value, keys) for value in raw]
    return raw


def _plain(value: Any) -> Any:
    return value.get_secret_value() if isinstance(value, SecretStr) else value
