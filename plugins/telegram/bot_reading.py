"""Reads an update of the Bot API into what the bot understands. The link's token is hashed here, so that it is stored nowhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from studium.plugins.telegram.challenges import TOKEN_LENGTH, hash_of
from studium.plugins.telegram.identity import printable
from studium.services.sign_in import ExternalIdentity

LONGEST_NAME = 64  # that Telegram allows
LARGEST_ID = 2**63 - 1
TOKEN = re.compile(rf"[0-9a-f]{{{TOKEN_LENGTH}}}")
COMMANDS = ("start", "stop", "help")
NOTICES = "notices"  # the payload of the account page's link to the bot


def _name(value: object) -> object:
    return printable(value, LONGEST_NAME) if isinstance(value, str) else value


Name = Annotated[str, BeforeValidator(_name)]


class Sender(BaseModel):
    """A User of the Bot API."""

    model_config = ConfigDict(frozen=True)
    id: int = Field(gt=0, le=LARGEST_ID)
    is_bot: bool = False
    first_name: Name = ""
    last_name: Name = ""
    username: Name = ""
    language_code: str = Field("", max_length=35)

    @property
    def identity(self) -> ExternalIdentity:
        """As the sign-in knows a person."""
        return ExternalIdentity(self.id, self.first_name, self.last_name, self.username)


class _Chat(BaseModel):
    type: str


class _Message(BaseModel):
    message_id: int
    chat: _Chat
    sender: Sender | None = Field(None, alias="from")
    text: str = ""


class _Callback(BaseModel):
    id: str = Field(max_length=100)
    sender: Sender = Field(alias="from")
    message: _Message | None = None
    data: str = ""


class _ChatMember(BaseModel):
    status: str


class _MyChatMember(BaseModel):
    """The bot's own place in a chat changed; in a private one: the person blocked it ("kicked") or unblocked it ("member")."""

    chat: _Chat
    sender: Sender = Field(alias="from")
    new_chat_member: _ChatMember


class _Update(BaseModel):
    update_id: int
    message: _Message | None = None
    callback_query: _Callback | None = None
    my_chat_member: _MyChatMember | None = None


class BotUpdate(BaseModel):
    """What somebody wants of the bot: a command, a pressed button (`choice`), that it is `blocked` or `unblocked`, or anything else.

    `token_hash` is of the link's token, "" without one, "?" for what is no token of ours. `asks_notices`: by the account page's
    link.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    update_id: int
    sender: Sender
    verb: Literal["start", "stop", "help", "choice", "other", "blocked", "unblocked"]
    token_hash: str = ""
    asks_notices: bool = False
    callback_id: str = ""
    message_id: int | None = None
    choice: str = ""


def update_id_of(raw: Mapping[str, Any]) -> int | None:
    """The id of an update, which is a positive whole number; None when there is none."""
    found = raw.get("update_id")
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 <= found <= LARGEST_ID else None


def read_update(raw: Mapping[str, Any]) -> BotUpdate | None:
    """What the update asks for; None when that is nothing for us: a group, another bot, a kind we did not ask for.

    Raises pydantic's ValidationError when it is not built as Telegram says.
    """
    update = _Update.model_validate(raw)
    if update.callback_query is not None:
        asked = update.callback_query
        return BotUpdate(update_id=update.update_id, sender=asked.sender, verb="choice", callback_id=asked.id, choice=asked.data[:64],
                         message_id=asked.message.message_id if asked.message else None)
    if update.my_chat_member is not None:
        return _read_place(update.update_id, update.my_chat_member)
    message = update.message
    if message is None or message.sender is None or message.sender.is_bot or message.chat.type != "private":
        return None
    command, _space, rest = message.text.strip().partition(" ")
    verb: Any = command.partition("@")[0].lower().removeprefix("/") if command.startswith("/") else "other"
    if verb not in COMMANDS:
        verb = "other"
    asks_notices = verb == "start" and rest.strip() == NOTICES
    payload = rest.strip() if verb == "start" and not asks_notices else ""
    token_hash = "" if not payload else hash_of(payload) if TOKEN.fullmatch(payload) else "?"
    return BotUpdate(update_id=update.update_id, sender=message.sender, verb=verb, token_hash=token_hash, asks_notices=asks_notices)


def _read_place(update_id: int, change: _MyChatMember) -> BotUpdate | None:
    if change.chat.type != "private" or change.sender.is_bot:
        return None
    blocked = change.new_chat_member.status == "kicked"
    return BotUpdate(update_id=update_id, sender=change.sender, verb="blocked" if blocked else "unblocked")
