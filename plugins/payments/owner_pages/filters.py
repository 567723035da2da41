"""The filter of the payments: read from the query of the address, checked field by field."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from flask_babel import gettext as _
from flask_babel import to_utc
from werkzeug.datastructures import MultiDict

from studium.plugins.payments.owner_pages.words import NEEDS
from studium.plugins.payments.story_words import PROBLEMS
from studium.plugins.payments.transitions import STATUSES

FIELDS = ("q", "status", "provider", "course", "tier", "need", "problem", "mode", "since", "until")
ANY_NEED, LIVE, TEST = "any", "live", "test"
LONGEST = 200


@dataclass(frozen=True)
class PaymentFilter:
    """What to look for; "" and None let everything through. `since` and `until` are naive UTC, the second not included."""

    text: str = ""
    status: str = ""
    provider: str = ""
    course_id: int | None = None
    tier: str = ""
    need: str = ""
    problem: str = ""
    livemode: bool | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class AskedFilter:
    """The filter as it was typed, what is wrong with it by field, and, when nothing is, what to search for."""

    texts: dict[str, str]
    errors: dict[str, str]
    filter: PaymentFilter = field(default_factory=PaymentFilter)

    @property
    def is_empty(self) -> bool:
        """Whether it lets everything through."""
        return not any(self.texts.values())

    def query(self) -> dict[str, str]:
        """The same filter as the query of an address."""
        return {name: text for name, text in self.texts.items() if text}


def read_filter(asked: MultiDict[str, str]) -> AskedFilter:
    """The filter of a query; what cannot be understood is named in `errors` and keeps its text."""
    texts = {name: asked.get(name, "").strip() for name in FIELDS}
    errors = {name: error for name, text in texts.items() if text and (error := _wrong(name, text))}
    if errors:
        return AskedFilter(texts, errors)
    found = PaymentFilter(
        text=texts["q"], status=texts["status"], provider=texts["provider"], course_id=int(texts["course"]) if texts["course"] else None,
        tier=texts["tier"], need=texts["need"], problem=texts["problem"], livemode={LIVE: True, TEST: False}.get(texts["mode"]),
        since=_midnight(texts["since"]), until=_midnight(texts["until"], days=1))
    return AskedFilter(texts, errors, found)


def _wrong(name: str, text: str) -> str:
    """What is wrong with a field that is not empty; "" when nothing is."""
    allowed = {"status": STATUSES, "need": (*NEEDS, ANY_NEED), "problem": tuple(PROBLEMS), "mode": (LIVE, TEST)}
    if len(text) > LONGEST or (name in allowed and text not in allowed[name]):
        return _("There is no such choice.")
    if name == "course" and not (text.isascii() and text.isdigit() and len(text) < 10):
        return _("There is no such course.")
    if name in ("since", "until"):
        try:
            _midnight(text, days=1)
        except (ValueError, OverflowError):
            return _("A day, such as 2026-11-22.")
    return ""


def _midnight(text: str, days: int = 0) -> datetime | None:
    """The beginning of the reader's day as naive UTC, so many days later; raises ValueError or OverflowError."""
    if not text:
        return None
    moment = datetime.combine(date.fromisoformat(text), time.min)
    if not 2000 <= moment.year <= 2999:
        raise ValueError("not a year of ours")
    utc: datetime = to_utc(moment + timedelta(days=days))
    return utc
