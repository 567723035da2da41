"""Writes values as JSON piece by piece, so that a person's thousand rows need not be in memory at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

INDENT = "  "
PLAIN = (str, int, float, bool, type(None))


def json_pieces(value: Any, between: Callable[[], None]) -> Iterator[str]:
    """The JSON text of a value, in pieces: sorted keys, indented, moments as ISO 8601 in UTC with Z; an iterator becomes a list.

    `between` is called before each item of a list or object and may raise to stop. Raises TypeError for what JSON cannot say.
    """
    yield from _pieces(value, "\n", between)
    yield "\n"


def _pieces(value: Any, newline: str, between: Callable[[], None]) -> Iterator[str]:
    between()
    if isinstance(value, Mapping):
        entries = ((f"{_text(str(key))}: ", value[key]) for key in sorted(value))
        yield from _items("{", entries, "}", newline, between)
    elif isinstance(value, list | tuple) and _is_row(value):
        yield _text(value)
    elif isinstance(value, list | tuple | Iterator):
        yield from _items("[", (("", item) for item in value), "]", newline, between)
    else:
        yield _text(_plain(value))


def _items(left: str, entries: Iterable[tuple[str, Any]], right: str, newline: str, between: Callable[[], None]) -> Iterator[str]:
    yield left
    inner, comma = newline + INDENT, ""
    for name, item in entries:
        yield f"{comma}{inner}{name}"
        yield from _pieces(item, inner, between)
        comma = ","
    yield f"{newline}{right}" if comma else right


def _is_row(value: list[Any] | tuple[Any, ...]) -> bool:
    """Whether a list is short and plain, such as the segments of a lesson, which nobody wants to read a number a line."""
    return all(isinstance(item, PLAIN) or (isinstance(item, list | tuple) and len(item) <= 2 and _is_row(item)) for item in value)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo else value
        return f"{moment.replace(tzinfo=None).isoformat()}Z"
    return value.isoformat() if isinstance(value, date) else value


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
