"""Removes jobs with all that belongs to them."""

from __future__ import annotations

from collections.abc import Sequence

from pony.orm import flush

from studium.core.database import execute


def remove_jobs(ids: Sequence[str], state: str) -> int:
    """Within a transaction: remove those of these jobs that are in this state, with their arguments and lines; returns how many."""
    if not ids:
        return 0
    flush()
    marks = ", ".join("?" * len(ids))
    gone = execute(f"delete from job where id in ({marks}) and state = ? returning id", (*ids, state)).fetchall()
    removed = [job_id for (job_id,) in gone]
    marks = ", ".join("?" * len(removed))
    for table in ("job_argument", "job_line"):
        execute(f"delete from {table} where job_id in ({marks})", removed)
    return len(removed)
