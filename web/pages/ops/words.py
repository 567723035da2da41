"""What the templates under ops/ say of jobs: names of states and events, moments in the reader's time zone, lengths of time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from babel.dates import format_date
from babel.units import format_unit
from flask_babel import format_decimal, get_locale, to_user_timezone
from flask_babel import gettext as _
from markupsafe import Markup

from studium.core import clock
from studium.queue.bulk import TALLY, Tally
from studium.queue.entities import CANCELLED, FAILED, QUEUED, RETRYING, RUNNING, SUCCEEDED
from studium.queue.queues import queues

STATES = (QUEUED, RETRYING, RUNNING, FAILED, SUCCEEDED, CANCELLED)
ACTOR = re.compile(r"(.+) \(user (\d+)\)")
MOST_SHOWN, MOST_OF_ONE = 4, 40
LENGTHS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def words_for_templates() -> dict[str, Callable[..., Any]]:
    """The functions below, by the names that the templates use."""
    functions = (actor, argument_words, event_name, kind_title, lasting, line_text, number, outcome_name, seconds_between, state_name, when)
    return {function.__name__: function for function in functions} | {"now": clock.now}


def state_name(state: str) -> str:
    """The state of a job in a word or two."""
    names = {
        QUEUED: _("Waiting"),
        RETRYING: _("Waiting to be retried"),
        RUNNING: _("Running"),
        FAILED: _("Failed"),
        SUCCEEDED: _("Succeeded"),
        CANCELLED: _("Cancelled"),
        "removed": _("removed since"),
    }
    return names.get(state, state)


def in_sentence(state: str) -> str:
    """The state within a sentence."""
    name = state_name(state)
    return name[:1].lower() + name[1:]


def event_name(event: str) -> str:
    """What happened, in a line of a job's story."""
    names = {
        "enqueued": _("Enqueued"),
        "started": _("Started"),
        "succeeded": _("Succeeded"),
        "retrying": _("Failed, will be retried"),
        "crashed": _("Its worker was lost"),
        "failed": _("Failed"),
        "cancel_requested": _("Cancellation asked for"),
        "cancelled": _("Cancelled"),
        "given_back": _("Given back by a stopping worker"),
        "retried": _("Retried"),
        "run_now": _("Run now"),
        "params_edited": _("Params edited"),
        TALLY: _("Done so far"),
        "log": _("The job says"),
    }
    return names.get(event, event)


def line_text(event: str, text: str) -> str:
    """The text of a line of a job's story; of the usual events in the reader's language."""
    if event == "started":
        return _("attempt %(number)s", number=text.removeprefix("attempt "))
    if event == TALLY:
        tally = Tally.model_validate_json(text)
        return _("%(done)s done, %(refused)s refused", done=number(tally.done), refused=number(tally.refused))
    if event == "enqueued":  # when it is due stands among the facts
        return ""
    who = ACTOR.fullmatch(text.removeprefix("by "))
    return _("by %(name)s (user %(number)s)", name=who[1], number=who[2]) if who else text


def actor(stored: str | None) -> str:
    """Who did it, in the reader's language: "Anna (user 3)" is how a person is stored; other words, as of a command, stay."""
    found = ACTOR.fullmatch(stored or "")
    return _("%(name)s (user %(number)s)", name=found[1], number=found[2]) if found else stored or ""


def outcome_name(outcome: str) -> str:
    """What became of one due time of a periodic task."""
    names = {
        "enqueued": _("Made a job"),
        "paused": _("Left out: the task was paused"),
        "missed": _("Missed: nothing was running at that time"),
        "overlapped": _("Left out: the job of an earlier run was not over"),
    }
    return names.get(outcome, outcome)


def kind_title(name: str) -> str:
    """The title of a kind of job; its name when no plugin offers it any more."""
    kind, of_the_queue = queues().kinds.get(name), _titles_of_the_queue()
    return of_the_queue.get(name) or (_(kind.title) if kind else name)


def when(moment: datetime | None) -> Markup:
    """A moment (naive UTC) to the second, in the reader's time zone; today without the date."""
    if moment is None:
        return Markup("–")
    local = to_user_timezone(moment)
    text = f"{local:%H:%M:%S}"
    if local.date() != to_user_timezone(clock.now()).date():
        text = f"{_day(local.date(), str(get_locale() or 'en'))}, {text}"
    title = f"{local:%Y-%m-%d %H:%M:%S} {local.tzname()}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(moment.replace(tzinfo=UTC).isoformat(), title, text)


def number(value: int) -> str:
    """A whole number as the reader writes it; the small ones, of which there are many, without asking how."""
    return str(value) if 0 <= value < 1000 else str(format_decimal(value))


def argument_words(params: Mapping[str, Any]) -> str:
    """The params by which a job can be found, shortly: "course=rivers number=7"."""
    shown = [(name, value) for name, value in params.items() if isinstance(value, str | int) and value != ""][:MOST_SHOWN]
    return " ".join(f"{name}={str(value).lower() if isinstance(value, bool) else value}"[:MOST_OF_ONE] for name, value in shown)


def seconds_between(start: datetime | None, end: datetime | None) -> float | None:
    """Seconds from one moment to the other, never below 0; None when one is missing."""
    return max(0.0, (end - start).total_seconds()) if start and end else None


def lasting(seconds: float | None) -> str:
    """A length of time in at most two units: "350 ms", "1.2 s", "3 min 20 s", "2 days 4 hr"."""
    if seconds is None:
        return "–"
    if seconds < 1:
        return _amount(round(seconds * 1000), "millisecond")
    if seconds < 10:
        return _amount(round(seconds, 1), "second")
    first = next(index for index, (_name, size) in enumerate(LENGTHS) if seconds >= size)
    left, said = round(seconds), []
    for name, size in LENGTHS[first : first + 2]:
        amount, left = divmod(left, size)
        if amount:
            said.append(_amount(amount, name))
    return " ".join(said)


def _titles_of_the_queue() -> dict[str, str]:
    """The titles of the queue's own kinds, which has no catalog of translations: nobody but operators sees them."""
    return {"jobs_in_bulk": _("Work through many jobs"), "deliver_fact": _("Tell a plugin what happened")}


@lru_cache(1000)
def _day(day: date, locale: str) -> str:
    """The day in words: cached, as a list shows few days many times, and Babel takes its time."""
    return format_date(day, "d MMM yyyy", locale)


def _amount(number: float, unit: str) -> str:
    return _length(number, unit, str(get_locale() or "en"))


@lru_cache(1000)
def _length(number: float, unit: str, locale: str) -> str:
    return format_unit(number, f"duration-{unit}", "short", locale=locale)
