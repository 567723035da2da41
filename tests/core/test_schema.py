"""The migrations make exactly the tables that the entities describe."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from studium.core.database import DATABASE_FILE, db
from studium.core.settings import Settings

Shape = dict[str, Any]
NOT_OURS = ("alembic_version", "sqlite_sequence")
PARTIAL = {"idx_job__user_id_state_id", "idx_job__state_finished_at"}  # Pony cannot say it: only rows that have the column in question


@pytest.fixture
def migrated(settings: Settings) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(settings.core.data_dir / DATABASE_FILE)) as connection:
        yield connection


@pytest.fixture
def described(settings: Settings) -> Iterator[sqlite3.Connection]:
    """A database that Pony itself would make of the entities."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(db.schema.generate_create_script())
        yield connection


def tables(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
    return [name for (name,) in found if name not in NOT_OURS]


def affinity(declared: str) -> str:
    """The column affinity (sqlite.org/datatype3, section 3.1); a date is text for Pony, and so is compared by its name."""
    name = declared.upper()
    for words, found in (
        (("INT",), "INTEGER"),
        (("CHAR", "CLOB", "TEXT"), "TEXT"),
        (("BLOB",), "BLOB"),
        (("REAL", "FLOA", "DOUB"), "REAL"),
    ):
        if any(word in name for word in words):
            return found
    return {"BOOLEAN": "BOOLEAN", "DATETIME": "DATETIME", "DATE": "DATE"}.get(name, "NUMERIC")


def columns(connection: sqlite3.Connection, table: str) -> Shape:
    """Name -> affinity, whether it may be NULL, and its place in the primary key."""
    rows = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
    return {name: (affinity(kind), not required and not key, key) for _number, name, kind, required, _default, key in rows}


def indexes(connection: sqlite3.Connection, table: str) -> set[tuple[bool, tuple[str, ...], bool]]:
    """(unique, columns, partial) of each index, automatic ones included."""
    found = set()
    for _number, name, unique, _origin, partial in connection.execute(f'PRAGMA index_list("{table}")').fetchall():
        names = tuple(row[2] for row in connection.execute(f'PRAGMA index_info("{name}")').fetchall())
        found.add((bool(unique), names, bool(partial) or name in PARTIAL))
    return found


def foreign_keys(connection: sqlite3.Connection, table: str) -> set[tuple[str, str, str, str]]:
    """(column, table, column there, what a deletion does)."""
    rows = connection.execute(f'PRAGMA foreign_key_list("{table}")').fetchall()
    return {(row[3], row[2], row[4] or "id", row[6]) for row in rows}


def reuses_ids(connection: sqlite3.Connection, table: str) -> bool:
    sql = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
    return "AUTOINCREMENT" not in sql.upper()


@pytest.mark.parametrize("look", [columns, indexes, foreign_keys, reuses_ids])
def test_the_migrated_schema_is_that_of_the_entities(migrated, described, look):
    assert tables(migrated) == tables(described)
    for table in tables(described):
        assert look(migrated, table) == look(described, table), table


def test_the_comparison_would_notice_a_difference():
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(
            "CREATE TABLE a (id INTEGER PRIMARY KEY, n TEXT); CREATE TABLE b (id INTEGER PRIMARY KEY, n TEXT NOT NULL);"
            "CREATE UNIQUE INDEX one ON b (n)"
        )
        assert columns(connection, "a") != columns(connection, "b")
        assert indexes(connection, "a") != indexes(connection, "b")
