"""transaction() is the only way to write, after_commit() follows a commit and nothing else, reading() writes nothing."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from flask import Flask

from studium.core.clock import now
from studium.core.database import DATABASE_FILE, after_commit, bind, db, execute, execute_many, in_transaction, query, reading, transaction
from studium.core.entities import Heartbeat
from studium.core.errors import DatabaseError
from studium.core.settings import Settings


class ChangedMind(Exception):
    """Rolls back."""


@pytest.fixture(autouse=True)
def inside(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.fixture
def other(settings: Settings) -> Iterator[sqlite3.Connection]:
    """A connection beside ours, as another process has it."""
    with closing(sqlite3.connect(settings.core.data_dir / DATABASE_FILE, timeout=0.05, isolation_level=None)) as connection:
        yield connection


def add(program: str, pid: int = 1) -> Heartbeat:
    return Heartbeat(program=program, pid=pid, started_at=now(), seen_at=now())


def programs() -> set[str]:
    with reading():
        return {row.program for row in Heartbeat.select()}


def run_threads(number: int, work: Callable[[], None]) -> list[BaseException]:
    """Run `work` in threads at once; what they raised."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  the test looks at it
            raised.append(error)
        finally:
            db.disconnect()

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    return raised


def test_a_transaction_commits_at_its_end(other):
    with transaction():
        add("a")
        assert other.execute("SELECT count(*) FROM heartbeat").fetchone() == (0,)
    assert other.execute("SELECT program FROM heartbeat").fetchall() == [("a",)]


def test_an_exception_rolls_back_and_passes_through():
    with pytest.raises(ChangedMind), transaction():
        add("a")
        raise ChangedMind
    assert programs() == set()
    assert not in_transaction()


def test_a_nested_transaction_joins_the_outer_one(other):
    with transaction():
        with transaction():
            add("inner")
        assert other.execute("SELECT count(*) FROM heartbeat").fetchone() == (0,)
        add("outer")
    assert programs() == {"inner", "outer"}


def test_the_outer_rollback_takes_the_nested_part_with_it():
    with pytest.raises(ChangedMind), transaction():
        with transaction():
            add("inner")
        raise ChangedMind
    assert programs() == set()


def test_a_transaction_holds_the_write_lock_from_its_beginning(other):
    with transaction(), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    other.execute("BEGIN IMMEDIATE")
    other.execute("ROLLBACK")


def test_after_commit_runs_once_the_commit_is_visible_to_others(other):
    seen = []
    with transaction():
        after_commit(lambda: seen.append(other.execute("SELECT program FROM heartbeat").fetchall()))
        add("a")
        assert seen == []
    assert seen == [[("a",)]]


def test_after_commit_functions_run_in_order_after_the_outermost_transaction():
    ran = []
    with transaction():
        after_commit(lambda: ran.append(1))
        with transaction():
            after_commit(lambda: ran.append(2))
        assert ran == []
        after_commit(lambda: ran.append(3))
    assert ran == [1, 2, 3]


def test_after_commit_never_runs_after_a_rollback_nor_with_the_next_commit():
    ran = []
    with pytest.raises(ChangedMind), transaction():
        after_commit(lambda: ran.append(1))
        raise ChangedMind
    with transaction():
        add("next")
    assert ran == []


def test_after_commit_does_not_run_when_the_commit_itself_fails(other):
    ran = []
    with pytest.raises(Exception, match="UNIQUE"), transaction():
        after_commit(lambda: ran.append(1))
        add("a")
        execute("INSERT INTO heartbeat (program, pid, started_at, seen_at) VALUES ('a', 1, '', '')")
    assert (ran, programs()) == ([], set())


def test_an_exception_after_the_commit_undoes_nothing_and_stops_no_other():
    ran = []

    def fail() -> None:
        raise ChangedMind

    with transaction():
        add("a")
        after_commit(fail)
        after_commit(lambda: ran.append(1))
    assert (programs(), ran) == ({"a"}, [1])


def test_after_commit_may_open_a_transaction_of_its_own():
    with transaction():
        after_commit(lambda: write_one("later"))
    assert programs() == {"later"}


def write_one(program: str) -> None:
    with transaction():
        add(program)


def test_after_commit_outside_a_transaction_is_an_error():
    with pytest.raises(DatabaseError, match="transaction"):
        after_commit(lambda: None)
    with reading(), pytest.raises(DatabaseError, match="transaction"):
        after_commit(lambda: None)


