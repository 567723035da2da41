"""How `studium jobs` shows things to people and to programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Any

from studium.core.clock import now
from studium.queue.job_view import JobView
from studium.queue.story import JobStory

UNITS = (("s", 1, 120), ("min", 60, 7200), ("h", 3600, 172_800))
LIST_HEADS = ("id", "kind", "state", "queue", "user", "enqueued (UTC)", "what")


def as_json(value: Any) -> str:
    """The value as JSON for programs: dataclasses as objects, times as ISO 8601 in UTC."""
    return json.dumps(value, default=_plain, ensure_ascii=False, indent=2)


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """Lines of columns below their heads; numbers to the right."""
    cells = [list(heads), *([_text(value) for value in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    right = [bool(rows) and all(isinstance(row[column], int | float) for row in rows) for column in range(len(heads))]
    for row in cells:
        padded = [cell.rjust(width) if number else cell.ljust(width) for cell, width, number in zip(row, widths, right, strict=True)]
        yield "  ".join(padded).rstrip()


def list_row(job: JobView) -> tuple[object, ...]:
    """A job as a line of the list."""
    return job.id, job.kind, job.state, job.queue, job.user_id, moment(job.created_at), _what(job)


def story_lines(story: JobStory) -> Iterator[str]:
    """A job with everything that is known of it."""
    for name, value in asdict(story.job).items():
        shown = moment(value) if isinstance(value, datetime) else as_json(value) if isinstance(value, dict) else _text(value)
        yield f"{name + ':':18} {shown}"
    yield ""
    for line in story.lines:
        first, *others = line.text.splitlines() or [""]
        yield f"{moment(line.at)}  {line.event:16} {first}".rstrip()
        yield from (f"    {other}" for other in others)


def moment(value: datetime | None) -> str:
    """A time to the second, or a dash."""
    return f"{value:%Y-%m-%d %H:%M:%S}" if value else "-"


def duration(seconds: float | None) -> str:
    """A time span in the unit that fits: 0.4 s, 12.0 s, 3.0 min, 5.2 h, 9.1 d."""
    if seconds is None:
        return "-"
    unit, size = next(((unit, size) for unit, size, most in UNITS if seconds < most), ("d", 86_400))
    return f"{seconds / size:.1f} {unit}"


def _what(job: JobView) -> str:
    if job.state == "running":
        return f"{job.progress} % {job.message}".strip()
    if job.active and job.run_at > now():
        return f"at {moment(job.run_at)}"
    return (job.error or "").split("\n", 1)[0][:80]


def _text(value: object) -> str:
    return "-" if value is None else f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return f"{value.isoformat()}Z"
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
