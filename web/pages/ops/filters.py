"""The filter of the job list: read from the query of the address, checked field by field, and said in words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import format_datetime, to_utc
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from studium.queue.job_filter import JobFilter
from studium.queue.kinds import QUEUES

from .words import STATES, in_sentence, kind_title

NUMBER = re.compile(r"\d{1,18}")
FIELDS = ("kind", "queue", "user", "argument", "since", "until")


@dataclass(frozen=True)
class AskedFilter:
    """The filter as it was typed, what is wrong with it by field, and, when nothing is, what to search for."""

    states: tuple[str, ...]
    texts: dict[str, str]
    errors: dict[str, str]
    filter: JobFilter = field(default_factory=JobFilter)

    @property
    def is_empty(self) -> bool:
        """Whether it lets everything through."""
        return not self.states and not any(self.texts.values())

    def query(self) -> dict[str, Any]:
        """The same filter as the query of an address."""
        return {**({"state": list(self.states)} if self.states else {}), **{name: text for name, text in self.texts.items() if text}}

    def in_words(self) -> list[tuple[str, str]]:
        """What it asks for: (name, value) in the reader's language."""
        found = self.filter
        said = [
            (_("State"), _(" or ").join(map(in_sentence, self.states))),
            (_("Kind"), f"{kind_title(found.kind)} ({found.kind})" if found.kind else ""),
            (_("Queue"), found.queue or ""),
            (_("User"), "" if found.user_id is None else str(found.user_id)),
            (_("Argument"), " = ".join(found.argument) if found.argument else ""),
            (_("Made from"), _moment(found.since)),
            (_("Made before"), _moment(found.until)),
        ]
        return [(name, value) for name, value in said if value]


def read_filter(asked: MultiDict[str, str]) -> AskedFilter:
    """The filter of a query or a form; what cannot be understood is named in `errors` and keeps its text."""
    texts = {name: asked.get(name, "").strip() for name in FIELDS}
    states = tuple(state for state in STATES if state in asked.getlist("state"))
    errors = {name: error for name, check in CHECKS.items() if texts[name] and (error := check(texts[name]))}
    if errors:
        return AskedFilter(states, texts, errors)
    name, _equals, value = texts["argument"].partition("=")
    found = JobFilter(
        states=states,
        kind=texts["kind"] or None,
        queue=texts["queue"] or None,
        user_id=int(texts["user"]) if texts["user"] else None,
        argument=(name.strip(), value.strip()) if texts["argument"] else None,
        since=_utc(texts["since"]),
        until=_utc(texts["until"]),
    )
    return AskedFilter(states, texts, errors, found)


def _check_kind(text: str) -> str:
    return "" if len(text) <= 100 else _("There is no such kind of job.")


def _check_queue(text: str) -> str:
    return "" if text in QUEUES else _("There is no such queue.")


def _check_user(text: str) -> str:
    return "" if NUMBER.fullmatch(text) else _("The number of a user, such as 7.")


def _check_argument(text: str) -> str:
    name, equals, _value = text.partition("=")
    return "" if equals and name.strip() else _("A name, an equals sign and a value, such as course=rivers.")


def _check_moment(text: str) -> str:
    try:
        _utc(text)
    except (ValueError, OverflowError):
        return _("A date and a time, such as 2026-11-22T10:00.")
    return ""


CHECKS = {
    "kind": _check_kind,
    "queue": _check_queue,
    "user": _check_user,
    "argument": _check_argument,
    "since": _check_moment,
    "until": _check_moment,
}


def _utc(text: str) -> datetime | None:
    """The reader's local time as naive UTC; raises ValueError or OverflowError."""
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    if not 2000 <= moment.year <= 2999:
        raise ValueError("not a year of ours")
    utc: datetime = to_utc(moment)
    return utc


def _moment(moment: datetime | None) -> str:
    return str(format_datetime(moment, "d MMM yyyy, HH:mm:ss zzz")) if moment else ""
