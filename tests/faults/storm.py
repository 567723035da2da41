"""Strikes against the programs of a stack at random moments, several of them under way at once, and what each of them cost."""

from __future__ import annotations

import random
import signal
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any

from tests.faults.stack import STUDIUM, Stack, wait_until

HERE = Path(__file__).parent
WORKERS = {
    "default": ("default", "--workers", "2", "--dispatcher"),
    "second": ("default", "--workers", "2", "--dispatcher"),
    "realtime": ("realtime", "--dispatcher"),
}
GREEDY = ("greedy-1", "greedy-2")
USERS = ("1", "2")
SLEEPERS = ("default", "second")  # of which the other goes on with the queue; nobody takes the place of a worker that sleeps
STOPPED_SECONDS = 12.0  # longer than the lease of 10 s
LONGEST_START = 30.0
SECONDS_TO_WORK = 0.8  # before the next strike
STRIKES = {"kill": 50, "term": 15, "stop": 8, "kill asker": 12, "kill greedy": 15}


def start_worker(stack: Stack, name: str) -> None:
    """Start one of WORKERS."""
    stack.start(name, STUDIUM, "worker", *WORKERS[name])


def start_asker(stack: Stack) -> None:
    """Start the process that does what the test says."""
    stack.start("asker", sys.executable, str(HERE / "asker.py"))


def start_greedy(stack: Stack, name: str) -> None:
    """Start one of GREEDY; both ask for the same users."""
    stack.start(name, sys.executable, str(HERE / "greedy.py"), str(stack.data_dir / "greedy"), *USERS)


@dataclass
class Storm:
    """Strikes; `lost` are the jobs that a struck worker had in flight, with the time; `ended` and `stopped` are by pid."""

    stack: Stack
    chance: random.Random
    strikes: Counter[str] = field(default_factory=Counter)
    lost: list[tuple[str, float]] = field(default_factory=list)
    ended: dict[int, float] = field(default_factory=dict)
    stopped: dict[int, tuple[float, float]] = field(default_factory=dict)
    _log_began: dict[str, int] = field(default_factory=dict)
    _up_since: dict[str, float] = field(default_factory=dict)
    _ending: dict[str, int] = field(default_factory=dict)
    _resting: dict[str, tuple[int, float]] = field(default_factory=dict)

    def begin(self) -> None:
        """Start everybody."""
        start_asker(self.stack)
        for name in WORKERS:
            self._start(name)
        for name in GREEDY:
            start_greedy(self.stack, name)

    def strike(self, question: dict[str, Any]) -> None:
        """One random strike; `question` is what the asker is killed over, if it is his turn."""
        kind = self.chance.choices(list(STRIKES), list(STRIKES.values()))[0]
        if kind == "stop" and (self._resting or not self._stop(self._victim(SLEEPERS))):
            kind = "kill"  # one sleeps already, or this one would sleep on the write lock
        if kind == "kill":
            self._kill(self._victim())
        elif kind == "term":
            name = self._victim()
            self._ending[name] = self.stack.kill(name, signal.SIGTERM)
        elif kind == "kill asker":
            self._kill_asker(question)
        elif kind == "kill greedy":
            name = self.chance.choice(GREEDY)
            self.stack.kill(name)
            start_greedy(self.stack, name)
        self.strikes[kind] += 1

    def mend(self) -> bool:
        """Start again who has ended by now, and wake who has slept long enough; whether all are up."""
        for name, pid in list(self._ending.items()):
            if self.stack.ended(name):
                assert self.stack.wait(name) in (0, -signal.SIGTERM), "the second when it had not yet begun"
                self.ended[pid] = time.time()
                del self._ending[name]
                self._start(name)
        for name, (pid, since) in list(self._resting.items()):
            if time.time() - since >= STOPPED_SECONDS:
                self.stack.kill(name, signal.SIGCONT)
                self.stopped[pid] = (since, time.time())
                del self._resting[name]
        for name in filter(self._awake, WORKERS):
            assert not self.stack.ended(name), f"{name} ended by itself; see {self.stack.log_path(name)}"
            if name not in self._up_since:
                self._note_up(name)
        return not self._ending and not self._resting

    def _start(self, name: str) -> None:
        log = self.stack.log_path(name)
        self._up_since.pop(name, None)
        self._log_began[name] = log.stat().st_size if log.exists() else 0
        start_worker(self.stack, name)

    def _victim(self, among: Sequence[str] = tuple(WORKERS)) -> str:
        """One that has had a moment to work, however slowly it started on a busy machine; sometimes one that is just starting."""
        end = time.monotonic() + LONGEST_START
        wanted = self._works if self.chance.random() < 0.85 else self._awake
        while not (found := [name for name in among if wanted(name)]):
            assert time.monotonic() < end, f"none of {among} is up"
            time.sleep(0.05)
            self.mend()
        return self.chance.choice(found)

    def _awake(self, name: str) -> bool:
        return name not in self._ending and name not in self._resting

    def _works(self, name: str) -> bool:
        return self._awake(name) and time.monotonic() - self._up_since.get(name, inf) >= SECONDS_TO_WORK

    def _note_up(self, name: str) -> None:
        with self.stack.log_path(name).open() as log:
            log.seek(self._log_began[name])
            if '"worker_started"' in log.read():
                self._up_since[name] = time.monotonic()

    def _kill(self, name: str) -> None:
        pid = self.stack.kill(name)
        self.ended[pid] = time.time()
        self._note_lost(pid, self.ended[pid])
        self._start(name)

    def _stop(self, name: str) -> bool:
        """Stop a worker for longer than its lease; False when it is awake again at once, because it held a write lock against everybody."""
        pid = self.stack.kill(name, signal.SIGSTOP)
        since = time.time()
        wait_until(lambda: _all_threads_stopped(pid), 10, "the worker stops")
        if self._locked("studium.sqlite3") or self._locked("queue.sqlite3"):
            self.stack.kill(name, signal.SIGCONT)
            return False
        self._note_lost(pid, since)
        self._resting[name] = (pid, since)
        return True

    def _locked(self, file: str) -> bool:
        with closing(sqlite3.connect(self.stack.data_dir / file, timeout=0.5, isolation_level=None)) as connection:
            try:
                connection.execute("begin immediate")
                connection.execute("rollback")
            except sqlite3.OperationalError:
                return True
            return False

    def _kill_asker(self, question: dict[str, Any]) -> None:
        """In the middle of an enqueue, which takes a few milliseconds."""
        self.stack.tell("asker", question)
        time.sleep(self.chance.uniform(0, 0.006))
        self.stack.kill("asker")
        start_asker(self.stack)

    def _note_lost(self, pid: int, at: float) -> None:
        rows = self.stack.query("select id from job where state = 'running' and worker like ?", f"%/{pid}/%")
        self.lost += [(job, at) for (job,) in rows]


def _all_threads_stopped(pid: int) -> bool:
    """Each stops when it next leaves the kernel, where it may still get a lock."""
    stats = [task.read_text() for task in Path(f"/proc/{pid}/task").glob("*/stat")]
    return all(stat.rpartition(")")[2].split()[0] == "T" for stat in stats)
