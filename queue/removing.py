"""Removes jobs with all that belongs to them."""

from __future__ import annotations

from collections.abc import Sequence

from pony.orm import flush

from studium.core.database import execute

# By the primary key, not by an index that begins with the state: that one would be walked from end to end.
REMOVE = "delete from job where id in ({marks}) and coalesce(state, '') = ? returning id"
REMOVE_PARTS = ("delete from job_argument where job_id in ({marks})", "delete from job_line where job_id in ({marks})")


def remove_jobs(ids: Sequence[str], state: str) -> int:
    """Within a transaction: remove those of these jobs that are in this state, with their arguments and lines; returns how many."""
    if not ids:
        return 0
    flush()
    removed = [job_id for (job_id,) in execute(_marked(REMOVE, ids), (*ids, state)).fetchall()]
    for statement in REMOVE_PARTS if removed else ():
        execute(_marked(statement, removed), removed)
    return len(removed)


def _marked(statement: str, ids: Sequence[str]) -> str:
    return statement.format(marks=", ".join("?" * len(ids)))
