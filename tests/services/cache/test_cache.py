"""Values come back as they went in until they expire; a file that cannot be used is a miss and never an error."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask

from studium.core import sqlite
from studium.core.database import transaction
from studium.core.runtime import collect
from studium.queue import jobs
from studium.services.cache import Cache, cache
from studium.services.cache.lanes import Lane
from studium.services.cache.settings import Limits
from studium.services.cache.sqlite_schema import FILE
from studium.services.cache.tally import Tally
from studium.services.cache.trimming import trim_cache
from tests.conftest import Clock

VALUES = [None, True, False, 0, 7, -3, 2**63, 1.5, "", "text", "日本 \ud800", b"", b"\x00\xff", [], [1, "a", None], {"a": {"b": [1.5]}}]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_comes_back_as_it_went_in(kept: Cache, value: object) -> None:
    assert kept.set("k", value)
    found = kept.get("k", "missing")
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("value", [object(), {1, 2}, print], ids=["object", "set", "function"])
def test_what_json_does_not_know_is_refused_and_not_pickled(kept: Cache, value: object) -> None:
    with pytest.raises(TypeError):
        kept.set("k", value)
    assert kept.get("k") is None


def test_a_key_that_is_not_there_is_a_counted_miss(kept: Cache) -> None:
    assert kept.get("k") is None
    assert kept.get("k", 5) == 5
    kept.set("k", 1)
    kept.get("k")
    assert (kept.hits, kept.misses, kept.errors) == (1, 2, 0)


def test_a_later_value_takes_the_place_with_a_life_of_its_own(kept: Cache, frozen_clock: Clock) -> None:
    kept.set("k", "short", ttl=1)
    kept.set("k", "long", ttl=100)
    frozen_clock.advance(50)
    assert kept.get("k") == "long"
    kept.set("k", "for ever")
    frozen_clock.advance(10**9)
    assert kept.get("k") == "for ever"


def test_an_entry_lives_exactly_as_long_as_it_was_given(kept: Cache, frozen_clock: Clock) -> None:
    kept.set("k", "v", ttl=10)
    assert kept.seconds_left("k") == pytest.approx(10, abs=0.01)
    frozen_clock.advance(9.9)
    assert kept.get("k") == "v"
    frozen_clock.advance(0.2)
    assert kept.get("k") is None
    assert kept.seconds_left("k") is None


def test_delete_tells_whether_there_was_something(kept: Cache) -> None:
    kept.set("k", 1)
    assert kept.delete("k") is True
    assert kept.delete("k") is False
    assert kept.get("k") is None


def test_clear_removes_everything(kept: Cache) -> None:
    kept.set("a", 1)
    kept.set("b", 2)
    assert kept.clear()
    assert (kept.get("a"), kept.get("b")) == (None, None)


def test_a_counter_begins_at_nothing_and_its_life_begins_with_the_first_call(kept: Cache, frozen_clock: Clock) -> None:
    assert kept.increment("n", ttl=10) == 1
    frozen_clock.advance(6)
    assert kept.increment("n", 4, ttl=10) == 5
    assert kept.get("n") == 5
    frozen_clock.advance(6)
    assert kept.increment("n", ttl=10) == 1


def test_a_clock_that_is_set_back_keeps_nobody_out_for_longer_than_the_life_of_a_counter(kept: Cache, frozen_clock: Clock) -> None:
    assert kept.increment("n", ttl=60) == 1
    frozen_clock.advance(-86_400)
    assert kept.increment("n", ttl=60) == 2
    assert kept.seconds_left("n") == pytest.approx(60, abs=0.01)
    assert kept.increment("n") == 3
    assert kept.seconds_left("n") == pytest.approx(60, abs=0.01)


def test_a_counter_over_another_value_begins_anew(kept: Cache) -> None:
    kept.set("n", "text")
    assert kept.increment("n") == 1


def test_two_caches_of_one_folder_see_each_other(kept: Cache, tmp_path: Path) -> None:
    other = Cache(tmp_path)
    kept.set("k", "v")
    assert other.get("k") == "v"
    other.delete("k")
    assert kept.get("k") is None
    other.close()


ADDER = """
import sys
from pathlib import Path
from studium.services.cache import Cache
cache = Cache(Path(sys.argv[1]))
input()
print(sum(cache.increment("n") is None for _ in range(500)), cache.errors)
"""


@pytest.mark.slow
def test_processes_that_count_at_once_lose_nothing(tmp_path: Path) -> None:
    running = [subprocess.Popen([sys.executable, "-c", ADDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
               for _ in range(2)]
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate(timeout=60)[0].split() for process in running] == [["0", "0"], ["0", "0"]]
    assert Cache(tmp_path).get("n") == 1000


def test_a_file_that_was_deleted_is_made_again(kept: Cache, tmp_path: Path) -> None:
    kept.set("k", 1)
    for path in tmp_path.glob(f"{FILE}*"):
        path.unlink()
    assert kept.get("k") is None
    assert kept.set("k", 2)
    assert Cache(tmp_path).get("k") == 2
    assert kept.errors == 0


def test_a_broken_file_is_a_counted_miss_and_is_replaced(kept: Cache, tmp_path: Path, impatient: None) -> None:
    kept.set("k", 0)
    kept.close()
    (tmp_path / FILE).write_bytes(b"this is no database" * 500)
    assert kept.get("k", "missing") == "missing"
    assert (kept.misses, kept.errors) == (1, 1)
    assert kept.set("k", 1)
    assert kept.get("k") == 1


def test_a_file_that_breaks_while_it_is_open_is_a_counted_miss_too(kept: Cache, tmp_path: Path, impatient: None) -> None:
    kept.set("k", "v" * 20_000)
    sqlite3.connect(tmp_path / FILE).execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
    with (tmp_path / FILE).open("r+b") as file:
        file.write(b"\x55" * 16_384)
    assert [kept.get("k") for _ in range(3)] == [None, None, None]
    assert kept.errors >= 1
    assert kept.set("k", 1)
    assert kept.get("k") == 1


@pytest.mark.parametrize("text", ["", "oops", "[1,2", "[" * 100_000, "9" * 5_000], ids=["empty", "word", "cut", "deep", "long number"])
def test_a_damaged_row_is_a_counted_miss_and_the_others_are_read(kept: Cache, tmp_path: Path, text: str) -> None:
    kept.set("damaged", [1, 2])
    kept.set("sound", [3])
    with closing(sqlite3.connect(tmp_path / FILE)) as connection, connection:
        connection.execute("UPDATE entry SET value = ? WHERE value = '[1,2]'", [text])
    assert kept.get("damaged", "missing") == "missing"
    assert kept.get("sound") == [3]
    assert (kept.hits, kept.misses) == (1, 1)


DAMAGES = {
    "a table is missing": "DROP TABLE mark",
    "the state is missing": "DELETE FROM state",
    "a text is no UTF-8": "UPDATE entry SET value = CAST(x'27ff' AS TEXT)",
    "tags are a number": "UPDATE entry SET tags = 7",
    "a name is no UTF-8":
        "PRAGMA writable_schema = ON; UPDATE sqlite_master SET name = CAST(x'ff' AS TEXT), sql = 'x' WHERE sql LIKE '%IND%'",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_no_damage_is_an_error_or_lasts(kept: Cache, tmp_path: Path, damage: str) -> None:
    kept.set("k", "text", tags=["course:1"])
    kept.close()
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        connection.executescript(damage)
    for _time in range(3):
        kept.get("k")
        kept.fetch("made", lambda: 1, tags=["course:1"])
        kept.increment("n")
        kept.delete_tag("course:2")
        kept.figures()
        kept._reads._rests_until = kept._writes._rests_until = 0.0
    assert kept.fetch("k", lambda: "new") in ("text", "new")
    assert kept.get("k") in ("text", "new")
    assert kept.delete_tag("course:1")


def test_a_damaged_mark_of_the_machines_start_is_another_start(kept: Cache, tmp_path: Path) -> None:
    kept.set("k", 1)
    kept.close()
    (tmp_path / "cache.lock").write_bytes(b"\xff")
    assert kept.get("k") is None
    assert kept.set("k", 2)
    assert kept.get("k") == 2


def test_who_finds_damage_late_leaves_the_new_file_alone(kept: Cache, tmp_path: Path) -> None:
    lane = Lane(tmp_path, Limits(), Tally())

    def find_damage(_store: object) -> None:
        for path in tmp_path.glob(f"{FILE}*"):
            path.unlink()
        kept.set("k", "in the new file")
        damage = sqlite3.DatabaseError("database disk image is malformed")
        damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise damage

    assert lane.ask(find_damage) is None
    assert kept.get("k") == "in the new file"


def test_a_file_that_is_replaced_while_it_is_opened_is_not_used(
    kept: Cache, other: Cache, monkeypatch: pytest.MonkeyPatch, impatient: None
) -> None:
    connect = sqlite.connect

    def connect_too_early(path: Path, busy_seconds: float) -> sqlite3.Connection:
        connection = connect(path, busy_seconds)
        monkeypatch.setattr(sqlite, "connect", connect)
        for file in path.parent.glob(f"{FILE}*"):
            file.unlink()
        other.set("k", "of the others")
        return connection

    monkeypatch.setattr(sqlite, "connect", connect_too_early)
    assert (kept.get("k"), kept.get("k"), kept.errors) == (None, "of the others", 1)


CUT = """
import os, sqlite3, sys
from contextlib import closing
from pathlib import Path
from studium.services.cache import Cache
cache = Cache(Path(sys.argv[1]))
for number in range(400):
    cache.set(f"k{number}", "x" * 20_000)
