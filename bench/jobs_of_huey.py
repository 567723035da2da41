"""Huey's side of `bench/jobs.py`; `jobs_of_huey.py FOLDER JOBS TRICKLE` prints the figures of one round as JSON."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from job_rounds import Side, measure

CONSUMER = ["-m", "huey.bin.huey_consumer", "bare_huey.huey", "-w", "2", "-k", "thread", "-d", "0.05", "-m", "0.05", "-n"]


def main() -> None:
    """One round in the empty folder."""
    folder, jobs, trickle = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    os.environ["BARE_HUEY_FOLDER"] = str(folder)
    import bare_huey  # after the environment is set

    def left() -> int:
        return int(bare_huey.huey.pending_count())

    def start() -> None:
        bare_huey.start(time.monotonic_ns())

    side = Side(bare_huey.noop, start, left, folder / bare_huey.STARTS_FILE, [sys.executable, *CONSUMER])
    print(json.dumps(measure(side, jobs, trickle, folder)))


if __name__ == "__main__":
    main()
