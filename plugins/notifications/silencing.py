"""Switching a channel off for a person whose address there is dead, saying so in the bell, and switching it on again."""

from __future__ import annotations

from studium.core.clock import now
from studium.core.database import transaction
from studium.core.logs import get_logger
from studium.plugins.notifications.entities import Silence
from studium.plugins.notifications.events import CHANNEL_OFF
from studium.services.languages import LANGUAGES
from studium.services.notifications.giving import NewNotice, give_notice
from studium.services.notifications.registry import all_channels
from studium.services.notifications.values import Title
from studium.services.people import find_person
from studium.services.translation import translator

log = get_logger(__name__)


def silence(user_id: int, channel: str, address: str, reason: str) -> None:
    """Send nothing to this address any more and tell the person in the bell, once for each death of it.

    Nothing happens for somebody who is gone, or who has another address there by now.
    """
    with transaction():
        row = Silence.get(user_id=user_id, channel=channel)
        if (row is not None and row.address == address) or not _is_current(user_id, channel, address):
            return
        since = now()
        if row is None:
            Silence(user_id=user_id, channel=channel, address=address, reason=reason, since=since)
        else:
            row.set(address=address, reason=reason, since=since)
        _tell(user_id, channel, f"{channel}:{since.isoformat()}")
    log.info("channel_silenced", user_id=user_id, channel=channel, reason=reason)


def restore(user_id: int, channel: str) -> None:
    """Use the channel for this person again, such as after they unblocked the bot, or want to try their address once more."""
    with transaction():
        row = Silence.get(user_id=user_id, channel=channel)
        if row is not None:
            row.delete()


def is_silenced(user_id: int, channel: str, address: str) -> bool:
    """Whether this very address is known to be dead; needs an open reading() or transaction()."""
    row = Silence.get(user_id=user_id, channel=channel)
    return row is not None and row.address == address


def _is_current(user_id: int, channel: str, address: str) -> bool:
    """Also for a channel that itself names the address no more: it knew of its death first."""
    found = all_channels().get(channel)
    return find_person(user_id) is not None and found is not None and found.addresses_of([user_id]).get(user_id) in (None, address)


def _tell(user_id: int, channel: str, key: str) -> None:
    """Each reader gets the channel's name in the language that they will read the notice in."""
    title = all_channels()[channel].title
    names = Title({language: translator(language).gettext(title) for language in LANGUAGES})
    give_notice(NewNotice(user_id, CHANNEL_OFF.code, key, {"channel": names}, "/account#notifications"))
