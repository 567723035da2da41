"""The story of a job for whoever looks after it: unusual events, and what the job itself writes. Bounded in length and number."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from studium.core.clock import now
from studium.core.database import execute, execute_many
from studium.queue.entities import LINE_LENGTH, LINES_A_JOB
from studium.queue.statements import stamp

INSERT = "insert into job_line (job_id, at, event, text) values (?, ?, ?, ?)"
DROP_OLDEST = """
delete from job_line where job_id = ?
    and id <= (select id from job_line where job_id = ? order by id desc limit 1 offset ?)"""
CUT = "\n[...]\n"


class Line(NamedTuple):
    """What happened, and when (naive UTC)."""

    at: datetime
    event: str
    text: str


def add_line(job_id: str, event: str, text: str) -> None:
    """Within a transaction: add a line of now."""
    add_lines(job_id, [Line(now(), event, text)])


def add_lines(job_id: str, lines: Sequence[Line]) -> None:
    """Within a transaction: add the lines; of more than LINES_A_JOB the newest are kept."""
    newest = lines[-LINES_A_JOB:]
    execute_many(INSERT, [(job_id, stamp(line.at), line.event, shortened(line.text)) for line in newest])
    execute(DROP_OLDEST, (job_id, job_id, LINES_A_JOB))


def shortened(text: str) -> str:
    """Storable, and at most LINE_LENGTH characters: what is too long loses its middle, since a traceback says most at both ends."""
    text = storable(text)
    if len(text) <= LINE_LENGTH:
        return text
    head = LINE_LENGTH // 4
    return text[:head] + CUT + text[len(CUT) + head - LINE_LENGTH :]


def storable(text: str) -> str:
    """The text with lone surrogates, such as in the name of a file that is not UTF-8, written out: the database refuses them."""
    return text.encode("utf-8", "backslashreplace").decode()


def with_traceback(reason: str, error: BaseException) -> str:
    """The reason, and below it where it came from, innermost frames last."""
    return f"{reason}\n{''.join(traceback.format_exception(error, limit=-20))}"
