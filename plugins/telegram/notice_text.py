"""A message of notices as Telegram takes it: plain text, at most 4,096 UTF-16 units, with marks for what is bold and what is a link
(core.telegram.org/bots/api#messageentity), so that nothing in a notice can be taken for a mark.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from studium.services.notifications.channels import Message, NoticeText
from studium.services.site import absolute_url
from studium.services.translation import translator

LONGEST = 4096  # core.telegram.org/bots/api#sendmessage; entities count in UTF-16 units, so the text is counted in them too
KEPT_FREE = 200  # for the sentence about those that did not fit
LONGEST_SUBJECT, LONGEST_BUTTON = 300, 60
MOST_LISTED = 40  # Telegram takes 100 entities


@dataclass(frozen=True)
class Letter:
    """What goes to Telegram; `button` is (words, address), None without one."""

    text: str
    entities: list[dict[str, Any]]
    button: tuple[str, str] | None


class _Sheet:
    """A text that grows, and its marks."""

    def __init__(self) -> None:
        self.text = ""
        self.entities: list[dict[str, Any]] = []

    @property
    def room(self) -> int:
        return LONGEST - units(self.text)

    def add(self, text: str, kind: str = "", url: str = "") -> None:
        """Add the text, marked as of this kind; Telegram refuses marks over nothing."""
        if kind and text:
            mark: dict[str, Any] = {"type": kind, "offset": units(self.text), "length": units(text)}
            self.entities.append(mark | ({"url": url} if url else {}))
        self.text += text


def compose(message: Message) -> Letter:
    """One notice with its button, or several below each other, each subject a link; what does not fit is counted and is on the site."""
    if len(message.notices) == 1:
        return _one(message.notices[0])
    sheet = _Sheet()
    sheet.add(_shortened(message.subject, LONGEST_SUBJECT), "bold")
    if message.intro:
        sheet.add("\n\n" + _shortened(message.intro, LONGEST_SUBJECT))
    listed = sum(1 for notice in message.notices[:MOST_LISTED] if _list(sheet, notice))
    if listed < len(message.notices):
        _tell_of_more(sheet, len(message.notices) - listed, message.language)
    return Letter(sheet.text, sheet.entities, None)


def units(text: str) -> int:
    """The length of a text in UTF-16 units, in which Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def _one(notice: NoticeText) -> Letter:
    sheet = _Sheet()
    sheet.add(_shortened(notice.subject, LONGEST_SUBJECT), "bold")
    if notice.text:
        sheet.add("\n\n" + _shortened(notice.text, sheet.room - KEPT_FREE))
    button = (_shortened(notice.action, LONGEST_BUTTON), notice.url) if notice.action and notice.url else None
    return Letter(sheet.text, sheet.entities, button)


def _list(sheet: _Sheet, notice: NoticeText) -> bool:
    """Add the notice when there is room for all of it."""
    subject, text = _shortened(notice.subject, LONGEST_SUBJECT), _shortened(notice.text, LONGEST_SUBJECT * 2)
    if units(f"\n\n• {subject}\n{text}") > sheet.room - KEPT_FREE:
        return False
    sheet.add("\n\n• ")
    sheet.add(subject, *(("text_link", notice.url) if notice.url else ()))
    sheet.add(f"\n{text}" if text else "")
    return True


def _tell_of_more(sheet: _Sheet, number: int, language: str) -> None:
    words = translator(language).ngettext("And %(number)s more on the site", "And %(number)s more on the site", number)
    sheet.add("\n\n")
    sheet.add(words % {"number": number}, "text_link", absolute_url("/notifications"))


def _shortened(text: str, most: int) -> str:
    """The text, cut to so many UTF-16 units, never in the middle of a letter."""
    if units(text) <= most:
        return text
    return text.encode("utf-16-le")[: 2 * (most - 1)].decode("utf-16-le", "ignore").rstrip() + "…"
