"""What people can be told of: each event with its sentences and where it goes unless a person chooses otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Mode = Literal["now", "daily", "off"]  # at once, gathered in one message a day, not at all
SITE = "site"  # the bell; its modes are "now" and "off"


@dataclass(frozen=True)
class NotificationEvent:
    """An event, declared once by the plugin that knows of it; all texts are English, marked by `N_`, and translated when they are shown.

    `code` names it for ever, with the plugin's name in front for those of third parties: "shop.parcel_sent". `title` is its row in the
    preferences, `group` the heading above. `subject` (one line) and `text` (may be "") are filled with the notice's values: "{course}";
    a value that is missing is shown as "…". With `plural`, `subject` and `plural` are the forms for one and for many of the value
    `number`, both marked by `mark_plural`. `action` are the words of the button that leads to the notice's path. `icon` is one of the
    site's sprite.
    `defaults` are the modes by channel code, `default` that of all others; the bell has every event unless it says so.
    An event that goes `to_many` at once, such as an announcement, is carried after everything else.
    An `urgent` event waits for no digest and no quiet hours, such as a sign-in from a new device. `roles`: who sees the row at all.
    """

    code: str
    title: str
    group: str
    subject: str
    text: str = ""
    action: str = ""
    icon: str = "bell"
    plural: str = ""
    default: Mode = "off"
    defaults: Mapping[str, Mode] = field(default_factory=dict)
    urgent: bool = False
    to_many: bool = False
    roles: frozenset[str] = frozenset()

    def default_mode(self, channel: str) -> Mode:
        """Where nobody chose."""
        return self.defaults.get(channel, "now" if channel == SITE else self.default)
