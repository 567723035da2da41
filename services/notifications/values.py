"""What the sentences of a notice are filled with: plain values that keep their kind in JSON, so that each reader gets them in their own
language, currency format and time zone, however much later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from studium.core.errors import StudiumError
from studium.services.money import Money


@dataclass(frozen=True)
class Moment:
    """A moment, naive UTC; shown with day and time where the reader is."""

    at: datetime


@dataclass(frozen=True)
class Day:
    """A day without a time."""

    day: date


@dataclass(frozen=True)
class Title:
    """A name that differs by language, such as a course's: {"en": "Sound", "ru": "Звук"}; a reader of none of them gets the first."""

    by_language: Mapping[str, str]

    def in_language(self, language: str) -> str:
        """The name for a reader of `language`; "" when there is none at all."""
        return self.by_language.get(language) or next(iter(self.by_language.values()), "")


Value = str | int | Money | Moment | Day | Title
Values = Mapping[str, Value]


def to_json(values: Values) -> dict[str, Any]:
    """The values as JSON knows them; raises StudiumError for one of another kind, naming it."""
    return {name: _write(name, value) for name, value in values.items()}


def from_json(stored: Mapping[str, Any]) -> dict[str, Value]:
    """The values again; what is of an unknown kind, such as of a newer version, becomes a text."""
    return {name: _read(value) for name, value in stored.items()}


def _write(name: str, value: Value) -> Any:
    match value:
        case bool():
            raise StudiumError(f"The value {name} of a notice is {value!r}; give a text, a number, Money, Moment, Day or Title.")
        case str() | int():
            return value
        case Money():
            return {"money": [value.minor, value.currency]}
        case Moment():
            return {"moment": value.at.isoformat()}
        case Day():
            return {"day": value.day.isoformat()}
        case Title():
            return {"title": dict(value.by_language)}
    raise StudiumError(f"The value {name} of a notice is {value!r}; give a text, a number, Money, Moment, Day or Title.")


def _read(stored: Any) -> Value:
    match stored:
        case str() | int():
            return stored
        case {"money": [int(minor), str(currency)]}:
            return Money.from_minor(minor, currency)
        case {"moment": str(at)}:
            return Moment(datetime.fromisoformat(at))
        case {"day": str(day)}:
            return Day(date.fromisoformat(day))
        case {"title": dict(names)}:
            return Title(names)
    return str(stored)
