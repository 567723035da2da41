"""What the cache does in a second, and what it holds: `python bench/cache.py [--rounds 3] [--entries 1000000]`.

Hits and increments in one process, beside a row read by Pony; writes by four processes; a million entries and as many again within
STUDIUM_CACHE_MAX_SIZE; fifty processes that ask for a missing key. Medians of the rounds. Targets: hit p50 < 50 µs at 1 kB, made once.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from studium.services.cache import Cache
from studium.services.cache.settings import Limits
from studium.services.cache.sqlite_schema import FILE

SPAWN = multiprocessing.get_context("spawn")
CALLS = 20_000
WRITERS, WRITE_SECONDS = 4, 3.0
ASKERS = 50
PIECE = 250_000  # entries written between two lines of the report


def main() -> None:
    """Measure in a temporary folder and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--entries", type=int, default=1_000_000)
    arguments.add_argument("--writers", type=int, default=WRITERS)
    asked = arguments.parse_args()
    for measure in (one_process, beside_pony):
        show_medians([within_folder(measure) for _ in range(asked.rounds)])
    show_medians([within_folder(lambda folder: written_at_once(folder, asked.writers)) for _ in range(asked.rounds)])
    show_medians([within_folder(asked_at_once) for _ in range(asked.rounds)])
    within_folder(lambda folder: filled(folder, asked.entries, asked.writers))


