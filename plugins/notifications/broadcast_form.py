"""Reads the form of an announcement: what is to be said, to whom, or what is wrong with it, by field."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from flask_babel import gettext as _

from studium.plugins.notifications.broadcasts import Announcement
from studium.services.languages import LANGUAGES
from studium.services.redirects import safe_path

LONGEST_TITLE, LONGEST_TEXT, LONGEST_PATH = 120, 1000, 300
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
OWN_LIST = "/notifications"
FIELDS = (*(f"{part}_{code}" for code in LANGUAGES for part in ("title", "text")), "course_id", "path")


@dataclass(frozen=True)
class Form:
    """The fields as they were typed, and what is wrong with them."""

    asked: Mapping[str, str]
    errors: dict[str, str] = field(default_factory=dict)


def read_form(fields: Mapping[str, str]) -> dict[str, str]:
    """The fields of the form without what surrounds them; line breaks are single characters, other control characters blanks."""
    return {name: CONTROL.sub(" ", fields.get(name, "").replace("\r\n", "\n")).strip() for name in FIELDS}


def find_errors(asked: Mapping[str, str], course_ids: Collection[int]) -> dict[str, str]:
    """What is wrong, by field: each language has both title and text or neither, and one of them has."""
    found: dict[str, str] = {}
    for code in LANGUAGES:
        found |= _errors_of(code, asked[f"title_{code}"], asked[f"text_{code}"])
    if not any(asked[f"title_{code}"] or asked[f"text_{code}"] for code in LANGUAGES):
        found[f"title_{LANGUAGES[0]}"] = _("Write a title, in one language at least.")
    if asked["course_id"] and asked["course_id"] not in map(str, course_ids):
        found["course_id"] = _("There is no such course.")
    if asked["path"] and (safe_path(asked["path"], "") == "" or len(asked["path"]) > LONGEST_PATH):
        found["path"] = _("An address of this site that begins with a slash, such as /courses/sound.")
    return found


def announcement_of(asked: Mapping[str, str], course_paths: Mapping[int, str]) -> Announcement:
    """What a form without errors says; without an address it leads to the course, or to the reader's notices."""
    course_id = int(asked["course_id"]) if asked["course_id"] else None
    written = [code for code in LANGUAGES if asked[f"title_{code}"]]
    path = asked["path"] or (course_paths[course_id] if course_id is not None else OWN_LIST)
    titles, texts = ({code: asked[f"{part}_{code}"] for code in written} for part in ("title", "text"))
    return Announcement(titles, texts, path, course_id)


def _errors_of(code: str, title: str, text: str) -> dict[str, str]:
    if len(title) > LONGEST_TITLE or "\n" in title:
        return {f"title_{code}": _("One line of at most %(number)d characters.", number=LONGEST_TITLE)}
    if len(text) > LONGEST_TEXT:
        return {f"text_{code}": _("At most %(number)d characters.", number=LONGEST_TEXT)}
    if title and not text:
        return {f"text_{code}": _("Write a text for this title.")}
    if text and not title:
        return {f"title_{code}": _("Write a title for this text.")}
    return {}
