"""A value is made once for all who ask at the same time; one that has become stale while it was made is not kept."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from studium.core.database import transaction
from studium.services.cache import Cache, cache
from studium.services.cache.settings import Limits
from studium.services.cache.sqlite_schema import FILE
from studium.services.cache.sqlite_store import digest_of_key
from studium.services.cache.turns import Turn, place_of

LARGEST = Limits().largest_value


def never() -> str:
    raise AssertionError("it is in the cache")


def test_a_value_is_made_once_and_then_comes_from_the_cache(kept: Cache, other: Cache) -> None:
    assert kept.fetch("k", lambda: {"a": [1]}) == {"a": [1]}
    assert other.fetch("k", never) == {"a": [1]}
    assert (kept.hits, kept.misses, other.hits) == (0, 1, 1)


def test_nothing_is_a_value_too(kept: Cache) -> None:
    assert kept.fetch("k", lambda: None) is None
    assert kept.fetch("k", never) is None


@pytest.mark.parametrize("value", [(1, (2,)), {1: "a"}, "text", b"bytes", 7, 2**70, "\ud800"], ids=repr)
def test_the_first_answer_is_like_those_that_follow(kept: Cache, value: object) -> None:
    first = kept.fetch("k", lambda: value)
    again = kept.fetch("k", never)
    assert (again, type(again)) == (first, type(first))


def test_it_is_made_anew_when_its_life_is_over(kept: Cache, frozen_clock: Any) -> None:
    kept.fetch("k", lambda: "first", ttl=10)
    frozen_clock.advance(11)
    assert kept.fetch("k", lambda: "second", ttl=10) == "second"


def test_an_error_reaches_who_asked_and_the_next_one_makes_it(kept: Cache) -> None:
    def fail() -> str:
        raise LookupError("no course")

    with pytest.raises(LookupError):
        kept.fetch("k", fail)
    assert kept.fetch("k", lambda: "made", wait=60) == "made"


@pytest.mark.parametrize("broken", [False, True])
def test_what_json_does_not_know_is_an_error_whether_it_can_be_kept_or_not(kept: Cache, tmp_path: Path, broken: bool) -> None:
    with pytest.raises(TypeError):
        (Cache(tmp_path / "nowhere") if broken else kept).fetch("k", object)


def test_threads_that_ask_at_once_make_it_once(kept: Cache, other: Cache) -> None:
    made: list[int] = []
    gate = threading.Barrier(8)

    def make() -> str:
        made.append(1)
        time.sleep(0.03)
        return "value"

    def ask(number: int) -> object:
        gate.wait()
        return (kept, other)[number % 2].fetch("k", make)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == ["value"] * 8
    assert len(made) == 1


def test_who_has_waited_long_enough_makes_it_alone(kept: Cache, other: Cache) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> str:
        begun.set()
        go_on.wait(10)
        return "slow"

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(kept.fetch, "k", slow)
        begun.wait(10)
        assert other.fetch("k", lambda: "quick", wait=0.02) == "quick"
        go_on.set()
        assert first.result(10) == "slow"


def test_two_that_make_values_out_of_each_others_do_not_wait_for_ever(kept: Cache, other: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studium.services.cache.fetching.NESTED_WAIT_SECONDS", 0.02)
    both = threading.Barrier(2)

    def crossing(one: Cache, mine: str, others: str) -> str:
        def make() -> str:
            both.wait(10)  # each has its own turn now
            return mine + str(one.fetch(others, lambda: others, wait=8))

        return str(one.fetch(mine, make, wait=60))

    with ThreadPoolExecutor(2) as pool:
        found = [pool.submit(crossing, *asked) for asked in ((kept, "a", "b"), (other, "b", "a"))]
        assert all(one.result(4)[0] == mine for one, mine in zip(found, "ab", strict=True))


def test_a_value_that_asks_for_itself_does_not_wait_for_itself(kept: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studium.services.cache.fetching.NESTED_WAIT_SECONDS", 8.0)
    began = time.monotonic()
    assert kept.fetch("k", lambda: "outer " + str(kept.fetch("k", lambda: "inner", wait=60)), wait=60) == "outer inner"
    assert time.monotonic() - began < 4


def clear(one: Cache) -> None:
    one.clear()


def lose_the_file(one: Cache) -> None:
    for path in one._data_dir.glob(f"{FILE}*"):
        path.unlink()
    one.set("another", 1)


def make_it_meanwhile(one: Cache) -> None:
    """As who has waited for long enough does."""
    one.delete_tag("course:1")
    one.set("k", "new", tags=["course:1"])


STALE: dict[str, Callable[[Cache], object]] = {
    "tag deleted": lambda one: one.delete_tag("course:1"), "two tags deleted": lambda one: one.delete_tags(["school", "none"]),
    "key deleted": lambda one: one.delete("k"), "all cleared": clear, "file lost": lose_the_file, "made by another": make_it_meanwhile,
}


@pytest.mark.parametrize("change", STALE.values(), ids=STALE.keys())
def test_what_was_begun_before_a_deletion_is_given_out_but_not_kept(kept: Cache, other: Cache, change: Callable[[Cache], object]) -> None:
    def make() -> str:
        change(other)
        return "old"

    assert kept.fetch("k", make, tags=["course:1", "school"]) == "old"
    assert kept.fetch("k", lambda: "new", tags=["course:1", "school"]) == "new"
    assert other.get("k") == "new"


@pytest.mark.parametrize("change", [lambda one: one.delete_tag("course:2"), lambda one: one.delete("other"), lambda one: one.trim()])
def test_other_deletions_do_not_matter(kept: Cache, other: Cache, change: Callable[[Cache], object]) -> None:
    kept.fetch("k", lambda: str(change(other)), tags=["course:1"])
    assert kept.fetch("k", never, tags=["course:1"])


def test_nothing_of_a_transaction_is_kept_as_it_may_be_rolled_back(app: Flask) -> None:
    with app.app_context():
        with transaction():
            assert cache().fetch("k", lambda: "uncommitted") == "uncommitted"
        assert cache().fetch("k", lambda: "committed") == "committed"


def test_without_a_file_everybody_makes_it_and_nobody_waits(tmp_path: Path) -> None:
    lost = Cache(tmp_path / "nowhere")
    assert [lost.fetch("k", lambda: "made", wait=60) for _ in range(3)] == ["made"] * 3
    assert lost.errors >= 3


def test_without_locks_of_the_kernel_everybody_makes_it(kept: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_turn: Turn) -> bool:
        raise OSError(errno.ENOLCK, "no locks available")

    kept.set("other", 1)
    monkeypatch.setattr(Turn, "take", refuse)
    assert kept.fetch("k", lambda: "made", wait=60) == "made"


def test_a_locked_file_is_no_error_and_costs_a_moment_once(kept: Cache, tmp_path: Path) -> None:
    kept.set("other", 1)
    blocker = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    assert [kept.fetch(f"k{number}", lambda: "made") for number in range(5)] == ["made"] * 5
    assert time.monotonic() - began < 1
    assert kept.fetch("other", never) == 1, "what is there can be read meanwhile"
    blocker.close()


def test_who_could_not_be_given_the_value_anyway_does_not_wait_for_its_maker(kept: Cache, tmp_path: Path) -> None:
    kept.set("other", 1)
    with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as blocker, Turn(tmp_path, place_of(digest_of_key("k"))) as turn:
        assert turn.take()
        blocker.execute("BEGIN IMMEDIATE")
        assert kept.set("other", 2) is False
        began = time.monotonic()
        assert kept.fetch("k", lambda: "made", wait=8) == "made"
        assert time.monotonic() - began < 4


@pytest.mark.parametrize("value", ["x" * LARGEST, b"x" * (LARGEST + 1), "й" * (LARGEST // 2 + 1)], ids=["text", "bytes", "й"])
def test_a_value_that_is_too_large_is_given_out_and_not_kept(app: Flask, log_lines: list[Any], value: str | bytes) -> None:
    with app.app_context():
        assert cache().fetch("k", lambda: value, tags=["course:1"]) == value
        assert cache().get("k") is None
        assert cache().set("k", "small")
    assert [(line["event"], line["tags"]) for line in log_lines] == [("cache_value_too_large", ["course:1"])]


ASKER = """
import os, sys, time
from pathlib import Path
from studium.services.cache import Cache
folder, seconds = Path(sys.argv[1]), float(sys.argv[2])
cache = Cache(folder)
cache.get("warm")

