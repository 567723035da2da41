"""Notices as pages show them: in the reader's words, grouped by the days of the reader's time zone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from flask_babel import format_time, to_user_timezone
from flask_babel import gettext as _

from studium.core.clock import now
from studium.plugins.notifications.reading import KeptNotice
from studium.plugins.notifications.wording import words_of
from studium.services.languages import language
from studium.services.notifications.events import NotificationEvent
from studium.services.notifications.registry import events
from studium.services.redirects import safe_path
from studium.services.users import SignedInUser

LIST = "/notifications"  # where a notice leads that has nowhere else to go


@dataclass(frozen=True)
class ShownNotice:
    """A notice in the reader's language. `path` is "" when it leads nowhere but to the list; `at` is naive UTC, `time` the clock there."""

    id: int
    event: str
    subject: str
    text: str
    action: str
    path: str
    icon: str
    at: datetime
    time: str
    is_unread: bool


@dataclass(frozen=True)
class ShownDay:
    """The notices of one day, the newest first. `name` is "Today" or "Yesterday", "" for other days; `at` is a moment of it."""

    name: str
    at: datetime
    notices: tuple[ShownNotice, ...]


def days_of(notices: Sequence[KeptNotice], user: SignedInUser) -> list[ShownDay]:
    """The notices by day."""
    return [_day(day, tuple(found)) for day, found in groupby(notices_of(notices, user), lambda one: _date(one.at))]


def notices_of(notices: Iterable[KeptNotice], user: SignedInUser) -> list[ShownNotice]:
    """The notices in words, in the order that they have."""
    known, reads = events(), language()
    return [_shown(kept, known.get(kept.event), reads, user.time_zone) for kept in notices]


def _shown(kept: KeptNotice, event: NotificationEvent | None, reads: str, time_zone: str) -> ShownNotice:
    words = words_of(kept.event, kept.details, reads, time_zone)
    path = safe_path(kept.path, LIST)
    return ShownNotice(kept.id, kept.event, words.subject, words.text, words.action, "" if path == LIST else path,
                       event.icon if event else "bell", kept.created_at, format_time(kept.created_at, "short"), kept.read_at is None)


def _day(day: date, notices: tuple[ShownNotice, ...]) -> ShownDay:
    today = _date(now())
    name = {today: _("Today"), today - timedelta(days=1): _("Yesterday")}.get(day, "")
    return ShownDay(name, notices[0].at, notices)


def _date(moment: datetime) -> date:
    local: datetime = to_user_timezone(moment)
    return local.date()
