"""Keeps a notice: its row, a delivery for each channel that carries it, the jobs for those, and word to the open pages; all of it in the
transaction of whatever is told of, so that all of it happens or nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from pony.orm import DBException, OrmError

from studium.core.clock import now
from studium.core.errors import StudiumError
from studium.core.logs import get_logger
from studium.plugins.notifications.delivering import carry_later
from studium.plugins.notifications.entities import WAITING, Delivery, Notification
from studium.plugins.notifications.gathering import gather_at
from studium.plugins.notifications.habits import Habits, habits_of, next_digest, quiet_end
from studium.plugins.notifications.preferences import Choices
from studium.plugins.notifications.reading import unread_count
from studium.plugins.notifications.silencing import is_silenced
from studium.services import cable
from studium.services.notifications.channels import NotificationChannel
from studium.services.notifications.events import SITE, Mode, NotificationEvent
from studium.services.notifications.giving import NewNotice
from studium.services.notifications.registry import channels, events
from studium.services.notifications.values import to_json
from studium.services.people import Person, find_person
from studium.services.redirects import safe_path

log = get_logger(__name__)
LONGEST_KEY, LONGEST_PATH = 200, 300


def keep_notice(notice: NewNotice) -> bool:
    """Keep it in the open transaction; False for one that was kept before, and for somebody without an account (any more).

    Two at once are kept one after the other, since a transaction has the write lock from its beginning. Raises StudiumError for an event
    that nobody declared, and for a key, path or value that cannot be.
    """
    event, key = _check(notice)
    if Notification.get(user_id=notice.user_id, event=event.code, key=key) is not None:
        return False
    person = find_person(notice.user_id)
    if person is None:
        return False
    chosen = Choices.of(person.id, event.code)
    row = Notification(
        user_id=person.id, event=event.code, key=key, details=json.dumps(to_json(notice.values), ensure_ascii=False), path=notice.path,
        shown=chosen.mode(event, SITE) != "off", created_at=now())
    row.flush()
    _deliver(row, person, event, chosen)
    if row.shown:
        told = {"type": "notification", "id": row.id, "unread": unread_count(person.id)}
        cable.publish(cable.user_stream(person.id), {"data": told})
    return True


def when_due(event: NotificationEvent, mode: Mode, habits: Habits, time_zone: str, moment: datetime) -> tuple[str, datetime]:
    """How and when a notice of `moment` goes out: now, or daily or quiet at a later moment; times are naive UTC."""
    if event.urgent:
        return "now", moment
    if mode == "daily":
        return "daily", next_digest(habits, time_zone, moment)
    end = quiet_end(habits, time_zone, moment)
    return ("now", moment) if end is None else ("quiet", end)


def _check(notice: NewNotice) -> tuple[NotificationEvent, str]:
    event, key = events().get(notice.event), notice.key.strip()  # as the database keeps it, or the same key would be another one
    if event is None:
        raise StudiumError(f"No plugin declares the notification event {notice.event!r}; return it from register_notification_events.")
    if not key or len(key) > LONGEST_KEY:
        raise StudiumError(f"The key of a notice has 1 to {LONGEST_KEY} characters, not {len(key)} ({notice.event}).")
    if safe_path(notice.path, "") != notice.path or not 0 < len(notice.path) <= LONGEST_PATH:
        raise StudiumError(f"A notice leads to a path of this site of at most {LONGEST_PATH} characters, not {notice.path[:80]!r}.")
    return event, key


def _deliver(row: Notification, person: Person, event: NotificationEvent, chosen: Choices) -> None:
    modes: Mapping[NotificationChannel, Mode] = {channel: chosen.mode(event, code) for code, channel in channels().items()}
    wanted = [channel for channel, mode in modes.items() if mode != "off"]
    if not wanted:
        return
    habits = habits_of(person.id)
    for channel in _reachable(person.id, wanted):
        code = channel.code
        mode, due_at = when_due(event, modes[channel], habits, person.time_zone, row.created_at)
        delivery = Delivery(
            notification_id=row.id, user_id=person.id, channel=code, state=WAITING, mode=mode, due_at=due_at)
        delivery.flush()
        if mode == "now":
            delivery.job_id = carry_later(Delivery, delivery.id, event)
        else:
            delivery.job_id = gather_at(person.id, code, due_at)


def _reachable(user_id: int, wanted: Iterable[NotificationChannel]) -> Iterator[NotificationChannel]:
    """The channels in which the person has an address that is not known to be dead; of one that cannot say now the job asks again."""
    for channel in wanted:
        address = _address(channel, user_id)
        if address is not None and not is_silenced(user_id, channel.code, address):
            yield channel


def _address(channel: NotificationChannel, user_id: int) -> str | None:
    try:
        return channel.addresses_of([user_id]).get(user_id)
    except (OrmError, DBException):
        raise  # of the transaction, which cannot go on
    except Exception:
        log.exception("channel_address_not_known", channel=channel.code)
        return ""
