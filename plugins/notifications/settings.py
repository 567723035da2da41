"""Settings of notifications: `STUDIUM_NOTIFICATIONS_*`."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from pydantic import Field

from studium.core.runtime import runtime
from studium.core.settings import Section


class NotificationsSettings(Section):
    """How long notices are kept, and how long a channel that is down is asked again."""

    prefix: ClassVar[str] = "NOTIFICATIONS"

    keep_days: float = Field(365.0, ge=7, le=36_500, description="days that a notice is kept, read or not, and how it was delivered")
    give_up_hours: float = Field(
        48.0, gt=0, le=24 * 30,
        description="hours after which a message that a channel still does not take is given up; it stays on the site")


def kept_for() -> timedelta:
    """How long notices are kept."""
    return timedelta(days=runtime().settings[NotificationsSettings].keep_days)


def give_up_after() -> timedelta:
    """How long a message is tried, from when it was due."""
    return timedelta(hours=runtime().settings[NotificationsSettings].give_up_hours)
