"""The one Pony database of all entities, the only way to write to it, and what runs after a commit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pony import orm
from pony.orm import Database, db_session

from studium.core import sqlite
from studium.core.errors import DatabaseError
from studium.core.logs import get_logger

log = get_logger(__name__)
db = Database()
DATABASE_FILE = "studium.sqlite3"
UNAVAILABLE = (orm.OperationalError, orm.CommitException)  # locked for too long, disk full, file lost: the same call may work later
_bound_synchronous = "normal"
_bound_path = Path()  # made once, because each transaction looks at it
_bound_file: tuple[int, int] | None = None


class _Open(threading.local):
    """What this thread has open: nothing, a reading, or a transaction with its after-commit functions."""

    def __init__(self) -> None:
        self.kind: str | None = None
        self.after: list[Callable[[], object]] = []


_open = _Open()


@db.on_connect(provider="sqlite")
def _set_pragmas(_db: Database, connection: sqlite.Connection) -> None:
    sqlite.set_pragmas(connection)
    sqlite.set_synchronous(connection, _bound_synchronous)


def bind(data_dir: Path, synchronous: str = "normal") -> None:
    """Bind the entities to the data folder's database, once a process; `synchronous` as the setting of that name.

    Raises DatabaseError if the process is bound to another file, or if tables are missing.
    """
    path = data_dir / DATABASE_FILE
    if db.provider is not None:
        if Path(db.provider.pool.filename) != path:
            raise DatabaseError(f"This process is bound to {db.provider.pool.filename}; it cannot also use {path}.")
        return
    global _bound_synchronous, _bound_path, _bound_file
    _bound_synchronous = synchronous
    if not path.exists():
        raise DatabaseError(f"There is no database at {path}. Make it with: studium migrate")
    try:
        db.bind(provider="sqlite", filename=str(path), timeout=sqlite.BUSY_SECONDS)
        db.generate_mapping(check_tables=True)
    except (orm.core.DatabaseError, sqlite.Error) as error:
        raise DatabaseError(f"The database at {path} does not fit this version ({error}). Bring it up to date with: "
                            "studium migrate (copies of it are in backups/).") from error
    db.disconnect()
    _bound_path, _bound_file = path, sqlite.identity(path)


def refuse_lost_file() -> None:
    """Raise DatabaseError when the database's file was deleted or replaced since it was bound: writes would go to a file without a name."""
    if sqlite.identity(_bound_path) != _bound_file:
        raise DatabaseError("The database file was replaced while this process runs. Restart it: bin/ctl restart all")


def in_transaction() -> bool:
    """Whether this thread has a transaction open."""
    return _open.kind == "transaction"


@contextmanager
def transaction() -> Iterator[None]:
    """Write: takes the write lock at once, commits at the end, rolls back on an exception; a nested one joins the outer.

    The database waits at most `sqlite.BUSY_SECONDS` for the lock. Do not keep it open over a network call or a template.
    """
    if _open.kind == "transaction":
        yield
        return
    if _open.kind == "reading":
        raise DatabaseError("A transaction cannot begin inside reading(); end the reading first.")
    _open.kind, _open.after = "transaction", []
    try:
        with db_session(immediate=True, strict=False):
            db.get_connection()
            refuse_lost_file()
            yield
        after = _open.after
    finally:
        _open.kind, _open.after = None, []
    for run in after:
        _run_after_commit(run)


@contextmanager
def reading() -> Iterator[None]:
    """Read without a write lock; a change of an entity inside is an error. Inside a transaction it joins that."""
    if _open.kind is not None:
        yield
        return
    _open.kind = "reading"
    try:
        with db_session:
            yield
            cache = db._get_cache()
            if cache.modified or cache.in_transaction:  # the second when a query has already written a change out
                orm.rollback()
                raise DatabaseError("An entity was changed inside reading(); use transaction() to write.")
    finally:
        _open.kind = None


def after_commit(run: Callable[[], object]) -> None:
    """Run `run` once this transaction is committed; never if it rolls back. Its exception is logged, not raised.

    Raises DatabaseError outside a transaction.
    """
    if _open.kind != "transaction":
        raise DatabaseError("after_commit() needs an open transaction().")
    _open.after.append(run)


def _run_after_commit(run: Callable[[], object]) -> None:
    try:
        run()
    except Exception:
        log.exception("after_commit_failed", function=getattr(run, "__qualname__", repr(run)))


def execute(sql: str, parameters: Sequence[object] = ()) -> Any:
    """Run one statement of plain, dialect-neutral SQL with `?` marks on the open transaction's connection; returns its cursor.

    For paths where one entity a row is too slow; needs an open transaction().
    """
    return _connection().execute(sql, parameters)


def execute_many(sql: str, rows: Sequence[Sequence[object]]) -> None:
    """Run a statement once for each row; as `execute` otherwise."""
    _connection().executemany(sql, rows)


def query(sql: str, parameters: Sequence[object] = ()) -> list[Any]:
    """The rows of one SELECT in plain, dialect-neutral SQL with `?` marks; for questions that the entities cannot ask.

    Needs an open reading() or transaction(); takes no write lock in the former, and sees the changes of the latter. Values come as the
    driver gives them: SQLite gives times as text.
    """
    if _open.kind is None:
        raise DatabaseError("query() needs an open reading() or transaction().")
    rows: list[Any] = db._exec_sql(sql, tuple(parameters)).fetchall()
    return rows


def _connection() -> sqlite.Connection:
    if _open.kind != "transaction":
        raise DatabaseError("execute() needs an open transaction().")
    connection: sqlite.Connection = db.get_connection()
    return connection