def make():
    (folder / f"made-{os.getpid()}").touch()
    time.sleep(seconds)
    return os.getpid()

print("ready", flush=True)
input()
found = cache.fetch("k", make, wait=30)
print(found, cache.errors, time.time(), flush=True)
"""


def start_askers(folder: Path, seconds: list[float]) -> list[subprocess.Popen[str]]:
    """Processes that will ask, each of which takes so many seconds if it is the one to make the value."""
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    running = [subprocess.Popen([sys.executable, "-c", ASKER, str(folder), str(long)], **pipes) for long in seconds]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    return running


def ask(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


@pytest.mark.slow
def test_processes_that_ask_at_once_make_it_once(tmp_path: Path) -> None:
    running = start_askers(tmp_path, [0.2] * 6)
    for process in running:
        ask(process)
    answers = {tuple(process.communicate(timeout=60)[0].split()[:2]) for process in running}
    made = [path.name.removeprefix("made-") for path in tmp_path.glob("made-*")]
    assert answers == {(made[0], "0")}
    assert len(made) == 1


@pytest.mark.slow
def test_a_killed_maker_holds_nobody_up(tmp_path: Path) -> None:
    doomed, *waiting = start_askers(tmp_path, [60, 0.0, 0.0])
    ask(doomed)
    while not (tmp_path / f"made-{doomed.pid}").exists():
        time.sleep(0.005)
    for process in waiting:
        ask(process)
    time.sleep(0.1)
    os.kill(doomed.pid, signal.SIGKILL)
    killed = time.time()
    answers = [process.communicate(timeout=60)[0].split() for process in waiting]
    assert all(float(at) - killed < 1 for _value, _errors, at in answers)
    assert len({value for value, _errors, _at in answers}) == 1
    assert len(list(tmp_path.glob("made-*"))) == 2
    doomed.communicate()