def test_reading_refuses_a_new_entity_and_stores_nothing():
    with pytest.raises(DatabaseError, match="reading"), reading():
        add("a")
    assert programs() == set()


def test_reading_refuses_a_change_and_stores_nothing():
    write_one("a")
    with pytest.raises(DatabaseError, match="reading"), reading():
        Heartbeat["a"].pid = 99
    with reading():
        assert Heartbeat["a"].pid == 1


def test_reading_refuses_a_change_that_a_query_has_already_flushed(other):
    write_one("a")
    with pytest.raises(DatabaseError, match="reading"), reading():
        Heartbeat["a"].pid = 99
        Heartbeat.select()[:]
    assert other.execute("SELECT pid FROM heartbeat").fetchall() == [(1,)]


def test_reading_gives_back_what_it_refused():
    with pytest.raises(DatabaseError), reading():
        add("a")
    write_one("b")
    assert programs() == {"b"}


def test_a_transaction_cannot_begin_inside_reading():
    with reading(), pytest.raises(DatabaseError, match="reading"), transaction():
        pass
    write_one("after")
    assert programs() == {"after"}


def test_reading_inside_a_transaction_sees_its_changes():
    with transaction():
        add("a")
        assert programs() == {"a"}


def test_reading_needs_no_lock_while_another_process_writes(other):
    write_one("a")
    other.execute("BEGIN IMMEDIATE")
    other.execute("UPDATE heartbeat SET pid = 2")
    with reading():
        assert Heartbeat["a"].pid == 1
        other.execute("COMMIT")
    with reading():
        assert Heartbeat["a"].pid == 2


def test_reading_keeps_nobody_from_writing(other):
    with reading():
        assert Heartbeat.select()[:] == []
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")


def test_eight_threads_that_count_at_once_lose_no_count_and_see_no_error():
    write_one("counter")

    def count() -> None:
        for _ in range(20):
            with transaction():
                Heartbeat["counter"].pid += 1

    assert run_threads(8, count) == []
    with reading():
        assert Heartbeat["counter"].pid == 1 + 8 * 20


def test_threads_do_not_see_each_others_open_transaction():
    found = []
    with transaction():
        add("a")
        assert run_threads(1, lambda: found.append((in_transaction(), programs()))) == []
    assert found == [(False, set())]


def test_the_pragmas_are_set_on_every_connection():
    wanted = {
        "journal_mode": "wal",
        "synchronous": 1,
        "busy_timeout": 5000,
        "foreign_keys": 1,
        "cache_size": -64000,
        "temp_store": 2,
        "mmap_size": 268435456,
        "journal_size_limit": 67108864,
    }
    found = []

    def look() -> None:
        with transaction():
            found.append({name: execute(f"PRAGMA {name}").fetchone()[0] for name in wanted})

    assert run_threads(2, look) == []
    look()
    assert found == [wanted] * 3


def test_plain_sql_needs_a_transaction():
    for run in (lambda: execute("SELECT 1"), lambda: execute_many("SELECT ?", [(1,)])):
        with pytest.raises(DatabaseError, match="transaction"):
            run()
        with reading(), pytest.raises(DatabaseError, match="transaction"):
            run()


def test_plain_sql_is_part_of_the_transaction():
    row = "INSERT INTO heartbeat (program, pid, started_at, seen_at) VALUES (?, 1, '2026-01-01 00:00:00.0', '2026-01-01 00:00:00.0')"
    with pytest.raises(ChangedMind), transaction():
        execute_many(row, [("a",), ("b",)])
        raise ChangedMind
    assert programs() == set()
    with transaction():
        execute(row, ("c",))
    assert programs() == {"c"}


def test_a_question_in_plain_sql_needs_something_open():
    with pytest.raises(DatabaseError, match="reading"):
        query("select 1")


def test_a_question_in_plain_sql_takes_no_write_lock(other):
    with transaction():
        add("a", pid=5)
    with reading():
        assert [tuple(row) for row in query("select program, pid from heartbeat where pid = ?", [5])] == [("a", 5)]
        other.execute("UPDATE heartbeat SET pid = 6")


def test_a_question_in_plain_sql_sees_the_entities_of_its_transaction():
    with transaction():
        add("a")
        assert query("select count(*) from heartbeat")[0][0] == 1


def test_a_process_stays_with_its_database(tmp_path, settings):
    bind(settings.core.data_dir)
    with pytest.raises(DatabaseError, match="bound to"):
        bind(tmp_path)
