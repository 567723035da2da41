"""The options by which `studium jobs list` and `studium jobs bulk` say which jobs are meant."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any

import click

from studium.core.clock import now
from studium.core.database import reading
from studium.queue.entities import JobCount
from studium.queue.errors import JobError
from studium.queue.job_filter import STATES, JobFilter
from studium.queue.kinds import QUEUES, find_kind
from studium.queue.queues import queues

SPANS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
TIME_HELP = 'UTC time such as 2026-11-22 or "2026-11-22 10:30", or how long ago, such as 90m, 2h, 3d'
OPTIONS = (
    click.option("--state", "states", multiple=True, help=f"{', '.join(STATES)}; may be given several times"),
    click.option("--kind", help="kind of job; `studium jobs kinds` lists them"),
    click.option("--queue", help=", ".join(QUEUES)),
    click.option("--user", "user_id", type=int, help="id of the user the jobs belong to"),
    click.option("--argument", metavar="NAME=VALUE", help="a param of the job, such as course_id=7"),
    click.option("--since", help=f"enqueued then or later: {TIME_HELP}"),
    click.option("--until", help="enqueued before then"),
)


def with_filter(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options, and their meaning as its first argument, a JobFilter."""

    @wraps(command)
    def run(**given: Any) -> None:
        names = ("states", "kind", "queue", "user_id", "argument", "since", "until")
        command(read_filter(**{name: given.pop(name) for name in names}), **given)

    for option in reversed(OPTIONS):
        run = option(run)
    return run


def read_filter(states: tuple[str, ...], kind: str | None, queue: str | None, user_id: int | None, argument: str | None,
                since: str | None, until: str | None) -> JobFilter:
    """The filter of the options' texts; raises JobError naming what is wrong: UnknownState, UnknownKind, UnknownQueue or a text."""
    if kind is not None:
        _check_kind(kind)
    if queue is not None:
        queues().transport(queue)
    return JobFilter(states, kind, queue, user_id, _read_argument(argument), _read_time("--since", since), _read_time("--until", until))


def _check_kind(kind: str) -> None:
    """Known is what a plugin offers, and what there still are jobs of."""
    with reading():
        if not JobCount.select(lambda count: count.kind == kind and count.jobs > 0).exists():
            find_kind(queues().kinds, kind)


def _read_argument(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise JobError(f"--argument {text!r} is not of the form NAME=VALUE, such as course_id=7.")
    return name, value


def _read_time(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        if span := re.fullmatch(r"(\d{1,6})([smhd])", text):
            return now() - timedelta(**{SPANS[span[2]]: int(span[1])})
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        raise JobError(f"{option} {text!r} is no time. Give a {TIME_HELP}.") from None
