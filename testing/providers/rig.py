"""What the conformance kit needs of one provider: settings that reach a simulator, and hands to play the buyer, the service and the thief.

Subclass `ProviderRig` in your tests and run `pytest --provider-rig mypkg.tests.rig:Rig`. The kit drives the real checkout, inbox and state
machine; the rig only moves the other side. docs/provider-conformance.md has every rule.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from flask import Flask
from pydantic import SecretStr

from studium.services.money import Money
from studium.services.providers import PaymentProvider, ProviderContext, ProviderSettings

SIGNATURE, TIMESTAMP, SOURCE = "signature", "timestamp", "source"
PROOFS: Mapping[str, str] = {
    SIGNATURE: "each webhook is signed with a secret, so that a changed body is noticed",
    TIMESTAMP: "the signature covers the time of sending",
    SOURCE: "webhooks come from addresses that the service has published",
}
Fault = Literal["", "lost-answer", "error", "garbage", "unreachable", "slow", "refuse"]
FAULTS: Mapping[str, str] = {
    "lost-answer": "the service does what it is asked, and the answer never arrives (the socket times out, or a 504)",
    "error": "each call is answered by 500 and does nothing",
    "garbage": "each call is answered by 502 with a page of HTML and does nothing",
    "unreachable": "nobody listens at the service's address",
    "slow": "each call is answered after four times the time that the provider has (context.timeout), and does nothing",
    "refuse": "begin() and refund() are refused for good (a 4xx with a reason)",
}


class Inapplicable(Exception):
    """The service has no such thing; the text says why. The scenario is reported as not applicable, with that text."""


@dataclass(frozen=True)
class Delivery:
    """A webhook as it arrives: the bytes of the body, its headers, and the address that it comes from."""

    raw: bytes
    headers: Mapping[str, str]
    remote_addr: str = "127.0.0.1"


@dataclass(frozen=True)
class Site:
    """The site that the kit runs. It answers at `url` on loopback, also for simulators that are blueprints; `folder` is for the rig.

    Each method of a rig is called inside an app context of `app`.
    """

    app: Flask
    url: str
    folder: Path


class ProviderRig(ABC):
    """One provider on the bench. A method that the provider's capabilities call for, and that the service cannot do, raises Inapplicable.

    What must be there: `provider`, `settings`, `reset`, `set_fault`, `payments_of`, `keys`; with POLL also `pay`, `decline`, `falsify`,
    `sent_amount` and `amounts`, with WEBHOOK `deliveries`, `claim_paid`, and `resign` and `forge` or `strangers` as `proofs` say; with
    REFUND `refunded` and `refund_elsewhere`; with DISPUTE `dispute` and `end_dispute`. Each `reference` is what begin() answered.
    """

    provider: ClassVar[type[PaymentProvider]]
    plugins: ClassVar[tuple[str, ...]] = ()  # dotted names that the site must load besides the first-party ones: the provider, a simulator
    proofs: ClassVar[frozenset[str]] = frozenset({SIGNATURE, TIMESTAMP})  # how webhooks prove themselves, of PROOFS
    tolerance: ClassVar[float] = 300.0  # seconds that a webhook's time may be off, either way
    timeout: ClassVar[float] = 0.5  # seconds that the kit gives each call; a simulated "slow" takes four times as long
    currency: ClassVar[str] = "EUR"  # of the scenarios about anything else; three orders of 1 to 100 units must be possible
    languages: ClassVar[tuple[str, ...]] = ("en", "ru")  # that the provider's own texts are in, for OFFLINE
    amounts: ClassVar[Mapping[Money, str]] = {}  # what the service must be sent for an amount, as text: {Money(500, "JPY"): "500"}

    def __init__(self, site: Site) -> None:
        self.site = site
        self.fault: Fault = ""

    @abstractmethod
    def settings(self) -> ProviderSettings:
        """Complete settings that lead the provider to the simulator; asked again after each `set_fault`, for faults that are an address."""

    @abstractmethod
    def reset(self) -> None:
        """Forget all payments and faults, before each scenario."""

    def make(self, context: ProviderContext) -> PaymentProvider:
        """The provider itself."""
        return self.provider(self.settings(), context)

    def set_fault(self, fault: Fault) -> None:
        """Have every call from now on go wrong in this way, as FAULTS says; "" ends it. `self.fault` is there for `settings` to look at."""
        raise NotImplementedError(_tell("set_fault", "how the service fails"))

    # What the service got

    @abstractmethod
    def payments_of(self, order_id: str) -> int:
        """How many payments the service holds for this order (our id, from the metadata); repeated calls must make one."""

    @abstractmethod
    def keys(self, call: Literal["begin", "refund"]) -> Sequence[str]:
        """The idempotency keys that came with these calls, the oldest first, failed and repeated ones too."""

    def sent_amount(self, reference: str) -> str:
        """The amount of the payment as text, just as the provider sent it, to be compared with `amounts`."""
        raise NotImplementedError(_tell("sent_amount", "the amount as sent"))

    def sent_title(self, reference: str) -> str:
        """What the payment is for, as the provider sent it."""
        raise Inapplicable("The rig does not show titles.")

    def refunded(self, reference: str) -> Sequence[Money]:
        """The refunds that the service has made of a payment, pending and completed."""
        raise NotImplementedError(_tell("refunded", "the refunds the service made"))

    # The buyer and the service's own pages

    def pay(self, reference: str) -> None:
        """The buyer pays. Must also work after decline() and expire(), as money that comes late; else it raises Inapplicable."""
        raise NotImplementedError(_tell("pay", "how a buyer pays"))

    def decline(self, reference: str) -> None:
        """The payment fails for good, such as by a card that is refused; where buyers may just try again, raise Inapplicable."""
        raise NotImplementedError(_tell("decline", "how a payment fails"))

    def expire(self, reference: str) -> None:
        """The time to pay runs out."""
        raise Inapplicable("The rig does not let a payment run out.")

    def falsify(self, reference: str, *, money: Money | None = None, livemode: bool | None = None, order_id: str | None = None) -> None:
        """Have the service hold another amount or currency, the other mode, or another order's id for this payment."""
        raise NotImplementedError(_tell("falsify", "how the service's data can be wrong"))

    def refund_elsewhere(self, reference: str, money: Money) -> None:
        """Somebody gives money back on the service's own pages, without us; it is completed at once."""
        raise NotImplementedError(_tell("refund_elsewhere", "how money is refunded on the service's pages"))

    def hold_refunds(self) -> None:
        """Refunds stay pending from now on, until `end_refunds`."""
        raise Inapplicable("The rig completes refunds at once.")

    def end_refunds(self, reference: str, *, completed: bool) -> None:
        """The pending refunds of the payment complete or fail."""
        raise Inapplicable("The rig completes refunds at once.")

    def dispute(self, reference: str) -> None:
        """The buyer disputes the payment at the bank."""
        raise NotImplementedError(_tell("dispute", "how a dispute begins"))

    def end_dispute(self, reference: str, *, won: bool) -> None:
        """The dispute is decided, for us or for the buyer."""
        raise NotImplementedError(_tell("end_dispute", "how a dispute ends"))

    # Webhooks

    def deliveries(self, reference: str) -> Sequence[Delivery]:
        """The webhooks about this payment that the service made since it was asked last, the oldest first. The rig sends none itself."""
        raise NotImplementedError(_tell("deliveries", "the webhooks of the service"))

    def claim_paid(self, reference: str) -> Delivery:
        """A webhook with valid proof that says this payment is paid, whatever is true; also for a reference that nobody knows."""
        raise NotImplementedError(_tell("claim_paid", "a webhook that says 'paid'"))

    def resign(self, delivery: Delivery, *, raw: bytes | None = None, age: float = 0.0) -> Delivery:
        """The delivery with valid proof for another body, or as sent `age` seconds ago (negative: in the future). For SIGNATURE."""
        raise NotImplementedError(_tell("resign", "how webhooks are signed"))

    def forge(self, delivery: Delivery) -> Delivery:
        """The delivery as somebody would send it who knows all but the secret: signed with another one. For SIGNATURE."""
        raise NotImplementedError(_tell("forge", "how a thief would sign"))

    def strangers(self) -> Collection[str]:
        """Addresses that webhooks must not come from, near the published ones, of IPv4 and IPv6. For SOURCE."""
        raise NotImplementedError(_tell("strangers", "addresses that are not the service's"))

    # What must not be seen

    def secrets(self) -> Collection[str]:
        """What must never be in a log, a text or a page; by default all values of the settings that are SecretStr."""
        values = [getattr(self.settings(), name) for name in type(self.settings()).model_fields]
        return {value.get_secret_value() for value in values if isinstance(value, SecretStr) and value.get_secret_value()}

    def personal(self) -> Collection[str]:
        """Names, addresses and numbers of the buyer that the simulator puts into its answers; redact() must take them out."""
        return ()

    def unfinished_settings(self) -> Mapping[str, Any]:
        """Settings of which each required field but one is set; by default none are set at all."""
        return {}


def _tell(method: str, what: str) -> str:
    return (f"The rig must say {what}: write `{method}`, as the provider's capabilities call for it; if the service has no such thing, "
            "raise studium.testing.providers.Inapplicable with the reason.")
