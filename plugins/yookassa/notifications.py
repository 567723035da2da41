"""YooKassa's notifications (yookassa.ru/developers/using-api/webhooks): unsigned, so the sender's address counts, and what fetch() says.

There is no id of the event, and no event of refunds that failed; a delivery is known by what it says.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
from collections.abc import Iterable

from studium.services.providers import InvalidWebhook, Notice

PUBLISHED = ("185.71.76.0/27", "185.71.77.0/27", "77.75.153.0/25", "77.75.154.128/25", "77.75.156.11", "77.75.156.35", "2a02:5180::/32")
EVENTS = ("payment.waiting_for_capture", "payment.succeeded", "payment.canceled", "refund.succeeded")
OBJECT_ID = re.compile(r"[0-9a-zA-Z-]{1,64}")
STATUS = re.compile(r"[a-z_]{1,40}")


def check_source(address: str, sources: Iterable[str] = ()) -> None:
    """Raise InvalidWebhook, reason `source`, for an address outside of `sources`, which are by default those that YooKassa publishes."""
    try:
        sender = ipaddress.ip_address(address)
    except ValueError:
        raise InvalidWebhook("The sender's address is not known.", "source") from None
    if isinstance(sender, ipaddress.IPv6Address) and sender.ipv4_mapped:
        sender = sender.ipv4_mapped  # how an IPv4 sender looks to a server that listens on both
    if not any(sender in ipaddress.ip_network(one) for one in tuple(sources) or PUBLISHED):
        raise InvalidWebhook("The delivery does not come from an address of YooKassa.", "source")


def read_notification(raw: bytes) -> list[Notice]:
    """What it is about; empty for an event of no interest. Raises InvalidWebhook."""
    try:
        told = json.loads(raw)
        event, found = told["event"], told["object"]
        if event not in EVENTS:
            return []
        object_id, status = found["id"], found["status"]
        if not OBJECT_ID.fullmatch(object_id) or not STATUS.fullmatch(status):
            raise ValueError("an id or a status of the wrong form")
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InvalidWebhook(f"The body is not a notification of YooKassa ({type(error).__name__}).", "malformed") from None
    return [Notice(hashlib.sha256(f"{event}|{object_id}|{status}".encode()).hexdigest(), event, object_id)]
