"""Deleting a tag removes every entry that has it, at once, for all processes, and nothing else."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from studium.services.cache import Cache
from studium.services.cache.settings import Limits
from studium.services.cache.sqlite_schema import FILE

DAY = 86_400


def test_entries_with_the_tag_go_and_all_others_stay(kept: Cache, other: Cache) -> None:
    kept.set("both", 1, tags=["course:1", "course:2"])
    kept.set("second", 2, tags=["course:2"])
    kept.set("none", 3)
    kept.fetch("made", lambda: 4, tags=("course:1",))
    assert other.delete_tag("course:1")
    assert [kept.get(key) for key in ("both", "second", "none", "made")] == [None, 2, 3, None]


def test_several_tags_go_together(kept: Cache) -> None:
    for number in range(3):
        kept.set(f"k{number}", number, tags=[f"course:{number}"])
    assert kept.delete_tags(["course:0", "course:2"])
    assert [kept.get(f"k{number}") for number in range(3)] == [None, 1, None]


def test_what_is_written_afterwards_is_kept(kept: Cache) -> None:
    kept.set("k", "old", tags=["course:1"])
    kept.delete_tag("course:1")
    kept.set("k", "new", tags=["course:1"])
    assert kept.get("k") == "new"
    kept.delete_tag("course:1")
    assert kept.get("k") is None


def test_a_later_value_without_the_tag_is_not_touched_by_it(kept: Cache) -> None:
    kept.set("k", "tagged", tags=["course:1"])
    kept.set("k", "plain")
    kept.delete_tag("course:1")
    assert kept.get("k") == "plain"


def test_a_tag_and_a_key_of_one_name_are_two_things(kept: Cache) -> None:
    kept.set("name", 1)
    kept.set("k", 2, tags=["name"])
    kept.delete_tag("name")
    assert (kept.get("name"), kept.get("k")) == (1, None)
    kept.set("k", 2, tags=["name"])
    kept.delete("name")
    assert kept.get("k") == 2


def test_a_counter_in_the_place_of_a_tagged_number_begins_anew(kept: Cache) -> None:
    kept.set("n", 5, tags=["course:1"])
    assert kept.increment("n") == 1
    kept.delete_tag("course:1")
    assert kept.increment("n") == 2


@pytest.mark.parametrize("max_age", [None, 3650 * DAY])
def test_a_deleted_tag_is_remembered_as_long_as_an_entry_could_live(caches: Any, frozen_clock: Any, max_age: float | None) -> None:
    kept = caches(Limits(max_age=max_age))
    kept.set("k", "old", tags=["course:1"])
    kept.delete_tag("course:1")
    frozen_clock.advance(29 * DAY)
    kept.trim()
    assert kept.get("k") is None
    kept.set("k", "new", tags=["course:1"])
    frozen_clock.advance(31 * DAY)
    assert kept.get("k") is None, "it has outlived the memory of tags"


def test_a_clock_that_was_fast_for_a_while_brings_nothing_deleted_back(kept: Cache, frozen_clock: Any) -> None:
    frozen_clock.advance(10 * DAY)
    kept.set("k", "old", tags=["course:1"])
    frozen_clock.advance(-10 * DAY)
    kept.delete_tag("course:1")
    frozen_clock.advance(31 * DAY)
    kept.trim()
    assert kept.get("k") is None


def test_one_text_is_no_list_of_tags(kept: Cache) -> None:
    for call in (lambda: kept.set("k", 1, tags="ab"), lambda: kept.fetch("k", str, tags="ab"), lambda: kept.delete_tags("ab")):
        with pytest.raises(TypeError, match="tags are a list"):
            call()


def test_the_memory_of_deletions_does_not_grow_for_ever(kept: Cache, tmp_path: Path, frozen_clock: Any) -> None:
    for number in range(50):
        kept.delete_tag(f"course:{number}")
        kept.delete(f"k{number}")
    frozen_clock.advance(32 * DAY)
    kept.trim()
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        assert connection.execute("SELECT count(*) FROM mark").fetchone() == (0,)


def test_a_tag_that_cannot_be_deleted_says_so(kept: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studium.services.cache.entries.TAG_PATIENCE_SECONDS", 0.02)
    kept.set("k", 1, tags=["course:1"])
    with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as blocker:
        blocker.execute("BEGIN IMMEDIATE")
        assert kept.delete_tag("course:1") is False
    assert kept.delete_tag("course:1") is True, "and is heard although the cache rests after the error"
    assert kept.get("k") is None
