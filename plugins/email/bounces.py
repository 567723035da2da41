"""Reads mail that came back: delivery status notifications (RFC 3464), as the mail server pipes them in.

Anybody can write such a mail, so it counts only when it names, among the headers of what came back, a Message-ID that this site gave to a
mail to that very address.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import compat32

from studium.services.mail.message_ids import is_ours
from studium.services.mail.replies import is_dead_address

FAILED = "failed"
LARGEST = 2_000_000


@dataclass(frozen=True)
class Bounce:
    """One recipient of a notification: `is_dead` when their mailbox is not there, `is_ours` when we sent the mail that came back."""

    address: str
    status: str
    is_dead: bool
    is_ours: bool


def read_bounces(raw: bytes) -> list[Bounce]:
    """The failed recipients of a notification; none for any other mail, and for news of a mere delay."""
    try:
        return _read(message_from_bytes(raw[:LARGEST], policy=compat32))
    except RecursionError:  # mails within mails, thousands deep: nobody's mail server writes such
        return []


def _read(message: Message) -> list[Bounce]:
    if message.get_content_type() != "multipart/report" or str(message.get_param("report-type", "")).lower() != "delivery-status":
        return []
    returned = list(_returned_ids(message))
    return [_bounce(fields, address, returned) for fields, address in _failed(message)]


def _failed(message: Message) -> Iterator[tuple[Message, str]]:
    """The groups of fields about recipients whom a mail did not reach, and will not. The first group is about the mail as a whole."""
    for part in message.walk():
        if part.get_content_type() != "message/delivery-status" or not isinstance(part.get_payload(), list):
            continue
        for fields in part.get_payload():
            if isinstance(fields, Message) and str(fields.get("Action", "")).strip().lower() == FAILED:
                for name in ("Original-Recipient", "Final-Recipient"):  # the former is as we wrote it
                    if address := _typed(fields.get(name)):
                        yield fields, address
                        break


def _bounce(fields: Message, address: str, returned: list[str]) -> Bounce:
    status = str(fields.get("Status", "")).split()[0] if str(fields.get("Status", "")).strip() else ""
    code = _typed(fields.get("Diagnostic-Code"))[:3]
    vague = status in ("", "5.0.0")  # some servers tell the code alone
    dead = is_dead_address(int(code) if code.isdigit() else 0, "" if vague else status)
    return Bounce(address, status, dead, any(is_ours(found, address) for found in returned))


def _returned_ids(message: Message) -> Iterator[str]:
    """Message-IDs of the mail that came back, whole or only its headers."""
    for part in message.walk():
        kind = part.get_content_type()
        if kind == "message/rfc822" and isinstance(part.get_payload(), list):
            yield from (str(inner.get("Message-ID", "")) for inner in part.get_payload() if isinstance(inner, Message))
        elif kind == "text/rfc822-headers":
            body = part.get_payload(decode=True)
            yield str(message_from_bytes(body if isinstance(body, bytes) else b"", policy=compat32).get("Message-ID", ""))


def _typed(value: object) -> str:
    """The value behind the type of a field: "rfc822; anna@example.org"."""
    return str(value or "").partition(";")[2].strip().strip("<>")
