"""Telling somebody something: any plugin may, without knowing who keeps notices or what carries them."""

from __future__ import annotations

from dataclasses import dataclass, field

from studium.core.database import in_transaction
from studium.core.errors import StudiumError
from studium.core.runtime import runtime
from studium.services.notifications.values import Values


@dataclass(frozen=True)
class NewNotice:
    """What somebody is to be told. `event` is the code of a declared one; `key` says which happening it is, such as "lesson:12": of
    one person, event and key there is one notice, however often it is given. `values` fill the event's sentences; `path`, on this site,
    is where the button leads.
    """

    user_id: int
    event: str
    key: str
    values: Values = field(default_factory=dict)
    path: str = "/notifications"


def give_notice(notice: NewNotice) -> bool:
    """Keep a notice in the open transaction and have it carried to the person once that is committed; False for one that was given before,
    and where no plugin keeps notices. Raises StudiumError outside a transaction and for an event that nobody declared.
    """
    if not in_transaction():
        raise StudiumError(f"give_notice({notice.event}) needs an open transaction(), so that the notice commits with what it tells of.")
    return bool(runtime().hooks.keep_notice(notice=notice))


def resume_channel(user_id: int, channel: str) -> None:
    """Say that the person can be reached in a channel again, such as after they unblocked the bot. Needs an open transaction."""
    runtime().hooks.channel_restored(user_id=user_id, channel=channel)


def stop_channel(user_id: int, channel: str, address: str, reason: str) -> None:
    """Say that this address of the person is dead, found out by other means than sending: a bounce, a blocked bot. Needs an open
    transaction. `reason` is a word as of `AddressRefused`.
    """
    runtime().hooks.channel_lost(user_id=user_id, channel=channel, address=address, reason=reason)
