"""What Stripe's events are about. Only ids are read: the endpoint may speak another version of the API, and events come in any order."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from studium.services.providers import InvalidWebhook, Notice

Object = Mapping[str, Any]
ID = re.compile(r"[A-Za-z0-9_]{4,200}", re.ASCII)


def _session(found: Object) -> object:
    return found.get("id")


def _intent(found: Object) -> object:
    """Charges, refunds, disputes and warnings belong to a payment intent; very old kinds of payment have a charge alone."""
    owner = found.get("payment_intent") or found.get("charge") or found.get("id")
    return owner.get("id") if isinstance(owner, Mapping) else owner


# What to subscribe to, and the id that each is about
EVENTS: Mapping[str, Callable[[Object], object]] = {
    "checkout.session.completed": _session,  # paid, or (unpaid) on its way by a slow method
    "checkout.session.async_payment_succeeded": _session,
    "checkout.session.async_payment_failed": _session,
    "checkout.session.expired": _session,
    "payment_intent.payment_failed": _intent,  # one attempt, the buyer may try again: a line in the payment's story, no more
    "charge.refunded": _intent,  # has no list of refunds since 2022-11-15, so they are asked for
    "refund.created": _intent,
    "refund.updated": _intent,
    "refund.failed": _intent,
    "charge.dispute.created": _intent,
    "charge.dispute.updated": _intent,
    "charge.dispute.funds_withdrawn": _intent,
    "charge.dispute.funds_reinstated": _intent,
    "charge.dispute.closed": _intent,
    "radar.early_fraud_warning.created": _intent,  # takes no money: a line in the story, after which the owner may refund
}
# Without these, money or its return would be noticed by reconciliation only
NEEDED = frozenset(EVENTS) - {"payment_intent.payment_failed", "radar.early_fraud_warning.created"}


def read_event(raw: bytes) -> Sequence[Notice]:
    """What a verified event is about; nothing for one of no interest. Raises InvalidWebhook, `malformed`, for what is no event."""
    try:
        told = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise InvalidWebhook(f"The body is not JSON ({type(error).__name__}).", "malformed") from None
    if not isinstance(told, dict) or not _is_id(told.get("id")) or not isinstance(told.get("type"), str):
        raise InvalidWebhook("The body is no event of Stripe.", "malformed")
    object_id = about(told)
    return [Notice(told["id"], told["type"], object_id)] if object_id else []


def about(event: Mapping[str, Any]) -> str | None:
    """The id of the session or payment intent that an event is about; None when it is of no interest."""
    read, data = EVENTS.get(event["type"]), event.get("data")
    found = data.get("object") if isinstance(data, Mapping) else None
    object_id = read(found) if read and isinstance(found, Mapping) else None
    return object_id if isinstance(object_id, str) and _is_id(object_id) else None


def _is_id(value: object) -> bool:
    return isinstance(value, str) and ID.fullmatch(value) is not None