with closing(sqlite3.connect(Path(sys.argv[1]) / "cache.sqlite3")) as another:
    another.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
assert all(cache.get(f"k{number}") for number in range(400))
os.truncate(Path(sys.argv[1]) / "cache.sqlite3", int(sys.argv[2]))
print(sum(cache.get(f"k{number}") is None for number in range(400)) > 390)
"""


@pytest.mark.slow
@pytest.mark.parametrize("size", [0, 5_000])
def test_a_file_that_is_cut_while_it_is_open_kills_nobody(tmp_path: Path, size: int) -> None:
    asked = subprocess.run([sys.executable, "-c", CUT, str(tmp_path), str(size)], capture_output=True, text=True, timeout=60, check=False)
    assert (asked.returncode, asked.stdout.splitlines()[-1:]) == (0, ["True"])


FORKED = """
import os, sys
from pathlib import Path
from studium.services.cache import Cache
cache = Cache(Path(sys.argv[1]))
cache.set("k", 1)
cache.get("k")
with cache._tally._lock, cache._writes._lock, cache._reads._lock:  # as threads may hold them that the child does not have
    child = os.fork()
if child == 0:
    os.write(1, repr((cache.get("k"), cache.set("k", 2), cache.hits, cache.errors)).encode())
    os._exit(0)
