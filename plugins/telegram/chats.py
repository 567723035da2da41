"""Which people the bot may write to: Telegram lets a bot write only to whoever wrote to it first, and the person may end that again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from studium.core.clock import now
from studium.core.database import reading
from studium.core.runtime import runtime
from studium.plugins.telegram.entities import TelegramChat
from studium.services.notifications import resume_channel

CHANNEL = "telegram"
State = Literal["none", "open", "stopped", "blocked"]


def hear(bot_id: int, telegram_id: int, *, wants_notices: bool = False) -> None:
    """The person wrote to the bot, so it may answer; `wants_notices` when they ask for them again after they stopped them.

    Needs an open transaction. A channel that was switched off for them, since a message was refused, is on again.
    """
    row = _row(bot_id, telegram_id)
    row.set(blocked_at=None, stopped_at=None if wants_notices else row.stopped_at)
    if row.stopped_at is not None:
        return
    user_id = runtime().hooks.find_user_id(telegram_id=telegram_id)
    if user_id is not None:
        resume_channel(user_id, CHANNEL)


def stop(bot_id: int, telegram_id: int) -> None:
    """Bring this person nothing more until they ask for it. Needs an open transaction."""
    row = _row(bot_id, telegram_id)
    row.stopped_at = row.stopped_at or now()


def block(bot_id: int, telegram_id: int) -> None:
    """Telegram says that the person blocked the bot, or is gone. Their address stays, so that the next notice finds out, and the person is
    told in the bell that nothing comes here. Needs an open transaction.
    """
    row = _row(bot_id, telegram_id)
    row.blocked_at = row.blocked_at or now()


def state_of(bot_id: int, telegram_id: int) -> State:
    """How the bot stands with this person."""
    with reading():
        row = TelegramChat.get(bot_id=bot_id, telegram_id=telegram_id)
        if row is None:
            return "none"
        return "blocked" if row.blocked_at is not None else "stopped" if row.stopped_at is not None else "open"


def open_chats(bot_id: int, user_ids: Collection[int]) -> Mapping[int, int]:
    """Those of these people who wrote to the bot and did not stop it: Telegram ids by user id."""
    telegram_ids = find_telegram_ids(user_ids)
    asked = sorted(telegram_ids.values())
    with reading():
        rows = TelegramChat.select(lambda row: row.bot_id == bot_id and row.telegram_id in asked and row.stopped_at is None)
        found = {row.telegram_id for row in rows}
    return {user_id: telegram_id for user_id, telegram_id in telegram_ids.items() if telegram_id in found}


def find_telegram_ids(user_ids: Collection[int]) -> Mapping[int, int]:
    """The Telegram ids of these people by user id; who signs in without Telegram is left out."""
    found: Mapping[int, int] | None = runtime().hooks.find_telegram_ids(user_ids=user_ids) if user_ids else None
    return {user_id: telegram_id for user_id, telegram_id in (found or {}).items() if telegram_id > 0}


def _row(bot_id: int, telegram_id: int) -> TelegramChat:
    return TelegramChat.get(bot_id=bot_id, telegram_id=telegram_id) or TelegramChat(
        bot_id=bot_id, telegram_id=telegram_id, opened_at=now())
