"""Forgets a person who deleted their account. What the school announced stays, without the name of who wrote it."""

from __future__ import annotations

from studium.core.database import execute, transaction
from studium.plugins.notifications.entities import Broadcast, Bundle, Delivery, Habit, Notification, Preference, Silence

TABLES = tuple(entity._table_ for entity in (Delivery, Bundle, Notification, Preference, Habit, Silence))


def forget(user_id: int) -> None:
    """Remove what they were told and what they chose; safe to repeat. A job that carries one of the rows finds it gone, and no new ones
    are made for somebody without an account.
    """
    with transaction():
        for table in TABLES:
            execute(f"DELETE FROM {table} WHERE user_id = ?", (user_id,))
        execute(f"UPDATE {Broadcast._table_} SET by_user_id = NULL WHERE by_user_id = ?", (user_id,))