os.waitpid(child, 0)
os.write(1, repr(cache.get("k")).encode())
"""


@pytest.mark.slow
def test_a_forked_child_opens_the_file_by_itself_and_waits_for_no_thread_left_behind(tmp_path: Path) -> None:
    asked = subprocess.run([sys.executable, "-c", FORKED, str(tmp_path)], capture_output=True, text=True, timeout=20, check=True)
    assert asked.stdout == "(1, True, 1, 0)2"


def test_a_counter_is_counted_and_anything_else_is_a_miss(kept: Cache) -> None:
    kept.increment("counter", 5)
    for key, value in (("text", "7"), ("list", [7]), ("bytes", b"7")):
        kept.set(key, value)
    assert [kept.count(key) for key in ("counter", "text", "list", "bytes", "none")] == [5, 0, 0, 0, 0]
    assert (kept.hits, kept.misses, kept.errors) == (1, 4, 0)


def test_a_locked_file_costs_a_moment_once_and_then_nothing(kept: Cache, tmp_path: Path) -> None:
    kept.set("k", 1)
    blocker = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    assert [kept.set("k", 2), kept.increment("n"), kept.delete("k")] == [False, None, False]
    assert time.monotonic() - began < 1
    assert kept.errors == 3
    blocker.close()


def test_a_folder_that_is_not_there_is_a_miss(tmp_path: Path) -> None:
    lost = Cache(tmp_path / "nowhere")
    assert lost.get("k") is None
    assert lost.set("k", 1) is False
    assert lost.errors == 2


def test_a_file_of_another_version_is_emptied_and_can_shrink(kept: Cache, tmp_path: Path) -> None:
    kept.set("k", 1)
    kept.close()
    with closing(sqlite3.connect(tmp_path / FILE)) as older:
        older.executescript("""DROP TABLE entry; CREATE TABLE entry (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;
            PRAGMA user_version = 1; PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = NONE; VACUUM;""")
    assert kept.get("k") is None
    assert kept.set("k", 1)
    assert (kept.get("k"), kept.errors) == (1, 0)
    with closing(sqlite3.connect(tmp_path / FILE)) as newer:
        assert newer.execute("PRAGMA auto_vacuum").fetchone() == (2,)


def test_nothing_is_left_after_another_start_of_the_machine(
    kept: Cache, other: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.set("k", 1)
    kept.close()
    assert other.get("k") == 1
    other.close()
    (tmp_path / "boot_id").write_text("another")
    monkeypatch.setattr("studium.services.cache.sqlite_schema.BOOT", tmp_path / "boot_id")
    assert kept.get("k") is None
    kept.set("k", 2)
    assert other.get("k") == 2


def test_only_what_has_expired_is_trimmed(kept: Cache, frozen_clock: Clock) -> None:
    for number in range(700):
        kept.set(f"short-{number}", number, ttl=5)
    kept.set("long", 1, ttl=500)
    kept.set("always", 1)
    assert kept.trim() == 0
    frozen_clock.advance(6)
    assert (kept.trim(), kept.trim(), kept.trim(), kept.trim()) == (250, 250, 200, 0)
    assert (kept.get("long"), kept.get("always")) == (1, 1)


def test_a_worker_trims_while_the_site_is_idle(app: Flask, run_jobs: object, frozen_clock: Clock) -> None:
    with app.app_context():
        cache().set("k", 1, ttl=5)
        frozen_clock.advance(6)
        found = [task for task in collect(app.extensions["studium"].hooks.register_periodic_tasks) if task.kind == trim_cache.name]
        assert len(found) == 1
        with transaction():
            job = jobs.enqueue(trim_cache)
        assert callable(run_jobs)
        run_jobs()
        assert jobs.find_job(job.id).result == {"entries": 1}
