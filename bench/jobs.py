"""How fast the queue is on this machine: `python bench/jobs.py [--jobs N] [--trickle N]`.

Uses a temporary data folder and one real `studium worker default --workers 2`. Prints JSON: enqueues/s (one
transaction each), no-op jobs drained/s with all guarantees, and milliseconds from asking (before the transaction) to
the start of the job on an idle worker.
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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from noop_jobs import STARTS_FILE

HERE = Path(__file__).parent
STUDIUM = Path(sys.executable).with_name("studium")
PATIENCE = 300.0


def main() -> None:
    """Run all three measurements and print them."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--jobs", type=int, default=5000)
    arguments.add_argument("--trickle", type=int, default=300)
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _set_environment(Path(folder))
        subprocess.run([STUDIUM, "migrate"], check=True, capture_output=True)
        print(json.dumps(_measure(asked.jobs, asked.trickle, Path(folder)), indent=1))


def _set_environment(folder: Path) -> None:
    os.environ.update(
        STUDIUM_DATA_DIR=str(folder),
        STUDIUM_ENV="test",
        STUDIUM_LOG_LEVEL="info",
        STUDIUM_PLUGINS="studium.queue.plugin",
        STUDIUM_EXTRA_PLUGINS="noop_jobs",
        PYTHONPATH=str(HERE),
        STUDIUM_SECRET_KEY="b" * 32,
    )


def _measure(jobs: int, trickle: int, folder: Path) -> dict[str, float]:
    from studium.core.app import create_app  # after the environment is set
    from studium.core.database import reading, transaction
    from studium.queue.jobs import Job, enqueue

    with (folder / "enqueuer.log").open("w") as log:
        os.dup2(log.fileno(), 2)
    with create_app(program="cli").app_context():
        began = time.perf_counter()
        for _ in range(jobs):
            with transaction():
                enqueue("bench_noop")
        enqueued = time.perf_counter() - began

        def left() -> int:
            with reading():
                return int(Job.select(lambda job: job.state != "succeeded").count())

        with _worker(folder) as process:
            began = _wait_until(lambda: left() < jobs)
            done_before = jobs - left()
            drained = _wait_until(lambda: left() == 0) - began
            for _ in range(trickle):
                with transaction():
                    enqueue("bench_start", {"at_ns": time.monotonic_ns()})
                time.sleep(0.02)
            _wait_until(lambda: left() == 0)
            cpu = _cpu_seconds(process.pid)
    waits = sorted(int(line) / 1e6 for line in (folder / STARTS_FILE).read_text().split())
    return {
        "enqueues_per_second": round(jobs / enqueued),
        "noops_drained_per_second": round((jobs - done_before) / drained),
        "start_ms_p50": round(statistics.median(waits), 2),
        "start_ms_p99": round(waits[int(len(waits) * 0.99) - 1], 2),
        "worker_cpu_ms_per_job": round(cpu * 1000 / (jobs + trickle), 2),
    }


@contextmanager
def _worker(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "worker.log").open("w") as log:
        process = subprocess.Popen([STUDIUM, "worker", "default", "--workers", "2", "--dispatcher"], stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(40)


def _wait_until(true: object) -> float:
    end = time.perf_counter() + PATIENCE
    while time.perf_counter() < end:
        if true():  # type: ignore[operator]
            return time.perf_counter()
        time.sleep(0.05)
    raise SystemExit(f"The jobs are not done after {PATIENCE:g} s.")


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
