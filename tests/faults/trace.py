"""What the runs themselves wrote down: who began and ended what, when, and in which process."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tests.faults.stack import Stack

AWAKE_AGAIN = 4.0  # seconds in which a worker that slept past its lease notices it


class Run(NamedTuple):
    """One run of one job; `ended` is when it or its process ended, or when its process was stopped."""

    job: str
    pid: int
    began: float
    ended: float


def runs(stack: Stack, ended: dict[int, float], stopped: dict[int, tuple[float, float]]) -> list[Run]:
    """All runs of drills. A stopped worker cannot know that its lease is over until it is awake, so its runs count up to the stop."""
    begun: dict[str, tuple[str, int, float]] = {}
    found = []
    for line in (stack.data_dir / "drills-trace").read_text().splitlines():
        event, at, pid, job, lease = line.split()
        if event == "begin":
            begun[lease] = (job, int(pid), float(at))
        else:
            found.append(_run(*begun.pop(lease), float(at), stopped))
    late = float("inf")
    return found + [_run(job, pid, began, ended.get(pid, late), stopped) for job, pid, began in begun.values()]


def most_at_once(found: Iterable[Run]) -> int:
    """How many of these runs overlapped in time."""
    steps = sorted(step for run in found for step in ((run.began, 1), (run.ended, -1)))
    most = level = 0
    for _at, step in steps:
        level += step
        most = max(most, level)
    return most


def started_while_asleep(run: Run, stopped: dict[int, tuple[float, float]]) -> bool:
    """Whether the run was claimed before its worker was stopped, and began after."""
    _since, until = stopped.get(run.pid, (0.0, 0.0))
    return until <= run.began < until + AWAKE_AGAIN


def _run(job: str, pid: int, began: float, ended: float, stopped: dict[int, tuple[float, float]]) -> Run:
    since, _until = stopped.get(pid, (0.0, 0.0))
    return Run(job, pid, began, since if began < since < ended else ended)
