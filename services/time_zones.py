"""The time zone of somebody by its name, as `Person.time_zone` has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


def zone_of(name: str) -> ZoneInfo:
    """The zone of this name; UTC for one that this machine does not know (any more)."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # with the first moment that is shown, not at the start of every program

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
