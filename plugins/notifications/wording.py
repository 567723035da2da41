"""The words of a notice in the language, currency format and time zone of whoever reads it; the same in pages and in workers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from studium.services.money import Money
from studium.services.notifications.events import NotificationEvent
from studium.services.notifications.registry import events
from studium.services.notifications.values import Day, Moment, Title, Value, from_json
from studium.services.translation import translator

FIELD = re.compile(r"\{(\w+)\}(\.?)")  # not str.format: a slip in a translation must not keep a notice from anybody
MISSING = "…"


@dataclass(frozen=True)
class Words:
    """A notice for one reader: `subject` is one line, `text` may have several, `action` are the words of its button ("" for none)."""

    subject: str
    text: str
    action: str


def words_of(event_code: str, details: str, language: str | None, time_zone: str) -> Words:
    """The words of a notice whose values are the JSON text `details`; of an event that is no longer declared only that there was one."""
    language = language or "en"
    event, values = events().get(event_code), from_json(json.loads(details))
    _ = translator(language).gettext
    if event is None:
        return Words(_("A notice of a part of the site that is not installed any more"), "", "")
    shown = {name: _shown(value, language, time_zone) for name, value in values.items()}
    return Words(
        subject=" ".join(_fill(_subject(event, values, language), shown).split()),
        text=_fill(_(event.text), shown) if event.text else "",
        action=_fill(_(event.action), shown) if event.action else "",
    )


def _subject(event: NotificationEvent, values: Mapping[str, Value], language: str) -> str:
    number = values.get("number")
    if event.plural and isinstance(number, int):
        return translator(language).ngettext(event.subject, event.plural, number)
    return translator(language).gettext(event.subject)


def _fill(sentence: str, shown: Mapping[str, str]) -> str:
    """The sentence with its values. A Russian date ends with a full stop, so one that follows it is not written again."""
    def value(found: re.Match[str]) -> str:
        text, stop = shown.get(found[1], MISSING), found[2]
        return text if text.endswith(".") else text + stop

    return FIELD.sub(value, sentence)


def _shown(value: Value, language: str, time_zone: str) -> str:
    match value:
        case Title():
            return value.in_language(language) or MISSING
        case int():
            from babel.numbers import format_decimal  # Babel's data is heavy; an idle worker does without it

            return format_decimal(value, locale=language)
        case Money():
            from studium.services.money_format import format_money  # with Babel

            return format_money(value, language)
        case Moment():
            from studium.services.moment_format import format_moment  # with Babel

            return format_moment(value.at, language, time_zone)
        case Day():
            from babel.dates import format_date

            return format_date(value.day, "long", locale=language)
    return value
