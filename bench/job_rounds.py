"""One round of `bench/jobs.py`, the same for both sides: enqueue, drain, then a trickle to an idle worker."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 300.0
BETWEEN = 0.02


@dataclass(frozen=True)
class Side:
    """How to ask for a job that does nothing, for one that notes its start, how many are left, and where the starts are."""

    noop: Callable[[], object]
    start: Callable[[], object]
    left: Callable[[], int]
    starts_file: Path
    worker: list[str | Path]


def measure(side: Side, jobs: int, trickle: int, folder: Path) -> dict[str, float]:
    """The figures of one round."""
    began = time.perf_counter()
    for _ in range(jobs):
        side.noop()
    enqueued = time.perf_counter() - began
    with _running(side.worker, folder) as process:
        began = _wait_until(lambda: side.left() < jobs)
        done_before = jobs - side.left()
        drained = _wait_until(lambda: side.left() == 0) - began
        for _ in range(trickle):
            side.start()
            time.sleep(BETWEEN)
        _wait_until(lambda: side.starts_file.exists() and len(side.starts_file.read_text().split()) == trickle)
        cpu = _cpu_seconds(process.pid)
    waits = sorted(int(line) / 1e6 for line in side.starts_file.read_text().split())
    return {
        "enqueues_per_second": round(jobs / enqueued),
        "noops_drained_per_second": round((jobs - done_before) / drained),
        "start_ms_p50": round(statistics.median(waits), 2),
        "start_ms_p99": round(waits[int(len(waits) * 0.99) - 1], 2),
        "worker_cpu_ms_per_job": round(cpu * 1000 / (jobs + trickle), 2),
    }


@contextmanager
def _running(command: list[str | Path], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "worker.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(40)


def _wait_until(true: Callable[[], bool]) -> float:
    end = time.perf_counter() + PATIENCE
    while time.perf_counter() < end:
        if true():
            return time.perf_counter()
        time.sleep(0.02)
    raise SystemExit(f"The jobs are not done after {PATIENCE:g} s.")


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
