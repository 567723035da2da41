"""What people call a browser and its system, read from the User-Agent header.

The header is a pile of other browsers' names (RFC 9110, section 10.1.5, advises against it, all do it), so the first match decides.
What is not known stays unnamed: a wrong name would make people sign out the wrong device.
"""

from __future__ import annotations

from dataclasses import dataclass

BROWSERS = (
    ("YaBrowser/", "Yandex Browser"), ("Edg", "Edge"), ("OPR/", "Opera"), ("OPT/", "Opera"), ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"), ("DuckDuckGo/", "DuckDuckGo"), ("FxiOS/", "Firefox"), ("Firefox/", "Firefox"), ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"), ("HeadlessChrome/", "Chrome"), ("Chrome/", "Chrome"), ("Version/", "Safari"), ("curl/", "curl"),
)  # fmt: skip
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"), ("Windows", "Windows"),
    ("Macintosh", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


@dataclass(frozen=True)
class Device:
    """Names of browser and system, as their makers write them; None for one that is not known."""

    browser: str | None
    system: str | None

    @property
    def in_words(self) -> str:
        """Both names, as far as they are known: "Firefox, Linux"; "" for neither."""
        return ", ".join(name for name in (self.browser, self.system) if name)


def read_device(user_agent: str) -> Device:
    """The device of a User-Agent header."""
    return Device(_first(BROWSERS, user_agent), _first(SYSTEMS, user_agent))


def _first(names: tuple[tuple[str, str], ...], user_agent: str) -> str | None:
    return next((name for word, name in names if word in user_agent), None)
