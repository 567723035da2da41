"""From any id that Stripe may speak of a payment by to everything that there is of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from studium.services.providers import ProviderRefused

if TYPE_CHECKING:
    from stripe import StripeClient

Found = dict[str, Any]
MOST = 100  # of one page; further pages are asked for
ID = re.compile(r"(cs|pi|ch|py|re|pyr|du|dp)_[A-Za-z0-9_]{1,190}", re.ASCII)


@dataclass(frozen=True)
class Objects:
    """A payment at Stripe. A session has no intent before the first attempt to pay; an intent has no session when it was made elsewhere."""

    session: Found | None
    intent: Found | None
    refunds: list[Found] = field(default_factory=list)
    disputes: list[Found] = field(default_factory=list)

    @property
    def charge(self) -> Found | None:
        """The latest attempt to charge."""
        found = (self.intent or {}).get("latest_charge")
        return found if isinstance(found, dict) else None


def find(client: StripeClient, reference: str) -> Objects:
    """All of the payment that this id belongs to. Raises ProviderRefused, `not-found`, besides what the SDK raises."""
    session, intent = _session_and_intent(client, reference)
    found = Objects(session, intent)
    if found.charge is None or intent is None:
        return found
    refunds = [one.to_dict() for one in client.v1.refunds.list({"payment_intent": intent["id"], "limit": MOST}).auto_paging_iter()]
    if not found.charge.get("disputed"):
        return Objects(session, intent, refunds)
    disputes = client.v1.disputes.list({"payment_intent": intent["id"], "limit": MOST}).auto_paging_iter()
    return Objects(session, intent, refunds, [one.to_dict() for one in disputes])


def find_intent(client: StripeClient, reference: str) -> str | None:
    """The id of the payment intent that this id belongs to; None when nobody tried to pay yet. Raises ProviderRefused, `not-found`."""
    kind = _kind(reference)
    if kind == "cs":
        intent = client.v1.checkout.sessions.retrieve(reference).to_dict().get("payment_intent")
        return str(intent) if intent else None
    return reference if kind == "pi" else _intent_of(client, kind, reference)


def _session_and_intent(client: StripeClient, reference: str) -> tuple[Found | None, Found | None]:
    if _kind(reference) == "cs":
        session = client.v1.checkout.sessions.retrieve(reference, {"expand": ["payment_intent.latest_charge"]}).to_dict()
        return session, session.get("payment_intent")
    intent_id = find_intent(client, reference)
    asked = client.v1.checkout.sessions.list({"payment_intent": intent_id or "", "limit": 1,
                                              "expand": ["data.payment_intent.latest_charge"]})
    if asked.data:
        session = asked.data[0].to_dict()
        return session, session["payment_intent"]
    return None, client.v1.payment_intents.retrieve(intent_id or "", {"expand": ["latest_charge"]}).to_dict()


def _intent_of(client: StripeClient, kind: str, reference: str) -> str:
    retrieve: dict[str, Callable[[str], Any]] = {
        "ch": client.v1.charges.retrieve, "py": client.v1.charges.retrieve,
        "re": client.v1.refunds.retrieve, "pyr": client.v1.refunds.retrieve,
        "du": client.v1.disputes.retrieve, "dp": client.v1.disputes.retrieve,
    }
    intent = retrieve[kind](reference).to_dict().get("payment_intent")
    if not isinstance(intent, str):
        raise ProviderRefused(f"{reference} belongs to no payment intent, so it is not of a checkout.", "not-found")
    return intent


def _kind(reference: str) -> str:
    """What sort of id it is; what cannot be one is never put into an address."""
    found = ID.fullmatch(reference)
    if found is None:
        raise ProviderRefused(f"{reference[:40]!r} is no id of a payment at Stripe.", "not-found")
    return found[1]
