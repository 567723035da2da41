"""The notification channel "telegram": the bot writes to whoever wrote to it before. Telegram knows no repeats: a message whose answer
was lost is written again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from studium.core.database import transaction
from studium.plugins.telegram import chats
from studium.plugins.telegram.notice_text import Letter, compose
from studium.services.account_sections import section_path
from studium.services.notifications.channels import AddressRefused, ChannelDown, Message, MessageRefused, NotificationChannel
from studium.services.telegram import BotApi, BotBlocked, TelegramError, TelegramRefused, TooManyRequests, bot_account, bot_api, url_button
from studium.services.translation import N_

SECTION = "telegram"
OF_THE_MESSAGE = (400, 413)  # other refusals, such as of the token, are about the bot and pass once it is mended


class TelegramChannel(NotificationChannel):
    """Through the school's bot; an address is a Telegram id in digits."""

    code = chats.CHANNEL
    title = N_("Telegram")
    icon = "telegram"
    order = 20
    setup_path = section_path(SECTION)

    def is_available(self) -> bool:
        """With a bot."""
        return bot_account() is not None

    def addresses_of(self, user_ids: Collection[int]) -> Mapping[int, str]:
        """Those who wrote to this very bot and did not stop it, in two queries."""
        account = bot_account()
        found = chats.open_chats(account.id, user_ids) if account else {}
        return {user_id: str(telegram_id) for user_id, telegram_id in found.items()}

    def send(self, message: Message) -> str:
        """Write it; the answer is the message's number in the chat."""
        api = bot_api()
        try:
            return str(_write(api, int(message.address), compose(message)).get("message_id", ""))
        except TooManyRequests as error:
            raise ChannelDown(str(error), error.retry_after) from error
        except BotBlocked as error:
            with transaction():
                chats.block(api.bot_id, int(message.address))
            raise AddressRefused(str(error), _reason(str(error))) from error
        except TelegramRefused as error:
            if error.status in OF_THE_MESSAGE:
                raise MessageRefused(str(error)) from error
            raise ChannelDown(str(error), for_all=True) from error
        except TelegramError as error:
            raise ChannelDown(str(error), for_all=True) from error


def _write(api: BotApi, chat_id: int, letter: Letter) -> dict[str, Any]:
    """With the button; where Telegram does not take its address, such as a local one of a test site, with the address in the text."""
    if letter.button is None:
        return api.send_message(chat_id, letter.text, entities=letter.entities)
    try:
        return api.send_message(chat_id, letter.text, url_button(*letter.button), letter.entities)
    except BotBlocked:
        raise
    except TelegramRefused as error:
        if error.status != 400 or "url" not in str(error).lower():
            raise
    return api.send_message(chat_id, f"{letter.text}\n\n{letter.button[1]}", entities=letter.entities)


def _reason(told: str) -> str:
    """Why nobody is reached there: the person blocked the bot, or there is no such Telegram account any more."""
    return "gone" if "deactivated" in told or "chat not found" in told else "blocked"
