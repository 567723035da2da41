"""The cache keeps its limits: what has expired goes first, then the oldest, and counters last; the file shrinks."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from studium.services.cache import Cache
from studium.services.cache.settings import CacheSettings, Limits
from studium.services.cache.sqlite_schema import FILE

Caches = Callable[..., Cache]
SMALL = Limits(max_size=1_000_000)


def file_size(folder: Path) -> int:
    """Of the file with its log."""
    return sum(path.stat().st_size for path in (folder / FILE, folder / f"{FILE}-wal") if path.exists())


def counted(folder: Path) -> tuple[int, int]:
    """Entries as the file says, and as there are."""
    with closing(sqlite3.connect(folder / FILE)) as connection:
        found: tuple[int, int] = connection.execute("SELECT entries, (SELECT count(*) FROM entry) FROM state").fetchone()
        return found


def test_the_number_of_entries_is_never_exceeded_and_the_oldest_go(caches: Caches, tmp_path: Path) -> None:
    kept = caches(Limits(max_entries=100))
    for number in range(150):
        assert kept.set(f"k{number}", number)
        assert counted(tmp_path)[0] <= 100
    kept.close()
    assert kept.get("k0") is None
    assert [kept.get(f"k{number}") for number in range(130, 150)] == list(range(130, 150))


def test_a_value_that_was_written_again_is_a_young_one(caches: Caches) -> None:
    kept = caches(Limits(max_entries=100))
    for number in range(60):
        kept.set(f"k{number}", number)
    kept.set("k0", "again")
    for number in range(60, 120):
        kept.set(f"k{number}", number)
    kept.close()
    assert (kept.get("k0"), kept.get("k1")) == ("again", None)


def test_whoever_floods_the_cache_resets_no_counter(caches: Caches) -> None:
    kept = caches(Limits(max_entries=100))
    for _ in range(3):
        kept.increment("limits:sign-in", ttl=60)
    for number in range(500):
        kept.set(f"k{number}", number)
    kept.close()
    assert kept.count("limits:sign-in") == 3


def test_counters_alone_keep_the_limits_too(caches: Caches, tmp_path: Path) -> None:
    kept = caches(Limits(max_entries=100))
    assert all(kept.increment(f"n{number}") == 1 for number in range(300))
    kept.close()
    assert counted(tmp_path)[0] <= 100
    assert kept.increment("n299") == 2


def test_what_has_expired_goes_before_what_is_old(caches: Caches, frozen_clock: Any) -> None:
    kept = caches(Limits(max_entries=100))
    for number in range(50):
        kept.set(f"old{number}", number)
    for number in range(30):
        kept.set(f"short{number}", number, ttl=5)
    frozen_clock.advance(6)
    for number in range(40):
        kept.set(f"new{number}", number)
    kept.close()
    assert kept.get("old0") == 0


def test_the_size_is_never_exceeded(caches: Caches, tmp_path: Path) -> None:
    kept = caches(SMALL)
    largest = 0
    for number in range(600):
        assert kept.set(f"k{number}", bytes(3_900))
        largest = max(largest, file_size(tmp_path))
    kept.close()
    assert SMALL.max_size * 0.5 < largest <= SMALL.max_size
    assert (kept.get("k0"), kept.get("k599")) == (None, bytes(3_900))
    assert kept.errors == 0


def test_the_file_shrinks_once_its_entries_are_gone(caches: Caches, tmp_path: Path, frozen_clock: Any) -> None:
    kept = caches()
    for number in range(200):
        kept.set(f"k{number}", bytes(20_000), ttl=5)
    frozen_clock.advance(6)
    while kept.trim():
        pass
    steps = 1
    while kept.shrink():
        steps += 1
    assert steps < 5, "a step is no single page"
    assert file_size(tmp_path) < 100_000


def test_clearing_leaves_nothing_and_counts_so(kept: Cache, tmp_path: Path) -> None:
    for number in range(20):
        kept.set(f"k{number}", number)
    assert kept.clear()
    assert counted(tmp_path) == (0, 0)
    kept.set("k", 1)
    assert counted(tmp_path) == (1, 1)


def test_the_count_is_exact_whatever_is_done(kept: Cache, tmp_path: Path, frozen_clock: Any) -> None:
    kept.set("a", 1, ttl=5)
    kept.set("a", 2, ttl=5)
    kept.increment("n")
    kept.increment("n")
    kept.fetch("f", lambda: 1, tags=["t"])
    kept.set("b", 1)
    kept.delete("b")
    kept.delete("b")
    assert counted(tmp_path) == (3, 3)
    frozen_clock.advance(6)
    kept.trim()
    assert counted(tmp_path) == (2, 2)


def test_a_lower_limit_is_kept_by_the_next_trimming(caches: Caches, tmp_path: Path) -> None:
    roomy = caches()
    for number in range(300):
        roomy.set(f"k{number}", bytes(8_000))
    roomy.close()
    small = caches(Limits(max_size=1_000_000, max_entries=30))
    while small.trim():
        pass
    while small.shrink():
        pass
    assert file_size(tmp_path) <= 1_000_000
    assert counted(tmp_path)[0] <= 30
    assert small.get("k299") == bytes(8_000)


def test_no_entry_outlives_the_longest_age(caches: Caches, frozen_clock: Any) -> None:
    kept = caches(Limits(max_age=100))
    kept.set("for ever", 1)
    kept.set("long", 1, ttl=500)
    kept.set("short", 1, ttl=5)
    kept.increment("n")
    left = [kept.seconds_left(key) for key in ("for ever", "long", "short", "n")]
    assert left == [pytest.approx(seconds, abs=0.01) for seconds in (100, 100, 5, 100)]


def test_a_full_disk_is_a_counted_miss(kept: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.set("k", 1)
    monkeypatch.setattr("studium.services.cache.sqlite_room.room_for_pages", lambda limits: 1)  # SQLite refuses each new page
    kept.close()
    assert kept.set("large", bytes(500_000)) is False
    assert kept.errors == 1
    assert kept.get("k") in (1, None)


def test_a_tag_can_be_deleted_when_the_file_is_full(kept: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.set("k", 1, tags=["tag:0"])
    for number in range(300):
        kept.set(f"k{number}", bytes(2_000))
    monkeypatch.setattr("studium.services.cache.sqlite_room.room_for_pages", lambda limits: 1)  # SQLite refuses each new page
    kept.close()
    assert kept.delete_tags([f"tag:{number}" for number in range(1_000)]) is True
    assert (kept.get("k"), kept.errors) == (None, 0)


def test_marks_of_deletions_alone_do_not_fill_the_file_for_ever(caches: Caches) -> None:
    kept = caches(SMALL)
    for time in range(12):
        assert kept.delete_tags([f"{time}:{number}" for number in range(4_000)])
    assert kept.set("k", 1)
    assert (kept.get("k"), kept.errors) == (1, 0)


def test_the_log_keeps_its_room_while_somebody_reads_for_ever(
    caches: Caches, tmp_path: Path, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studium.services.cache.making_room.PATIENCE_WITH_LOG_SECONDS", 0.002)
    kept = caches(Limits(max_size=4_000_000))
    kept.set("first", 1)
    with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT 1 FROM entry").fetchall()
        for number in range(50):
            kept.set(f"k{number % 50}", bytes(15_000))
        assert kept.set("refused", 1) is False
        assert (tmp_path / f"{FILE}-wal").stat().st_size <= 4_000_000 // 8
    assert kept.set("last", 1)
    assert kept.get("last") == 1


def test_nobody_waits_for_the_trimming_in_the_background(caches: Caches) -> None:
    kept = caches(Limits(max_entries=1000))
    for number in range(980):
        kept.set(f"k{number}", number)
    names = {thread.name for thread in threading.enumerate()}
    kept.close()
    figures = kept.figures()
    assert figures is not None
    assert "cache-trim" in names or figures.evicted > 0
    assert 890 <= figures.entries <= 979


def test_the_settings_are_the_limits() -> None:
    assert Limits.of(CacheSettings()) == Limits(256_000_000, None, 14 * 86_400)
    assert Limits.of(CacheSettings(max_size=32_000_000, max_entries=7, max_age=0)) == Limits(32_000_000, 7, None)


WRITER = """
import sys
from pathlib import Path
from studium.services.cache import Cache
from studium.services.cache.settings import Limits
cache = Cache(Path(sys.argv[1]), Limits(max_size=8_000_000, max_entries=5_000))
print(sum(not cache.set(f"{sys.argv[2]}:{number}", bytes(1_500)) for number in range(3_000)), cache.errors)
cache.close()
"""


@pytest.mark.slow
def test_processes_that_write_at_once_keep_the_limits(tmp_path: Path) -> None:
    Cache(tmp_path).set("made", 1)
    running = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), str(number)], stdout=subprocess.PIPE, text=True)
               for number in range(3)]
    largest = most = 0
    while any(process.poll() is None for process in running):
        largest, most = max(largest, file_size(tmp_path)), max(most, counted(tmp_path)[0])
    assert [process.communicate()[0] for process in running] == ["0 0\n"] * 3
    assert 4_000_000 < largest <= 8_000_000
    assert 3_000 < most <= 5_000
    assert len(set(counted(tmp_path))) == 1
