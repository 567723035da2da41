"""Our side of `bench/jobs.py`; `jobs_of_studium.py FOLDER JOBS TRICKLE` prints the figures of one round as JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from job_rounds import Side, measure
from noop_jobs import STARTS_FILE

STUDIUM = Path(sys.executable).with_name("studium")
LEFT = "select coalesce(sum(jobs), 0) from job_count where state <> 'succeeded'"


def main() -> None:
    """One round in the empty folder."""
    folder, jobs, trickle = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    os.environ.update(
        STUDIUM_DATA_DIR=str(folder), STUDIUM_ENV="test", STUDIUM_LOG_LEVEL="info", STUDIUM_PLUGINS="studium.queue.plugin",
        STUDIUM_EXTRA_PLUGINS="noop_jobs", STUDIUM_SECRET_KEY="b" * 32, STUDIUM_ENTRY_POINTS="false",
    )
    subprocess.run([STUDIUM, "migrate"], check=True, capture_output=True)
    with (folder / "enqueuer.log").open("w") as log:
        os.dup2(log.fileno(), 2)
    from studium.core.app import create_app  # after the environment is set

    with create_app(program="cli").app_context():
        print(json.dumps(measure(_side(folder), jobs, trickle, folder)))


def _side(folder: Path) -> Side:
    from studium.core.database import query, reading, transaction
    from studium.queue.jobs import enqueue

    def noop() -> None:
        with transaction():
            enqueue("bench_noop")

    def start() -> None:
        asked = time.monotonic_ns()
        with transaction():
            enqueue("bench_start", {"at_ns": asked})

    def left() -> int:
        with reading():
            return int(query(LEFT)[0][0])

    return Side(noop, start, left, folder / STARTS_FILE, [STUDIUM, "worker", "default", "--workers", "2", "--dispatcher"])


if __name__ == "__main__":
    main()
