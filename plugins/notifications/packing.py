"""What a delivery or a bundle has to carry, looked up just before it is sent: to whom, where, and the notices that are still wanted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from studium.core.database import reading
from studium.plugins.notifications.entities import FAILED, WAITING, Bundle, Delivery, Notification
from studium.plugins.notifications.preferences import Choices
from studium.plugins.notifications.silencing import is_silenced
from studium.plugins.notifications.unsubscribing import unsubscribe_path
from studium.plugins.notifications.wording import words_of
from studium.services.notifications.channels import ChannelDown, Message, NoticeText, NotificationChannel
from studium.services.notifications.registry import channels, events
from studium.services.people import Person, find_person
from studium.services.site import absolute_url, site_name
from studium.services.translation import translator

MOST_NOTICES = 50  # in one message; it says how many more there are
GONE, NOT_WANTED = "the person has no account any more", "the person does not want it any more"
NO_ADDRESS, DEAD_ADDRESS = "the person is not connected to the channel", "the channel is switched off for the person"


class NotOurs(Exception):
    """The row is settled, gone, or carried by another job: there is nothing to do."""


class Unwanted(Exception):
    """It must not be sent; the text says why."""


@dataclass(frozen=True)
class Packed:
    """One notice as it is stored, with the delivery that it belongs to."""

    delivery_id: int
    event: str
    details: str
    path: str
    created_at: datetime


@dataclass(frozen=True)
class Parcel:
    """All that goes to one person in one message; `kind` is "" for a single notice, else that of the bundle. `since` is when it was due."""

    key: str
    kind: str
    channel: NotificationChannel
    person: Person
    address: str
    notices: tuple[Packed, ...]
    since: datetime


def pack(entity: type[Delivery] | type[Bundle], row_id: int, job_id: str) -> Parcel:
    """The parcel of this row, which this job has to carry.

    Raises NotOurs, Unwanted, or ChannelDown while the channel is not set up. A failed one is packed again: only its own job asks, when
    somebody has that job tried again.
    """
    with reading():
        row = entity.get(id=row_id)
        if row is None or row.job_id != job_id or row.state not in (WAITING, FAILED):
            raise NotOurs
        person, channel = find_person(row.user_id), channels().get(row.channel)
        if person is None:
            raise Unwanted(GONE)
        if channel is None:
            raise ChannelDown(f"The channel {row.channel} is not set up.")
        bundled = isinstance(row, Bundle)
        deliveries = Delivery.select(lambda one: one.bundle_id == row_id).order_by(Delivery.id) if bundled else [row]
        return Parcel(
            _key(row), row.kind if bundled else "", channel, person, _address(channel, person.id),
            _wanted(person.id, row.channel, list(deliveries)), row.created_at if bundled else row.due_at)


def _key(row: Delivery | Bundle) -> str:
    """The same at each try; with its time, as a database that was restored from a copy gives the same number to another message."""
    kind, since = ("bundle", row.created_at) if isinstance(row, Bundle) else ("notice", row.due_at)
    return f"{kind}:{row.id}:{since:%Y%m%d%H%M%S}"


def message_of(parcel: Parcel) -> Message:
    """The parcel in the words of its reader; outside of any transaction."""
    person, language = parcel.person, parcel.person.language or "en"
    texts = tuple(_text(packed, language, person.time_zone) for packed in parcel.notices[-MOST_NOTICES:])
    subject, intro = (texts[0].subject, "") if len(parcel.notices) == 1 else _headings(parcel, language)
    found = {packed.event for packed in parcel.notices}
    ended = found.pop() if len(found) == 1 else None
    return Message(
        parcel.key, person.id, parcel.address, person.display_name, language, person.time_zone, subject, intro, texts,
        settings_url=absolute_url("/account#notifications"),
        unsubscribe_url=absolute_url(unsubscribe_path(person.id, parcel.channel.code, ended)))


def _address(channel: NotificationChannel, user_id: int) -> str:
    address = channel.addresses_of([user_id]).get(user_id)
    if address is None:
        raise Unwanted(NO_ADDRESS)
    if is_silenced(user_id, channel.code, address):
        raise Unwanted(DEAD_ADDRESS)
    return address


def _wanted(user_id: int, channel: str, deliveries: list[Delivery]) -> tuple[Packed, ...]:
    """Those that were not switched off since they were kept."""
    chosen, ids = Choices.of(user_id), [row.notification_id for row in deliveries]
    notices = {row.id: row for row in Notification.select(lambda row: row.id in ids)}
    found = []
    for row in deliveries:
        notice = notices.get(row.notification_id)
        event = events().get(notice.event) if notice else None
        if notice and event and chosen.mode(event, channel) != "off":
            found.append(Packed(row.id, notice.event, notice.details, notice.path, notice.created_at))
    if not found:
        raise Unwanted(NOT_WANTED)
    return tuple(found)


def _text(packed: Packed, language: str, time_zone: str) -> NoticeText:
    words = words_of(packed.event, packed.details, language, time_zone)
    return NoticeText(packed.event, words.subject, words.text, words.action, absolute_url(packed.path), packed.created_at)


def _headings(parcel: Parcel, language: str) -> tuple[str, str]:
    """Subject and intro of several."""
    _, ngettext, number = translator(language).gettext, translator(language).ngettext, len(parcel.notices)
    subject = ngettext("{number} notice from {school}", "{number} notices from {school}", number).format(number=number, school=site_name())
    intro = _("What happened since the last summary:") if parcel.kind == "daily" else _("What happened during your quiet hours:")
    if number > MOST_NOTICES:
        left = number - MOST_NOTICES
        older = ngettext("{number} older one is on the site only.", "{number} older ones are on the site only.", left)
        intro = f"{intro} {older.format(number=left)}"
    return subject, intro
