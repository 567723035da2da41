"""Runs migrations with Alembic: one branch a plugin, each step in its own transaction, a verified copy of the data taken before.

Imports SQLAlchemy, which is heavy; only the command line and tests import this module.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError

from studium.core import sqlite
from studium.core.clock import now
from studium.core.database import DATABASE_FILE
from studium.core.errors import StudiumError
from studium.core.migrations import CORE, Migrations

KEPT_COPIES = 10


class MigrationError(StudiumError):
    """A migration failed or does not exist; the database is as before the failed step."""


@dataclass(frozen=True)
class Step:
    """One migration and whether the database has it."""

    plugin: str
    revision: str
    title: str
    applied: bool


class Migrator:
    """The migrations of all plugins over one data folder."""

    def __init__(self, data_dir: Path, branches: Sequence[Migrations]) -> None:
        self._data_dir = data_dir
        self._path = data_dir / DATABASE_FILE
        self._branches = [CORE, *branches]
        self._script = ScriptDirectory(str(Path(__file__).parent), version_locations=[str(b.path) for b in self._branches])

    def status(self) -> list[Step]:
        """All steps, plugin by plugin, oldest first."""
        applied = self._applied()
        return [Step(branch.plugin, script.revision, script.doc, script.revision in applied)
                for branch in self._branches for script in self._steps(branch.plugin)]

    def migrate(self) -> list[Step]:
        """Apply what is pending, after a copy of the database; returns the steps applied. Safe to call from two processes."""
        with self._lock():
            pending = [step for step in self.status() if not step.applied]
            if pending:
                self._copy_before("migrate")
                self._run(lambda rev, _context: self._script._upgrade_revs("heads", rev))
            return pending

    def rollback(self, plugin: str, steps: int = 1) -> list[Step]:
        """Take back the plugin's last steps, newest first, after a copy of the database."""
        with self._lock():
            applied = [step for step in self.status() if step.plugin == plugin and step.applied]
            if not applied:
                raise MigrationError(f"No migration of {plugin!r} is applied. Plugins: {', '.join(b.plugin for b in self._branches)}.")
            taken = applied[::-1][:steps]
            target = applied[-len(taken) - 1].revision if len(applied) > len(taken) else f"{plugin}@base"
            self._copy_before("rollback")
            self._run(lambda rev, _context: self._script._downgrade_revs(target, rev))
            return taken

    def newest_copy(self, verb: str) -> Path | None:
        """The copy that was taken last before a `migrate` or `rollback`."""
        return max((self._data_dir / "backups").glob(f"before-{verb}-*.sqlite3"), default=None)

    def _steps(self, plugin: str) -> list[Any]:
        return list(self._script.walk_revisions("base", f"{plugin}@head"))[::-1]

    def _applied(self) -> set[str]:
        if not self._path.exists():
            return set()
        try:
            with self._engine().connect() as connection:
                heads = MigrationContext.configure(connection).get_current_heads()
        except DatabaseError as error:
            raise MigrationError(f"The database at {self._path} cannot be read: {error.orig}. Copies of it are in backups/.") from error
        return {script.revision for head in heads for script in self._script.walk_revisions("base", head)}

    def _run(self, steps: Callable[[Any, Any], Any]) -> None:
        environment = EnvironmentContext(Config(), self._script, fn=steps)
        with self._engine().connect() as connection, environment:
            environment.configure(connection=connection, render_as_batch=True, transactional_ddl=True, transaction_per_migration=True)
            try:
                environment.run_migrations()
            except Exception as error:
                raise MigrationError(f"A migration failed and was rolled back: {error}") from error

    def _engine(self) -> Engine:
        engine = create_engine(f"sqlite:///{self._path}", connect_args={"timeout": 30})
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin_immediately)
        return engine

    @contextmanager
    def _lock(self) -> Iterator[None]:
        self._data_dir.mkdir(parents=True, exist_ok=True)
        with (self._data_dir / "migrate.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _copy_before(self, verb: str) -> None:
        if not self._path.exists():
            return
        folder = self._data_dir / "backups"
        folder.mkdir(exist_ok=True)
        for left in folder.glob(f"before-*{sqlite.UNFINISHED}*"):  # by a process that was killed; ours alone, for we hold the lock
            left.unlink()
        try:
            sqlite.copy(self._path, folder / f"before-{verb}-{now():%Y%m%d-%H%M%S-%f}.sqlite3")
        except (sqlite.Error, OSError) as error:
            raise MigrationError(f"The database cannot be copied to {folder}, so nothing was changed: {error}") from error
        for old in sorted(folder.glob(f"before-{verb}-*.sqlite3"))[:-KEPT_COPIES]:
            old.unlink()


def _prepare(raw: Any, _record: object) -> None:
    """Autocommit, so that `_begin_immediately` decides when a transaction opens; WAL is a property of the file and stays."""
    raw.isolation_level = None
    raw.execute("PRAGMA journal_mode = WAL")


def _begin_immediately(connection: Connection) -> None:
    """SQLite's driver does not open a transaction before DDL by itself (docs.sqlalchemy.org, pysqlite)."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")
