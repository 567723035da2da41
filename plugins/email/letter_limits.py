"""How many letters one person may cause and one mailbox may get: nobody is flooded by the form that sends links to any address."""

from __future__ import annotations

from collections.abc import Mapping

from studium.core.errors import TooManyRequests
from studium.core.logs import get_logger
from studium.core.runtime import runtime
from studium.services.limits import limit

log = get_logger(__name__)
OF_A_PERSON = "5/hour;15/day"  # letters that somebody may cause
OF_A_PERSON_TO_ONE_ADDRESS = "3/hour;4/day"  # fewer than the next, or one person could keep letters from the owner of an address
TO_AN_ADDRESS = "5/hour;10/day"  # letters that somebody may get whom nobody asked


def may_be_written_to(user_id: int, address: str) -> bool:
    """Count a letter that this person wants to be sent; False when the address gets too many, of which the person must not hear, as that
    would tell of others. Raises TooManyRequests when it is the person who causes too many.
    """
    asker, mailbox = _asker(user_id), _mailbox(address)
    limit(f"email-of:{asker}", OF_A_PERSON)
    limit(f"email-of-to:{asker}:{mailbox}", OF_A_PERSON_TO_ONE_ADDRESS)
    try:
        limit(f"email-to:{mailbox}", TO_AN_ADDRESS)
    except TooManyRequests:
        log.warning("email_address_asked_too_often")
        return False
    return True


def _asker(user_id: int) -> str:
    """What is counted as one person: who deletes the account and comes back has another user id."""
    found: Mapping[int, int] | None = runtime().hooks.find_telegram_ids(user_ids=[user_id])
    return f"telegram {found[user_id]}" if found and user_id in found else f"user {user_id}"


def _mailbox(address: str) -> str:
    """What is counted as one mailbox: many servers bring mail to An.na+x@ to anna@ (RFC 5233; Gmail's dots)."""
    local, _at, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0].replace('.', '')}@{domain}"
