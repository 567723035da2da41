"""The params by which a job can be found: the plain values of the first level, one row each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from studium.core.database import execute_many
from studium.queue.entities import ARGUMENT_LENGTH

INSERT = "insert into job_argument (name, value, job_id) values (?, ?, ?)"


def store_arguments(jobs: Iterable[tuple[str, str]]) -> None:
    """Within a transaction: make the jobs (id, params as JSON) findable by their params."""
    rows = [(name, value, job_id) for job_id, params in jobs for name, value in arguments_of(params)]
    if rows:
        execute_many(INSERT, rows)


def arguments_of(params: str) -> Iterator[tuple[str, str]]:
    """(name, value) of each param that is a short text, a whole number, or true or false; `params` is a JSON object."""
    if params == "{}":
        return
    for name, value in json.loads(params).items():
        text = _as_text(value)
        if text and len(text) <= ARGUMENT_LENGTH >= len(name):
            yield name, text


def _as_text(value: object) -> str | None:
    if isinstance(value, bool | int):
        return json.dumps(value)
    return value if isinstance(value, str) else None
