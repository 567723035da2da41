"""What the plugin holds on a person with an account: when they first wrote to the bot, and whether they stopped it."""

from __future__ import annotations

from typing import Any

from studium.core.database import reading
from studium.plugins.telegram.chats import find_telegram_ids
from studium.plugins.telegram.entities import TelegramChat


def chats_of(user_id: int) -> list[dict[str, Any]]:
    """One for each bot that the school has had."""
    telegram_id = find_telegram_ids([user_id]).get(user_id)
    with reading():
        rows = TelegramChat.select(lambda row: row.telegram_id == telegram_id).order_by(TelegramChat.opened_at)
        return [{"bot_id": row.bot_id, "telegram_id": row.telegram_id, "opened_at": row.opened_at, "stopped_at": row.stopped_at,
                 "blocked_at": row.blocked_at} for row in rows]
