"""Makes a filled database ten times as large, whatever tables it has, so that a page which asks once a row asks more often."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from studium.core.database import execute, execute_many

STEP = 100_000  # between the ids of one copy and the next; more than a test has rows
COPIES = 9
ONE_EACH = {
    "job_count": "triggers keep it",
    "periodic_task": "one a task of the code",
    "queue_pause": "one a queue of the code",
    "heartbeat": "one a program",
    "webhook_rejection": "one a provider, day and reason",
}
NO_ROWS_OF_THE_SITE = {"alembic_version", "sqlite_sequence"}
PEOPLE = {"user", "user_id", "by_user_id"}


@dataclass(frozen=True)
class Column:
    """`kind` is of SQL. `names_row` says that it is an id, of its own row or another one; `alone` that a unique index has only it."""

    name: str
    kind: str
    is_key: bool
    names_row: bool
    alone: bool


def multiply() -> None:
    """Copy each row nine times in the open transaction; what a unique index forbids is left out.

    In turn all that a row names is copied with it, all but its person, and nothing: so one person has many things, one thing many parts,
    and a list many people.
    """
    execute("PRAGMA defer_foreign_keys = ON")
    for table in tables() - set(ONE_EACH):
        columns = _columns(table)
        rows = execute(f'SELECT * FROM "{table}"').fetchall()
        marks = ", ".join("?" * len(columns))
        execute_many(f'INSERT OR IGNORE INTO "{table}" VALUES ({marks})',
                     [[_copied(value, column, copy) for value, column in zip(row, columns, strict=True)]
                      for row in rows for copy in range(1, COPIES + 1)])


def tables() -> set[str]:
    """All tables that hold rows of the site."""
    names = {str(row[0]) for row in execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()}
    return names - NO_ROWS_OF_THE_SITE


def empty_tables() -> set[str]:
    """Those of them that hold none."""
    return {name for name in tables() if execute(f'SELECT 1 FROM "{name}" LIMIT 1').fetchone() is None}


def _columns(table: str) -> list[Column]:
    found = execute(f'PRAGMA table_info("{table}")').fetchall()
    foreign = {row[3] for row in execute(f'PRAGMA foreign_key_list("{table}")').fetchall()}
    keys = [row[1] for row in found if row[5]]
    names = {row[1] for row in found if row[1] in foreign or row[1].endswith("_id") or [row[1]] == keys}
    times = {row[1] for row in found if row[2].upper() == "DATETIME"}
    alone = {min(columns, key=lambda name: name not in times) if times & set(columns) else columns[-1]
             for columns in _unique(table) if not names & set(columns)}
    return [Column(row[1], row[2].upper(), [row[1]] == keys, row[1] in names, row[1] in alone) for row in found]


def _unique(table: str) -> list[list[str]]:
    """The columns of each unique index."""
    indexes = [row[1] for row in execute(f'PRAGMA index_list("{table}")').fetchall() if row[2]]
    return [[row[2] for row in execute(f'PRAGMA index_info("{index}")').fetchall()] for index in indexes]


def _copied(value: Any, column: Column, copy: int) -> Any:
    way = copy % 3  # 0: a part of the same thing, 1: all is another's, 2: another thing of the same person
    follows = column.is_key or (way == 1 or (way == 2 and column.name not in PEOPLE))
    if value is None or not (column.alone or (column.names_row and follows)):
        return value
    if "INT" in column.kind:
        return value + copy * STEP
    if column.kind == "DATETIME":
        return (datetime.fromisoformat(value) - timedelta(minutes=copy)).isoformat(" ")
    text = str(value)
    return f"{text[:20]}{copy:02}{text[22:]}" if len(text) >= 32 else f"{text}-{copy}"
