"""A third-party plugin for tests, and an example: notices on postcards, and an event of its own. docs/tutorial-channel.md walks through it.

    from postcards import post
    post.open, post.streets[user_id] = True, "Elm Street 7"   # the school has stamps; where Anna lives
    post.written                                              # the messages that were sent, oldest first
    post.trouble = [ChannelDown("Strike.", retry_after=60)]   # what the next sendings meet, one after the other
    post.lost = 1                                             # so many more are written, and then the answer is lost
`post.reset()` before each test.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import ClassVar

from studium.core.plugins import hookimpl
from studium.services.notifications.channels import Message, NotificationChannel
from studium.services.notifications.events import NotificationEvent
from studium.services.translation import N_

ALBUM_FULL = NotificationEvent(
    "postcards.album_full",
    title=N_("Your album is full"),
    group=N_("Postcards"),
    subject=N_("Album {album} is full: {number} card"),
    plural=N_("Album {album} is full: {number} cards"),
    text=N_("The last one came on {day}."),
    action=N_("Open the album"),
    defaults={"postcard": "now"},
)
RAIN = NotificationEvent(
    "postcards.rain", N_("Rain"), N_("Postcards"), N_("It rains in {town}"), defaults={"postcard": "daily"})
FLOOD = NotificationEvent(
    "postcards.flood", N_("Flood"), N_("Postcards"), N_("Flood in {town}"), defaults={"postcard": "daily"}, urgent=True)


class PostOffice:
    """What would be far away, and the plugin's own table of addresses."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Closed and empty."""
        self.open = False
        self.streets: dict[int, str] = {}
        self.written: list[Message] = []
        self.trouble: list[Exception] = []
        self.lost = 0
        self.while_writing: Callable[[], object] = lambda: None

    def write(self, message: Message) -> str:
        """A card, unless there is trouble; it has no place for a key, so a repeat is another card."""
        if self.trouble:
            raise self.trouble.pop(0)
        self.while_writing()
        self.written.append(message)
        if self.lost:
            self.lost -= 1
            raise ConnectionResetError("The line went dead.")
        return f"card {len(self.written)}"


post = PostOffice()


class PostcardChannel(NotificationChannel):
    """One card a message."""

    code: ClassVar[str] = "postcard"
    title: ClassVar[str] = N_("Postcard")
    icon: ClassVar[str] = "file"
    order: ClassVar[int] = 900

    def is_available(self) -> bool:
        """While the school has stamps."""
        return post.open

    def addresses_of(self, user_ids: Collection[int]) -> Mapping[int, str]:
        """The streets that the plugin knows."""
        return {user_id: post.streets[user_id] for user_id in user_ids if user_id in post.streets}

    def send(self, message: Message) -> str:
        """Write it; the number of the card is the post's name for it."""
        return post.write(message)


@hookimpl
def register_notification_channels() -> Sequence[type[NotificationChannel]]:
    """Postcards."""
    return [PostcardChannel]


@hookimpl
def register_notification_events() -> Sequence[NotificationEvent]:
    """What postcards can tell of."""
    return [ALBUM_FULL, RAIN, FLOOD]
