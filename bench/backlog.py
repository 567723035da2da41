"""What a claim, an enqueue and a round of the dispatcher cost beside very many waiting jobs: `python bench/backlog.py [--jobs N]`.

Fills a temporary database with N jobs for next year and N that a limit of their kind holds back, by raw inserts, then prints median and
longest milliseconds as JSON. Needs about a gigabyte for a million of each. The target is 10 ms.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

HERE = Path(__file__).parent
STUDIUM = Path(sys.executable).with_name("studium")
CHUNK = 20_000
ROUNDS = 200


def main() -> None:
    """Fill, measure, print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--jobs", type=int, default=1_000_000)
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(
            STUDIUM_DATA_DIR=folder, STUDIUM_ENV="test", STUDIUM_LOG_LEVEL="error", STUDIUM_PLUGINS="studium.queue.plugin",
            STUDIUM_EXTRA_PLUGINS="noop_jobs", STUDIUM_SECRET_KEY="b" * 32, STUDIUM_ENTRY_POINTS="false", PYTHONPATH=str(HERE),
        )
        subprocess.run([STUDIUM, "migrate"], check=True, capture_output=True)
        from studium.core.app import create_app  # after the environment is set

        with create_app(program="cli").app_context():
            print(json.dumps({"empty": _figures()}), flush=True)
            _fill(asked.jobs)
            print(json.dumps({f"beside {2 * asked.jobs:,} waiting jobs": _figures()}, indent=1))


def _fill(jobs: int) -> None:
    from studium.core.clock import now
    from studium.core.database import transaction
    from studium.queue.asking import _new_rows
    from studium.queue.lifecycle import claim
    from studium.queue.queues import queues
    from studium.queue.statements import insert

    kinds = queues().kinds
    for kind, run_at in (("bench_noop", now() + timedelta(days=365)), ("bench_narrow", None)):
        for _ in range(0, jobs, CHUNK):
            with transaction():
                insert(_new_rows(kinds[kind], ["{}"] * min(CHUNK, jobs), None, run_at, None, None))
    assert claim(None, "default", "bench", 3600) is not None, "one runs, so the limit holds back all others"


def _figures() -> dict[str, dict[str, float]]:
    from studium.core.database import transaction
    from studium.queue.dispatcher import dispatch
    from studium.queue.jobs import enqueue
    from studium.queue.lifecycle import Claim, claim, succeed
    from studium.queue.trimming import trim

    taken: list[Claim] = []

    def ask() -> None:
        with transaction():
            enqueue("bench_noop")

    def take() -> None:
        found = claim(None, "default", "bench", 3600)
        assert found is not None
        assert found.kind == "bench_noop"
        taken.append(found)

    def nothing() -> None:
        assert claim(None, "default", "bench", 3600) is None

    return {
        "enqueue": _timed(ask), "claim(None)": _timed(take), "succeed": _timed(lambda: succeed(taken.pop(), None)),
        "claim(None) that finds nothing": _timed(nothing), "dispatch()": _timed(dispatch), "trim()": _timed(trim),
    }


def _timed(act: Callable[[], object]) -> dict[str, float]:
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        act()
        times.append((time.perf_counter() - began) * 1000)
    return {"median_ms": round(statistics.median(times), 2), "longest_ms": round(max(times), 2)}


if __name__ == "__main__":
    main()
