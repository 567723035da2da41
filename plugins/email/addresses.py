"""The addresses of people: asked for, confirmed, removed, refused. Nothing here tells anybody whether somebody else has an address."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pony.orm import select

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.core.logs import get_logger
from studium.plugins.email.confirmation_job import EmailConfirmation, email_confirmation
from studium.plugins.email.entities import EmailAddress
from studium.plugins.email.letter_limits import may_be_written_to
from studium.plugins.email.telling import tell_changed, tell_removed
from studium.plugins.email.tokens import hash_of, new_nonce, token_of
from studium.queue import jobs
from studium.services.mail.addresses import read_address
from studium.services.notifications import resume_channel, stop_channel

log = get_logger(__name__)
CHANNEL = "email"
LINK_LASTS = timedelta(days=3)
Asked = Literal["sent", "known"]


@dataclass(frozen=True)
class AddressView:
    """An address as its owner sees it; `state` is that of the row, `since` when it was confirmed or asked for, naive UTC."""

    id: int
    address: str
    state: str
    since: datetime


def ask(user_id: int, written: str, language: str) -> Asked:
    """Have a link sent to an address, which counts once it is followed; "known" for one that is confirmed and well.

    An earlier address that waits is forgotten; a confirmed one stays until then. Raises ValueError for no address, TooManyRequests. To an
    address that gets too many nothing is sent and nothing is said, as that would tell of others; a link that was sent before stays good.
    """
    address = read_address(written)
    with reading():
        if _is_confirmed(user_id, address):
            return "known"
    silent = not may_be_written_to(user_id, address)
    with transaction():
        if _is_confirmed(user_id, address):  # by another tab, meanwhile
            return "known"
        EmailAddress.select(lambda one: one.user_id == user_id and one.address != address and one.confirmed_at is None).delete(bulk=True)
        if not silent:
            jobs.enqueue(email_confirmation, EmailConfirmation(address_id=_renew(user_id, address, language)))
        elif not _waits(user_id, address):
            _renew(user_id, address, language)
    log.info("email_confirmation_asked", user_id=user_id, silent=silent)
    return "sent"


def ask_again(user_id: int, address_id: int, language: str) -> Asked | None:
    """The same for an address of the person that waits, or was refused; None for somebody else's. Raises TooManyRequests."""
    with reading():
        row = EmailAddress.get(id=address_id, user_id=user_id)
        address = row.address if row is not None else None
    return None if address is None else ask(user_id, address, language)


def confirm(token: str) -> bool:
    """The link was followed: from now on mail goes to its address and to no other of the person. False for a link that is over.

    A second time is no error. Where the channel was switched off, since an address was dead, it works again.
    """
    with transaction():
        row = EmailAddress.get(token_hash=hash_of(token))
        if row is None or row.expires_at <= now():
            return False
        if row.state == "confirmed":
            return True
        others = EmailAddress.select(lambda one: one.user_id == row.user_id and one.id != row.id)
        replaced = others.filter(lambda one: one.confirmed_at is not None).exists()
        others.delete(bulk=True)
        row.set(confirmed_at=now(), refused_at=None, refused_reason="")
        resume_channel(row.user_id, CHANNEL)
        if replaced:
            tell_changed(row)
        log.info("email_confirmed", user_id=row.user_id)
        return True


def find_by_token(token: str) -> tuple[int, AddressView] | None:
    """Whose address a link is about, and which; None for a link that is over."""
    with reading():
        row = EmailAddress.get(token_hash=hash_of(token))
        return (row.user_id, _view(row)) if row is not None and row.expires_at > now() else None


def remove(user_id: int, address_id: int) -> bool:
    """Forget an address; False for somebody else's and unknown ones."""
    with transaction():
        row = EmailAddress.get(id=address_id, user_id=user_id)
        if row is None:
            return False
        confirmed = row.confirmed_at is not None
        row.delete()
        if confirmed:
            tell_removed(row)
    log.info("email_removed", user_id=user_id)
    return True


def refuse(address: str, reason: str) -> list[int]:
    """A mail server says for good that there is no such mailbox: mail to it ends, and its people are told. Answers whose it was."""
    spellings = _spellings(address)
    with transaction():
        rows = list(EmailAddress.select(lambda one: one.address in spellings))
        for row in rows:
            row.set(refused_at=now(), refused_reason=reason)
            if row.confirmed_at is not None:
                stop_channel(row.user_id, CHANNEL, row.address, reason)
        return [row.user_id for row in rows]


def _spellings(address: str) -> list[str]:
    """As people wrote an address that a bounce may have in lower case: to look at all of them takes long, so before the write lock."""
    with reading():
        exact = EmailAddress.exists(lambda one: one.address == address)
        return [address] if exact else list(select(one.address for one in EmailAddress if one.address.lower() == address.lower()))  # type: ignore[attr-defined]


def mark_well(user_id: int, address: str) -> None:
    """A mail got through to an address that was refused before, which somebody wanted to try once more."""
    with reading():
        row = EmailAddress.get(user_id=user_id, address=address)
        if row is None or row.refused_at is None or row.confirmed_at is None:
            return
    with transaction():
        row = EmailAddress.get(user_id=user_id, address=address)
        if row is not None and row.confirmed_at is not None:
            row.set(refused_at=None, refused_reason="")


def list_of(user_id: int) -> list[AddressView]:
    """The person's addresses: the confirmed one, then the one that waits."""
    with reading():
        rows = EmailAddress.select(lambda row: row.user_id == user_id).order_by(lambda row: row.id)
        return sorted((_view(row) for row in rows), key=lambda view: view.state not in ("confirmed", "refused"))


def confirmed_addresses(user_ids: Collection[int]) -> dict[int, str]:
    """Where mail to these people goes, by user id; those that a server refused too, so that somebody notices."""
    wanted = list(user_ids)
    with reading():
        rows = EmailAddress.select(lambda row: row.user_id in wanted and row.confirmed_at is not None)
        return {row.user_id: row.address for row in rows}


def _is_confirmed(user_id: int, address: str) -> bool:
    row = EmailAddress.get(user_id=user_id, address=address)
    return row is not None and row.state == "confirmed"


def _waits(user_id: int, address: str) -> bool:
    row = EmailAddress.get(user_id=user_id, address=address)
    return row is not None and row.state == "waiting"


def _renew(user_id: int, address: str, language: str) -> int:
    """The row of the address with a new link; whoever has the old one cannot use it any more."""
    nonce = new_nonce()
    values = {"language": language, "nonce": nonce, "token_hash": hash_of(token_of(nonce)), "asked_at": now(),
              "expires_at": now() + LINK_LASTS, "confirmed_at": None, "refused_at": None, "refused_reason": ""}
    row = EmailAddress.get(user_id=user_id, address=address)
    if row is None:
        row = EmailAddress(user_id=user_id, address=address, **values)
    else:
        row.set(**values)
    row.flush()
    return int(row.id)


def _view(row: EmailAddress) -> AddressView:
    return AddressView(row.id, row.address, row.state, row.confirmed_at or row.asked_at)
