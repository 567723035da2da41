"""Migrations go forward and back, one branch a plugin, from a copy, and leave the database alone when they fail."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from studium.core.app import load
from studium.core.database import DATABASE_FILE
from studium.core.migrations import Migrations
from studium.core.migrator import MigrationError, Migrator
from studium.core.runtime import collect

STEP = '''"""{title}."""
import sqlalchemy as sa
from alembic import op

revision = "shop_{number:04}"
down_revision = {before}
branch_labels = {labels}
depends_on = None


def upgrade():
    {up}


def downgrade():
    {down}
'''
GOODS = 'op.create_table("goods", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text, nullable=False))'
FILLED = "op.execute(\"INSERT INTO goods (name) VALUES ('tea')\")"

AddStep = Callable[..., None]


class Shop:
    """A plugin under test: a folder of migrations, and a data folder."""

    def __init__(self, folder: Path) -> None:
        self.data_dir = folder / "data"
        self.path = folder / "shop"
        self.path.mkdir()
        self.add(1, "Make goods", GOODS, 'op.drop_table("goods")')

    def add(self, number: int, title: str, up: str, down: str = "pass") -> None:
        before = f'"shop_{number - 1:04}"' if number > 1 else None
        labels = None if number > 1 else ("shop",)
        text = STEP.format(title=title, number=number, before=before, labels=labels, up=up, down=down)
        (self.path / f"{number:04}_{title.lower().replace(' ', '_')}.py").write_text(text)

    @property
    def migrator(self) -> Migrator:
        return Migrator(self.data_dir, [Migrations("shop", self.path)])

    def query(self, sql: str, file: Path | None = None) -> list[Any]:
        with closing(sqlite3.connect(file or self.data_dir / DATABASE_FILE)) as connection:
            return connection.execute(sql).fetchall()

    def dump(self) -> list[str]:
        with closing(sqlite3.connect(self.data_dir / DATABASE_FILE)) as connection:
            return sorted(connection.iterdump())

    def copies(self, verb: str = "migrate") -> list[Path]:
        return sorted((self.data_dir / "backups").glob(f"before-{verb}-*.sqlite3"))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_an_empty_folder_becomes_a_database_with_every_table(shop):
    assert [step.revision for step in shop.migrator.migrate()] == ["core_0001", "shop_0001"]
    tables = {name for (name,) in shop.query("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables >= {"fact", "fact_delivery", "heartbeat", "goods"}
    assert shop.query("PRAGMA journal_mode") == [("wal",)]


def test_migrating_again_does_nothing_and_takes_no_copy(shop):
    shop.migrator.migrate()
    assert shop.migrator.migrate() == []
    assert shop.copies() == []


def test_the_status_tells_what_is_applied_and_what_is_pending_by_plugin(shop):
    assert [(step.plugin, step.applied) for step in shop.migrator.status()] == [("core", False), ("shop", False)]
    shop.migrator.migrate()
    shop.add(2, "Fill goods", FILLED)
    assert [(step.revision, step.title, step.applied) for step in shop.migrator.status()][1:] == [
        ("shop_0001", "Make goods.", True),
        ("shop_0002", "Fill goods.", False),
    ]


def test_looking_at_the_status_makes_no_file(shop):
    shop.migrator.status()
    assert not shop.data_dir.exists()


def test_a_plugin_is_taken_back_alone_step_by_step(shop):
    shop.add(2, "Fill goods", FILLED, 'op.execute("DELETE FROM goods")')
    shop.migrator.migrate()
    assert shop.query("SELECT name FROM goods") == [("tea",)]
    assert [step.revision for step in shop.migrator.rollback("shop")] == ["shop_0002"]
    assert shop.query("SELECT name FROM goods") == []
    assert [step.revision for step in shop.migrator.rollback("shop")] == ["shop_0001"]
    assert [step.applied for step in shop.migrator.status()] == [True, False, False]
    assert len(shop.migrator.migrate()) == 2
    assert shop.query("SELECT name FROM goods") == [("tea",)]


def test_several_steps_are_taken_back_newest_first(shop):
    shop.add(2, "Fill goods", FILLED, 'op.execute("DELETE FROM goods")')
    shop.migrator.migrate()
    assert [step.revision for step in shop.migrator.rollback("shop", 5)] == ["shop_0002", "shop_0001"]


@pytest.mark.parametrize("plugin", ["shop", "bakery"])
def test_taking_back_what_is_not_applied_is_refused_with_the_known_plugins(shop, plugin):
    with pytest.raises(MigrationError, match=rf"{plugin}.*core, shop"):
        shop.migrator.rollback(plugin)


def test_a_copy_of_the_data_is_taken_before(shop):
    shop.migrator.migrate()
    with closing(sqlite3.connect(shop.data_dir / DATABASE_FILE)) as connection, connection:
        connection.execute("INSERT INTO goods (name) VALUES ('coffee')")
    shop.add(2, "Empty goods", 'op.execute("DELETE FROM goods")')
    shop.migrator.migrate()
    shop.migrator.rollback("shop")
    assert shop.query("SELECT name FROM goods") == []
    (before_migrate,), (before_rollback,) = shop.copies(), shop.copies("rollback")
    assert shop.query("SELECT name FROM goods", before_migrate) == [("coffee",)]
    assert shop.query("SELECT name FROM goods", before_rollback) == []


def test_only_the_newest_copies_are_kept(shop, monkeypatch):
    monkeypatch.setattr("studium.core.migrator.KEPT_COPIES", 2)
    shop.migrator.migrate()
    for _ in range(4):
        shop.migrator.rollback("shop")
        shop.migrator.migrate()
    assert (len(shop.copies()), len(shop.copies("rollback"))) == (2, 2)


def half_a_copy(_source: Path, target: Path) -> None:
    """Fails as on a full disk."""
    target.write_bytes(b"half a copy")
    target.with_name(f"{target.name}-journal").write_bytes(b"its journal")
    raise sqlite3.OperationalError("database or disk is full")


def test_a_copy_that_fails_half_way_is_removed_and_stops_the_migration(shop, monkeypatch):
    shop.migrator.migrate()
    shop.add(2, "Fill goods", FILLED)
    with monkeypatch.context() as patched:
        patched.setattr("studium.core.sqlite._copy_and_check", half_a_copy)
        with pytest.raises(MigrationError, match=r"nothing was changed: .*disk is full"):
            shop.migrator.migrate()
    assert list((shop.data_dir / "backups").iterdir()) == []
    assert shop.query("SELECT name FROM goods") == []


def test_half_copies_of_killed_processes_push_no_good_copy_out_and_go_at_the_next_time(shop, monkeypatch):
    monkeypatch.setattr("studium.core.migrator.KEPT_COPIES", 2)
    shop.migrator.migrate()
    shop.migrator.rollback("shop")
    shop.migrator.migrate()
    good = shop.copies()
    for name in ("before-migrate-99990101-000000-000000.sqlite3.part", "before-rollback-99990101-000000-000000.sqlite3.part-journal"):
        (shop.data_dir / "backups" / name).write_bytes(b"half a copy")
    shop.migrator.rollback("shop")
    shop.migrator.migrate()
    assert set(good) <= set(shop.copies())
    assert all(path.suffix == ".sqlite3" for path in (shop.data_dir / "backups").iterdir())


@pytest.mark.parametrize(
    "broken",
    [
        'op.execute("INSERT INTO no_such_table VALUES (1)")',
        'raise RuntimeError("out of tea")',
        'op.create_table("goods", sa.Column("id", sa.Integer))',
    ],
)
def test_a_failing_migration_leaves_the_database_as_before(shop, broken):
    shop.migrator.migrate()
    before = shop.dump()
    shop.add(2, "Half a step", f'op.add_column("goods", sa.Column("price", sa.Integer)); {FILLED}; {broken}')
    with pytest.raises(MigrationError, match="rolled back"):
        shop.migrator.migrate()
    assert shop.dump() == before
    assert [step.applied for step in shop.migrator.status()] == [True, True, False]


def test_a_failing_rollback_leaves_the_database_as_before(shop):
    shop.add(2, "One way", FILLED, 'op.drop_table("goods"); raise RuntimeError("no way back")')
    shop.migrator.migrate()
    before = shop.dump()
    with pytest.raises(MigrationError, match="no way back"):
        shop.migrator.rollback("shop")
    assert shop.dump() == before


def test_the_steps_before_a_failing_one_stay(shop):
    shop.add(2, "Fill goods", FILLED)
    shop.add(3, "Fail", 'raise RuntimeError("no")')
    with pytest.raises(MigrationError):
        shop.migrator.migrate()
    assert [step.applied for step in shop.migrator.status() if step.plugin == "shop"] == [True, True, False]


def test_a_table_is_rebuilt_without_losing_rows_that_point_to_it(shop):
    """Batch mode copies the table; with foreign keys enforced, dropping the old one would delete what hangs on it."""
    shop.add(
        2,
        "Hang on",
        'op.create_table("price", sa.Column("goods", sa.Integer, sa.ForeignKey("goods.id", ondelete="CASCADE")));'
        f'{FILLED}; op.execute("INSERT INTO price VALUES (1)")',
    )
    shop.add(
        3,
        "Rebuild",
        'batch = op.batch_alter_table("goods"); table = batch.__enter__();'
        'table.alter_column("name", new_column_name="title"); batch.__exit__(None, None, None)',
    )
    shop.migrator.migrate()
    assert shop.query("SELECT title, (SELECT count(*) FROM price) FROM goods") == [("tea", 1)]


def all_branches(environ: Mapping[str, str], data_dir: Path) -> Migrator:
    _settings, plugins = load(environ)
    return Migrator(data_dir, collect(plugins.hook.register_migrations))


def schema(data_dir: Path) -> list[Any]:
    with closing(sqlite3.connect(data_dir / DATABASE_FILE)) as connection:
        return sorted(connection.execute("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'").fetchall(), key=str)


@pytest.mark.slow
def test_every_plugin_can_be_taken_back_and_migrated_again_to_the_same_schema(environ, tmp_path):
    migrator = all_branches(environ, tmp_path)
    migrator.migrate()
    whole = schema(tmp_path)
    for plugin in {step.plugin for step in migrator.status()}:
        steps = [step for step in migrator.status() if step.plugin == plugin]
        taken = migrator.rollback(plugin, len(steps))
        assert {step.revision for step in taken} == {step.revision for step in steps}
        assert schema(tmp_path) != whole
        assert [step.plugin for step in migrator.status() if not step.applied] == [plugin] * len(steps)
        migrator.migrate()
        assert schema(tmp_path) == whole, plugin


def test_taking_everything_back_leaves_no_table(environ, tmp_path):
    migrator = all_branches(environ, tmp_path)
    migrator.migrate()
    for plugin in dict.fromkeys(step.plugin for step in reversed(migrator.status())):
        migrator.rollback(plugin, 100)
    assert {name for kind, name, _sql in schema(tmp_path) if kind == "table"} <= {"alembic_version"}


def test_every_branch_is_named_after_its_plugin(environ, tmp_path):
    for step in all_branches(environ, tmp_path).status():
        assert step.revision.startswith(f"{step.plugin}_")


@pytest.mark.slow
def test_two_processes_that_migrate_at_once_do_it_once(tmp_path):
    environ = {"STUDIUM_DATA_DIR": str(tmp_path), "PATH": os.environ["PATH"], "STUDIUM_ENTRY_POINTS": "false"}
    command = [sys.executable, "-c", "from studium.core.cli import main; main()", "migrate"]
    both = [subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _ in range(2)]
    said = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sum("applied core_0001" in text for text in said) == 1
    assert sum("up to date" in text for text in said) == 1
