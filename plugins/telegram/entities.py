"""What is kept of signing in with Telegram: challenges of the deep link, updates and chats of the bots, used confirmations
of the widget.
"""

from __future__ import annotations

from datetime import datetime

from pony.orm import Optional, PrimaryKey, Required

from studium.core.clock import now
from studium.core.database import db


class TelegramChallenge(db.Entity):  # type: ignore[misc]
    """A sign-in by the bot that a browser began; only hashes of the browser's secret and of the link's token are kept.

    `wrong_at` is when a wrong number was chosen, which cancelled it.
    """

    _table_ = "telegram_challenge"
    id = PrimaryKey(int, auto=True)
    token_hash = Required(str, unique=True)
    browser_hash = Required(str, unique=True)
    number = Required(int)
    choices = Required(str)
    language = Required(str)
    telegram_id = Optional(int, size=64, index="idx_telegram_challenge__telegram_id")
    first_name = Optional(str)
    last_name = Optional(str)
    username = Optional(str)
    created_at = Required(datetime)
    expires_at = Required(datetime, index="idx_telegram_challenge__expires_at")
    confirmed_at = Optional(datetime)
    cancelled_at = Optional(datetime)
    wrong_at = Optional(datetime)
    used_at = Optional(datetime)

    @property
    def state(self) -> str:
        """waiting, asked, confirmed; or, at its end, used, cancelled or expired."""
        if self.used_at is not None:
            return "used"
        if self.cancelled_at is not None:
            return "cancelled"
        if self.expires_at <= now():
            return "expired"
        if self.confirmed_at is not None:
            return "confirmed"
        return "waiting" if self.telegram_id is None else "asked"

    @property
    def ended_at(self) -> datetime:
        """When it was used or cancelled, else when it expires; always a time."""
        found: datetime = self.used_at or self.cancelled_at or self.expires_at
        return found


class TelegramUpdate(db.Entity):  # type: ignore[misc]
    """An update that a bot received, by the bot's id and Telegram's number for it, so that one sent again is not handled again.

    Each bot's numbers are its own: after a change of the bot an old number means nothing.
    """

    _table_ = "telegram_bot_update"
    bot_id = Required(int, size=64)
    update_id = Required(int, size=64)
    received_at = Required(datetime, index="idx_telegram_bot_update__received_at")
    handled_at = Optional(datetime)
    PrimaryKey(bot_id, update_id)


class TelegramChat(db.Entity):  # type: ignore[misc]
    """Somebody who wrote to a bot, which may therefore write to them. Since `stopped_at` they do not want that any more, since
    `blocked_at` Telegram lets nothing through.
    """

    _table_ = "telegram_bot_chat"
    bot_id = Required(int, size=64)
    telegram_id = Required(int, size=64)
    opened_at = Required(datetime)
    stopped_at = Optional(datetime)
    blocked_at = Optional(datetime)
    PrimaryKey(bot_id, telegram_id)


class WidgetUse(db.Entity):  # type: ignore[misc]
    """A confirmation of the legacy widget that signed somebody in; kept for as long as it would be fresh enough to be sent again."""

    _table_ = "telegram_widget_use"
    hash = PrimaryKey(str)
    used_at = Required(datetime, index="idx_telegram_widget_use__used_at")


ENTITIES = [TelegramChallenge, TelegramUpdate, TelegramChat, WidgetUse]
