"""What people chose: for each event and channel at once, once a day or not at all, and when. Without a choice an event's default holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

from studium.core.database import reading, transaction
from studium.plugins.notifications import habits
from studium.plugins.notifications.entities import Habit, Preference, Silence
from studium.plugins.notifications.habits import Quiet, habits_of
from studium.services.notifications.channels import NotificationChannel
from studium.services.notifications.events import SITE, Mode, NotificationEvent
from studium.services.notifications.registry import channels, events

EVERYTHING = "*"  # stands for the event in the row of who wants nothing of a channel, events of plugins to come included
BUT_URGENT = "urgent"  # the mode of that row when urgent events go on
Modes = Mapping[tuple[str, str], Mode]


@dataclass(frozen=True)
class Row:
    """An event with the mode of each channel, `SITE` among them."""

    event: NotificationEvent
    modes: Mapping[str, Mode]


@dataclass(frozen=True)
class ChannelView:
    """A channel as one person has it: `address` None when they are not connected; `silenced_reason` while it is off as that is dead."""

    code: str
    title: str
    icon: str
    address: str | None
    silenced_reason: str | None
    since: datetime | None
    setup_path: str


@dataclass(frozen=True)
class PreferenceTable:
    """All choices of a person; titles are English, to be translated. `digest_at` and `quiet` are minutes of their day."""

    groups: list[tuple[str, list[Row]]]
    channels: list[ChannelView]
    digest_at: int
    quiet: Quiet | None


def table_of(user_id: int, roles: Collection[str] = ()) -> PreferenceTable:
    """What the person chose, in a constant number of queries. `roles` are theirs: events for certain roles are shown to those only."""
    with reading():
        chosen, when = Choices.of(user_id), habits_of(user_id)
        silences = {row.channel: row for row in Silence.select(lambda row: row.user_id == user_id)}
        views = [_channel(channel, user_id, silences.get(code)) for code, channel in channels().items()]
    groups: dict[str, list[Row]] = {}
    for event in events().values():
        if not event.roles or event.roles & set(roles):
            modes = {code: chosen.mode(event, code) for code in (SITE, *(view.code for view in views))}
            groups.setdefault(event.group, []).append(Row(event, modes))
    return PreferenceTable(list(groups.items()), views, when.digest_at, when.quiet)


def keep(user_id: int, modes: Modes, digest_at: int, quiet: Quiet | None) -> None:
    """Keep the choices, by (event, channel); of what `modes` leaves out the earlier choice stays. Raises ValueError naming what is wrong,
    and keeps nothing then.
    """
    habits.check(digest_at, quiet)
    for (event, channel), mode in modes.items():
        _check(event, channel, mode)
    begin, until = quiet or (None, None)
    with transaction():
        _widen(user_id, {channel for (_, channel), mode in modes.items() if mode != "off"})
        for (event, channel), mode in modes.items():
            _choose(user_id, event, channel, mode)
        row = Habit.get(user_id=user_id)
        if row is None:
            Habit(user_id=user_id, digest_at=digest_at, quiet_from=begin, quiet_until=until)
        else:
            row.set(digest_at=digest_at, quiet_from=begin, quiet_until=until)


def unsubscribe(user_id: int, channel: str, event: str | None, *, urgent: bool = True) -> None:
    """Send no more of this event in this channel; with None nothing at all, also of plugins to come, and with `urgent` nothing urgent."""
    with transaction():
        if event is None:
            spared = () if urgent else _urgent_codes()
            Preference.select(
                lambda row: row.user_id == user_id and row.channel == channel and row.event not in spared).delete(bulk=True)
        _put(user_id, event or EVERYTHING, channel, "off" if event or urgent else BUT_URGENT)


def mode_of(user_id: int, event: NotificationEvent, channel: str) -> Mode:
    """What holds for this person, event and channel."""
    with reading():
        return Choices.of(user_id, event.code).mode(event, channel)


@dataclass(frozen=True)
class Choices:
    """What one person chose, by (event, channel)."""

    rows: Mapping[tuple[str, str], Any]

    @classmethod
    def of(cls, user_id: int, event: str | None = None) -> Choices:
        """All choices, or those that matter for one event; needs an open reading() or transaction()."""
        found: Iterable[Preference] = Preference.select(lambda row: row.user_id == user_id)
        if event is not None:
            found = Preference.select(lambda row: row.user_id == user_id and row.event in (event, EVERYTHING))
        return cls({(row.event, row.channel): row.mode for row in found})

    def mode(self, event: NotificationEvent, channel: str) -> Mode:
        """The choice for the event, else that for the whole channel, else the event's default."""
        whole = self.rows.get((EVERYTHING, channel))
        if whole == BUT_URGENT:
            whole = None if event.urgent else "off"
        return self.rows.get((event.code, channel)) or whole or default_of(event, channel)


def default_of(event: NotificationEvent, channel: str) -> Mode:
    """Where nobody chose; what is urgent waits for no digest."""
    mode = event.default_mode(channel)
    return "now" if event.urgent and mode == "daily" else mode


def _channel(channel: NotificationChannel, user_id: int, silence: Silence | None) -> ChannelView:
    address = channel.addresses_of([user_id]).get(user_id)
    reason = since = None
    if silence is not None and silence.address == address:
        reason, since = silence.reason, silence.since
    return ChannelView(channel.code, channel.title, channel.icon, address, reason, since, channel.setup_path)


def _check(event: str, channel: str, mode: str) -> None:
    if event not in events():
        raise ValueError(f"There is no event {event[:60]!r}.")
    if channel != SITE and channel not in channels():
        raise ValueError(f"There is no channel {channel[:40]!r}.")
    if mode not in get_args(Mode) or (mode == "daily" and (channel == SITE or events()[event].urgent)):
        raise ValueError(f"{event} in {channel} cannot be {mode[:20]!r}.")


def _widen(user_id: int, wanted: Collection[str]) -> None:
    """Who wanted nothing of a channel and now wants something: "nothing" becomes a choice for each event."""
    for channel in wanted:
        row = Preference.get(user_id=user_id, event=EVERYTHING, channel=channel)
        if row is not None:
            spared = _urgent_codes() if row.mode == BUT_URGENT else ()
            row.delete()
            for code in events():
                if code not in spared:
                    _put(user_id, code, channel, "off")


def _choose(user_id: int, event: str, channel: str, mode: Mode) -> None:
    """What is the default needs no row, unless there is one: somebody once chose otherwise."""
    known = Preference.get(user_id=user_id, event=event, channel=channel)
    whole = Preference.get(user_id=user_id, event=EVERYTHING, channel=channel)
    if known is not None or whole is not None or mode != default_of(events()[event], channel):
        _put(user_id, event, channel, mode)


def _urgent_codes() -> tuple[str, ...]:
    return tuple(event.code for event in events().values() if event.urgent)


def _put(user_id: int, event: str, channel: str, mode: str) -> None:
    row = Preference.get(user_id=user_id, event=event, channel=channel)
    if row is None:
        Preference(user_id=user_id, event=event, channel=channel, mode=mode)
    else:
        row.mode = mode
