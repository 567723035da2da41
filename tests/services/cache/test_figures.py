"""What all processes did is known to each of them, and costs nobody anything."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from studium.core.clock import now_ms
from studium.core.health import result
from studium.services.cache import Cache, cache
from studium.services.cache.commands import cache_group
from studium.services.cache.health import CACHE_CHECK
from studium.services.cache.sqlite_schema import FILE


def test_figures_are_of_all_processes(kept: Cache, other: Cache) -> None:
    kept.set("k", "v")
    kept.get("k")
    other.get("k")
    other.get("none")
    other.close()
    found = kept.figures()
    assert found is not None
    assert (found.hits, found.misses, found.errors, found.writes, found.entries) == (2, 1, 0, 1, 1)
    assert found.hit_rate == pytest.approx(2 / 3)
    assert 0 < found.used_bytes <= found.file_bytes


def test_figures_are_added_every_few_seconds_by_who_uses_the_cache(kept: Cache, other: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.get("k")
    assert other.figures().hit_rate is None  # type: ignore[union-attr]
    monkeypatch.setattr(kept._tally, "_due_at", 0.0)
    kept.get("k")
    assert other.figures().misses == 2  # type: ignore[union-attr]


def test_figures_that_cannot_be_added_wait_for_another_time(kept: Cache, other: Cache, tmp_path: Path) -> None:
    kept.get("k")
    with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as blocker:
        blocker.execute("BEGIN IMMEDIATE")
        assert kept.figures() is not None
    assert kept.figures().misses == 1  # type: ignore[union-attr]
    assert kept.errors == 0


def test_hours_of_a_week_are_kept(kept: Cache, frozen_clock: Any, tmp_path: Path) -> None:
    frozen_clock.seconds = 3600 * 500_000 + 60
    for _ in range(3):
        kept.get("k")
        assert kept.figures(1).misses == 1  # type: ignore[union-attr]
        frozen_clock.advance(3600)
    assert [kept.figures(hours).misses for hours in (1, 2, 3, 4, 168)] == [0, 1, 2, 3, 3]  # type: ignore[union-attr]
    frozen_clock.advance(8 * 86_400)
    kept.get("k")
    kept.figures()
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        assert connection.execute("SELECT hour_ms FROM hour").fetchall() == [(now_ms() // 3_600_000 * 3_600_000,)]


def test_there_are_none_while_the_file_cannot_be_read(tmp_path: Path) -> None:
    assert Cache(tmp_path / "nowhere").figures() is None


def test_up_asks_the_cache(app: Flask, client: Any) -> None:
    kept = app.extensions["studium.cache"]
    before = kept.hits, kept.misses
    assert client.get("/up").get_json()["checks"]["cache"] == "ok"
    assert (kept.hits, kept.misses) == before, "else a monitor would make every hit rate a good one"


def test_up_says_when_the_cache_cannot_be_written(app: Flask, tmp_path: Path) -> None:
    with app.app_context(), closing(sqlite3.connect(cache()._data_dir / FILE, isolation_level=None)) as blocker:
        cache().set("k", 1)
        blocker.execute("BEGIN IMMEDIATE")
        assert "cannot be written" in result(CACHE_CHECK)
        blocker.execute("ROLLBACK")
        cache()._writes._rests_until = 0.0
        assert result(CACHE_CHECK) == "ok"


def run(app: Flask, *words: str) -> Any:
    """What `studium cache ...` says."""
    with app.app_context():
        from click.testing import CliRunner

        return CliRunner().invoke(cache_group, words)


def test_the_command_shows_the_figures(app: Flask) -> None:
    with app.app_context():
        cache().set("k", 1)
        cache().get("k")
    assert "1 entries in" in run(app, "stats").output
    found = json.loads(run(app, "stats", "--json", "--hours", "1").output)
    assert (found["entries"], found["hours"], found["max_size"]) == (1, 1, 256_000_000)


def test_the_command_empties_trims_and_deletes_tags(app: Flask, frozen_clock: Any) -> None:
    with app.app_context():
        cache().set("tagged", 1, tags=["course:1"])
        cache().set("short", 1, ttl=5)
        cache().set("long", 1)
        assert "course:1" in run(app, "delete-tag", "course:1").output
        assert cache().get("tagged") is None
        frozen_clock.advance(6)
        assert "1 entries removed" in run(app, "trim").output
        assert cache().get("long") == 1
        assert run(app, "clear").exit_code == 0
        assert cache().get("long") is None


def test_the_command_says_when_it_could_do_nothing(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Cache, "clear", lambda self: False)
    answer = run(app, "clear")
    assert answer.exit_code != 0
    assert "cannot be read or written" in str(answer.exception)
