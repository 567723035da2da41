"""The contract of a notification channel: what an integrator writes to carry notices to one more place.

StudiumError
└── ChannelError
    ├── ChannelDown       no usable answer; the same message may get through later (`retry_after` seconds, when the far side said)
    ├── AddressRefused    this person is not there any more: a bounced address, a blocked bot; the channel is switched off for them
    └── MessageRefused    the far side will never take this message, while others may well get through; it is given up
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from studium.core.errors import StudiumError


class ChannelError(StudiumError):
    """The root of what can go wrong with a channel; its text is for people and holds no secret and no address of anybody."""


class ChannelDown(ChannelError):
    """The far side could not be asked or wants to be left alone; `retry_after` is in seconds, for this message; None when it did not say.

    `for_all`: no message would get through now, as the line is dead or the password wrong; then the others need not try for a while.
    """

    def __init__(self, text: str, retry_after: float | None = None, *, for_all: bool = False) -> None:
        super().__init__(text)
        self.retry_after = retry_after
        self.for_all = for_all


class AddressRefused(ChannelError):
    """The address of this person is dead, for good. `reason` is a word that the site can explain: "bounced", "blocked", "gone"."""

    def __init__(self, text: str, reason: str = "gone") -> None:
        super().__init__(text)
        self.reason = reason


class MessageRefused(ChannelError):
    """This message is refused for good, such as for its size."""


@dataclass(frozen=True)
class NoticeText:
    """One notice in the reader's language. `url` is a whole address, `action` the words of its button ("" for none); `at` is naive UTC."""

    event: str
    subject: str
    text: str
    action: str
    url: str
    at: datetime


@dataclass(frozen=True)
class Message:
    """What goes to one person at once: one notice, or several that were gathered for a digest or during quiet hours.

    `key` is the same at every try of the message, and no other message has it: a far side that can should know repeats by it.
    `subject` is for the whole, `intro` a sentence above several notices ("" above one). The two addresses are whole ones:
    `unsubscribe_url` is that of RFC 8058 (a POST to it ends this kind of message in this channel, a GET asks first).
    """

    key: str
    user_id: int
    address: str
    name: str
    language: str
    time_zone: str
    subject: str
    intro: str
    notices: tuple[NoticeText, ...]
    settings_url: str
    unsubscribe_url: str


class NotificationChannel(ABC):
    """A way to people beside the bell. One object a process, made without arguments at the first need; safe from any thread."""

    code: ClassVar[str]  # for ever, in addresses and rows: "email"; small letters, digits and underscores, at most 40
    title: ClassVar[str]  # English, marked by N_: the column of the preferences; not empty
    icon: ClassVar[str] = "bell"
    order: ClassVar[int] = 50  # of the columns
    setup_path: ClassVar[str] = "/account"  # where a person connects it or mends their address

    @abstractmethod
    def is_available(self) -> bool:
        """Whether the school has set it up; asked in every program, so it must be quick. One that is not is not shown."""

    @abstractmethod
    def addresses_of(self, user_ids: Collection[int]) -> Mapping[int, str]:
        """Where these people are reached, by user id, in one query; who cannot be is left out. An address is any short text."""

    @abstractmethod
    def send(self, message: Message) -> str:
        """Carry the message, in a worker, outside of any transaction; answers the far side's name for it, or "".

        It is called again with the same `message.key` after ChannelDown, and after the death of a worker that may have sent it already.
        Raises the errors of this module; any other exception counts as ChannelDown and is logged.
        """
