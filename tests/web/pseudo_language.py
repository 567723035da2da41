"""A language in which each text that the site translates stands in brackets, and what is left over outside of them on a page."""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import flask_babel
import pytest

from studium.services import translation

LETTERS = re.compile(r"[A-Za-z]{2,}")
BRACKETED = re.compile(r"⟦[^⟦⟧]*⟧")
# What is no text to be translated wherever it stands: addresses, times, sizes and names of machines, money.
DATA = re.compile(
    r"https?://\S+|\S+@\S+|@\w+|/[\w./<>:-]+|[\w-]*\d[\w:.-]*|\b\w+_\w+\b|\w+=\w+|[A-Z]{4}(?:-[A-Z]{4})+|\bUTC\b|\bGMT\b|\bUSD\b|\bRUB\b|\b[a-z]+\.[a-z.]+\b"
)
NAMES = {  # words that are the same in each language
    "Studium", "Telegram", "Stripe", "PayPal", "YooKassa", "English", "PDF", "CSV", "QR", "VIP",
}
SILENT = {"script", "style", "code", "pre", "kbd", "samp", "svg", "template", "textarea"}
EMPTY_ELEMENTS = {"input", "img", "link", "meta", "br", "hr", "source", "track", "col", "wbr", "use"}
SAID = {"aria-label", "aria-description", "aria-roledescription", "aria-valuetext", "title", "alt", "placeholder", "label", "data-label"}
BUTTONS = ("submit", "button", "reset")


class Bracketed(gettext.NullTranslations):
    """Each text in brackets."""

    def gettext(self, message: str) -> str:
        """The text itself."""
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """The form for many or one."""
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"

    ugettext, ungettext = gettext, ngettext


def speak_pseudo(patch: pytest.MonkeyPatch) -> None:
    """Pages, and what is translated outside of them, speak it from now on, whichever language is asked for."""
    patch.setattr(flask_babel.Domain, "get_translations", lambda self: Bracketed())
    patch.setattr(translation, "_load", lambda language, folders: Bracketed())


def untranslated(page: str, data: frozenset[str] = frozenset()) -> list[str]:
    """The texts of a page with words that nobody translated; `data` are words of the school."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return sorted({" ".join(text.split()) for text in reader.texts if set(_words(text)) - NAMES - data})


def _words(text: str) -> Iterator[str]:
    while (shorter := BRACKETED.sub(" ", text)) != text:
        text = shorter
    yield from LETTERS.findall(DATA.sub(" ", text))


class _Reader(HTMLParser):
    """Gathers what a person sees or hears, except what is said to be of another language by `lang` or is no prose."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Its attributes that are said."""
        values = dict(attrs)
        if tag not in EMPTY_ELEMENTS and (self._silent or tag in SILENT or ("lang" in values and tag != "html")):
            self._silent.append(tag)
        if not self._silent:
            self.texts += [value for name, value in attrs if name in SAID and value]
            if tag == "input" and values.get("type") in BUTTONS:
                self.texts.append(values.get("value") or "")
            if tag == "meta" and values.get("name") == "description":
                self.texts.append(values.get("content") or "")

    def handle_endtag(self, tag: str) -> None:
        """The end of an element."""
        if self._silent and tag in self._silent:
            while self._silent.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        """Text."""
        if not self._silent and data.strip():
            self.texts.append(data)


