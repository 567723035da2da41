"""How fast the queue is on this machine, beside bare Huey in the same run: `python bench/jobs.py [--rounds N] [--jobs N] [--trickle N]`.

Each round uses a temporary data folder and one real `studium worker default --workers 2`, then Huey's own consumer with two threads. Prints
JSON, medians over the rounds: enqueues/s (one transaction each), no-op jobs drained/s (ours with all guarantees), milliseconds from asking
to the start of the job on an idle worker, and CPU milliseconds of the worker a job.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
TARGETS = {"enqueues_per_second": 1500, "noops_drained_per_second": 1000, "start_ms_p50": 4, "start_ms_p99": 10}
SIDES = {"studium": "jobs_of_studium.py", "bare huey": "jobs_of_huey.py"}


def main() -> None:
    """Run the rounds, both sides in turn, and print the medians."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--jobs", type=int, default=5000)
    arguments.add_argument("--trickle", type=int, default=300)
    asked = arguments.parse_args()
    found: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
    for _ in range(asked.rounds):
        for side, program in SIDES.items():
            found[side].append(_measure(program, asked.jobs, asked.trickle))
    medians = {side: {name: statistics.median(one[name] for one in rounds) for name in rounds[0]} for side, rounds in found.items()}
    print(json.dumps(medians | {"targets of studium met": _met(medians["studium"]), "rounds": found["studium"]}, indent=1))


def _measure(program: str, jobs: int, trickle: int) -> dict[str, float]:
    """One round of one side, in a process of its own, so that neither warms the other up."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(HERE / program), folder, str(jobs), str(trickle)]
        found = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(HERE)}, timeout=600)
    figures: dict[str, float] = json.loads(found.stdout)
    return figures


def _met(figures: dict[str, float]) -> dict[str, bool]:
    return {name: figures[name] < target if name.startswith("start") else figures[name] >= target for name, target in TARGETS.items()}


if __name__ == "__main__":
    main()
