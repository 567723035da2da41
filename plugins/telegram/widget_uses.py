"""Each confirmation of the widget signs in once: its hash is kept until it would be too old anyway."""

from __future__ import annotations

from datetime import timedelta

from studium.core.clock import now
from studium.core.database import transaction
from studium.plugins.telegram.entities import WidgetUse
from studium.plugins.telegram.widget_rule import AHEAD_SECONDS, FRESH_SECONDS

KEPT = timedelta(seconds=FRESH_SECONDS + AHEAD_SECONDS)


def use_once(given_hash: str) -> bool:
    """True the first time; False for a hash that was used. Removes those that are too old."""
    with transaction():  # it holds the write lock, so of two at the same moment one is the first
        WidgetUse.select(lambda row: row.used_at < now() - KEPT).delete(bulk=True)
        if WidgetUse.get(hash=given_hash) is not None:
            return False
        WidgetUse(hash=given_hash, used_at=now())
    return True
