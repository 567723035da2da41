"""What mail of the site looks like: a few values become a text and an HTML part that say the same.

Mail programs know little of HTML: the template has tables and inline styles, which no page of the site has. Jinja is set up by the first
letter, and on its own, since workers have no pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from studium.services.site import absolute_url, site_name
from studium.services.translation import translator

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Part:
    """One thing that is told: `title` may be "" where the subject says it, `when` is shown beside it, and the button leads to `url`."""

    title: str
    text: str = ""
    action: str = ""
    url: str = ""
    when: str = ""


@dataclass(frozen=True)
class Link:
    """A line at the foot."""

    words: str
    url: str


@dataclass(frozen=True)
class Letter:
    """A letter in one language: heading, a sentence above the parts (""), the parts, why one gets it, and links at the foot."""

    language: str
    heading: str
    intro: str
    parts: tuple[Part, ...]
    reason: str
    links: tuple[Link, ...] = ()


def as_text(letter: Letter) -> str:
    """The plain part. A single part's button is a line of its own, so that the address stays whole."""
    blocks = [letter.heading, letter.intro]
    for part in letter.parts:
        head = part.title if not part.when else f"{part.title} ({part.when})"
        link = f"{part.action}:\n{part.url}" if part.action and part.url else part.url
        lines = [f"* {head}" if len(letter.parts) > 1 else head, part.text, link]
        blocks.append("\n".join(line for line in lines if line))
    foot = "\n".join([site_name(), letter.reason, *(f"{link.words}: {link.url}" for link in letter.links)])
    return "\n\n".join(block for block in blocks if block) + f"\n\n-- \n{foot}\n"  # the signature's mark (RFC 3676, 4.3)


def as_html(letter: Letter) -> str:
    """The HTML part."""
    return str(_environment().get_template("email/letter.html").render(
        letter=letter, site_name=site_name(), home=absolute_url("/"), _=translator(letter.language).gettext))


@lru_cache(maxsize=1)
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
