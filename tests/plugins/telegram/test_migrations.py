"""Updates that were received before rows had a bot are still handled once, and come back from a newer database."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from studium.core.app import load
from studium.core.database import DATABASE_FILE
from studium.core.migrator import Migrator
from studium.core.runtime import collect


@pytest.fixture
def migrator(environ: Mapping[str, str], tmp_path: Path) -> Migrator:
    _settings, plugins = load(environ)
    made = Migrator(tmp_path, collect(plugins.hook.register_migrations))
    made.migrate()
    return made


def rows(folder: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / DATABASE_FILE)) as connection, connection:
        return connection.execute(statement).fetchall()


def test_received_updates_are_kept_on_the_way_there_and_back(migrator: Migrator, tmp_path: Path) -> None:
    migrator.rollback("telegram", 2)
    rows(tmp_path, "INSERT INTO telegram_update VALUES (500, '2026-01-02', NULL), (501, '2026-01-02', '2026-01-03')")
    migrator.migrate()
    assert rows(tmp_path, "SELECT * FROM telegram_bot_update") == [(0, 500, "2026-01-02", None), (0, 501, "2026-01-02", "2026-01-03")]
    rows(tmp_path, "INSERT INTO telegram_bot_update VALUES (7, 500, '2026-01-04', '2026-01-05')")
    migrator.rollback("telegram", 2)
    assert rows(tmp_path, "SELECT id, handled_at FROM telegram_update") == [(500, "2026-01-05"), (501, "2026-01-03")]