def within_folder(measure: Callable[[Path], dict[str, float]]) -> dict[str, float]:
    """Measure in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="studium-bench-") as folder:
        return measure(Path(folder))


def one_process(folder: Path) -> dict[str, float]:
    """Microseconds of single calls, one process and thread, values of 1 kB."""
    cache = Cache(folder)
    text, page = "x" * 1000, "й" * 15_000
    for number in range(2_000):
        cache.set(f"key:{number}", text, ttl=600, tags=["all"] if number % 2 else [])
    cache.set("page", page)
    found = {
        "hit, 1 kB": microseconds(lambda number: cache.get(f"key:{number % 1000 * 2}")),
        "hit, 1 kB, with a tag": microseconds(lambda number: cache.get(f"key:{number % 1000 * 2 + 1}")),
        "hit of fetch, 1 kB": microseconds(lambda number: cache.fetch(f"key:{number % 1000 * 2}", str)),
        "hit, 30 kB of Cyrillic text": microseconds(lambda number: cache.get("page")),
        "miss": microseconds(lambda number: cache.get(f"none:{number}")),
        "fetch that makes": microseconds(lambda number: cache.fetch(f"made:{number}", lambda: text, ttl=600), CALLS // 4),
        "set, new": microseconds(lambda number: cache.set(f"new:{number}", text, ttl=600)),
        "set, over another": microseconds(lambda number: cache.set(f"new:{number}", text, ttl=600)),
        "increment": microseconds(lambda number: cache.increment("counter", ttl=600)),
        "increment, new": microseconds(lambda number: cache.increment(f"counter:{number}", ttl=600)),
        "delete_tag, 1,000 entries": microseconds(lambda number: cache.delete_tag("all"), CALLS // 20),
    }
    cache.close()
    return {f"{name}, p50 µs": figure for name, figure in found.items()}


def beside_pony(folder: Path) -> dict[str, float]:
    """Microseconds to read one row of 1 kB by its primary key with Pony, in a session of its own and in one that is open."""
    from pony.orm import Database, PrimaryKey, Required, db_session

    from studium.core.sqlite import set_pragmas

    db = Database()

    class Text(db.Entity):  # type: ignore[misc]
        id = PrimaryKey(int)
        text = Required(str)

    db.on_connect(provider="sqlite")(lambda _db, connection: set_pragmas(connection))
    db.bind(provider="sqlite", filename=str(folder / "rows.sqlite3"), create_db=True)
    db.generate_mapping(create_tables=True)
    with db_session:
        for number in range(2_000):
            Text(id=number, text="x" * 1000)

    def read(number: int) -> None:
        with db_session:
            _ = Text[number % 2_000].text

    found = microseconds(read, CALLS // 4)
    db.disconnect()
    return {"a row of 1 kB by Pony, p50 µs": found}


def microseconds(call: Callable[[int], object], calls: int = CALLS) -> float:
    """The median of many calls."""
    taken = []
    for number in range(calls):
        began = time.perf_counter_ns()
        call(number)
        taken.append(time.perf_counter_ns() - began)
    return median(taken) / 1000


def written_at_once(folder: Path, writers: int) -> dict[str, float]:
    """Writes of 1 kB a second by several processes, each new, and the longest one."""
    Cache(folder).set("made", 1)
    begin = time.time() + 2.0
    with SPAWN.Pool(writers) as pool:
        found = pool.starmap(_write_for_a_while, [(folder, number, begin) for number in range(writers)])
    done, failed, longest = (list(column) for column in zip(*found, strict=True))
    kept = sum(done) - sum(failed)
    return {f"writes/s, {writers} processes": kept / WRITE_SECONDS, "not kept": sum(failed), "longest write, ms": max(longest)}


def _write_for_a_while(folder: Path, writer: int, begin: float) -> tuple[int, int, float]:
    cache = Cache(folder)
    cache.get("made")
    time.sleep(max(0.0, begin - time.time()))
    done = failed = 0
    longest, end = 0.0, time.monotonic() + WRITE_SECONDS
    while (began := time.monotonic()) < end:
        failed += not cache.set(f"{writer}:{done}", "x" * 1000, ttl=600)
        longest = max(longest, time.monotonic() - began)
        done += 1
    cache.close()
    return done, failed, longest * 1000


def asked_at_once(folder: Path) -> dict[str, float]:
    """How often fifty processes make a value that takes 100 ms, and how long the slowest waits for it."""
    Cache(folder).set("made", 1)
    gate = SPAWN.Barrier(ASKERS)
    answers = SPAWN.Queue()
    askers = [SPAWN.Process(target=_ask, args=(folder, gate, answers)) for _ in range(ASKERS)]
    for asker in askers:
        asker.start()
    found = [answers.get(timeout=120) for _ in askers]
    for asker in askers:
        asker.join()
    made, took = zip(*found, strict=True)
    return {f"{ASKERS} processes, one missing key: made": sum(made), "the slowest answer, ms": max(took)}


def _ask(folder: Path, gate: threading.Barrier, answers: multiprocessing.Queue[tuple[int, float]]) -> None:
    cache, made = Cache(folder), []
    cache.get("made")

    def make() -> str:
        made.append(1)
        time.sleep(0.1)
        return "x" * 1000

    gate.wait(100)
    began = time.monotonic()
    cache.fetch("missing", make, wait=30)
    answers.put((len(made), (time.monotonic() - began) * 1000))


def filled(folder: Path, entries: int, writers: int) -> dict[str, float]:
    """Entries of 100 B, then as many of 1 kB, by several processes, while the file's size is looked at every 10 ms."""
    limits = Limits()
    cache, largest = Cache(folder, limits), [0, 0]
    done = threading.Event()
    watching = threading.Thread(target=_watch, args=(folder, largest, done))
    cache.set("made", 1)
    watching.start()
    with SPAWN.Pool(writers) as pool:
        for size in (100, 1000):
            began = time.monotonic()
            pieces = [(folder, size, first, min(PIECE // writers, entries - first)) for first in range(0, entries, PIECE // writers)]
            again = sum(pool.starmap(_fill, pieces))
            took = time.monotonic() - began
            figures = cache.figures()
            assert figures is not None
            print(f"{entries:,} entries of {size} B by {writers} processes in {took:.0f} s ({entries / took:,.0f}/s), {again} tried again")
            print(f"  the cache holds {figures.entries:,} in {figures.used_bytes / 1e6:.0f} MB, {figures.evicted:,} went for room")
            print(f"  largest so far: {largest[0] / 1e6:.1f} MB, and with its log {largest[1] / 1e6:.1f} of {limits.max_size / 1e6:.0f}")
    began = time.monotonic()
    cache.clear()
    while cache.shrink():
        pass
    done.set()
    watching.join()
    print(f"  cleared and given back in {time.monotonic() - began:.1f} s: {_sizes(folder)[1] / 1e6:.2f} MB are left")
    cache.close()
    return {}


def _fill(folder: Path, size: int, first: int, many: int) -> int:
    """Write entries, each until it is kept; how often that took more than one attempt."""
    cache, again = Cache(folder), 0
    for number in range(first, first + many):
        while not cache.set(f"{size}:{number}", "x" * size, ttl=3600):
            again += 1
            time.sleep(0.05)
    cache.close()
    return again


def _watch(folder: Path, largest: list[int], done: threading.Event) -> None:
    while not done.wait(0.01):
        largest[:] = [max(pair) for pair in zip(largest, _sizes(folder), strict=True)]


def _sizes(folder: Path) -> tuple[int, int]:
    """Of the file, and of the file with its log."""
    sizes = [path.stat().st_size if path.exists() else 0 for path in (folder / FILE, folder / f"{FILE}-wal")]
    return sizes[0], sum(sizes)


def show_medians(rounds: list[dict[str, float]]) -> None:
    """One line a figure: the median, and all rounds."""
    for name in rounds[0]:
        figures = [one[name] for one in rounds]
        print(f"{name}: {median(figures):,.1f}  ({', '.join(f'{figure:,.1f}' for figure in figures)})")


if __name__ == "__main__":
    main()
