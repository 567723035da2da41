"""Starts programs of Studium as real processes on a folder of their own, and kills them by pid: only those it started
itself.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1]
STUDIUM = str(Path(sys.executable).with_name("studium"))
SHORT_LEASE = {
    "STUDIUM_QUEUE_LEASE_SECONDS": "1.5",
    "STUDIUM_QUEUE_HEARTBEAT_SECONDS": "0.4",
    "STUDIUM_QUEUE_DISPATCH_SECONDS": "0.2",
}


class Stack:
    """A data folder and the programs that run on it; close it at the end."""

    def __init__(self, data_dir: Path, **settings: str) -> None:
        self.data_dir = data_dir
        self._programs: dict[str, subprocess.Popen[str]] = {}
        self._commands: dict[str, list[str]] = {}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("STUDIUM_")}
        self.environ = (
            kept
            | {
                "STUDIUM_DATA_DIR": str(data_dir),
                "STUDIUM_ENV": "test",
                "STUDIUM_SECRET_KEY": "f" * 32,
                "PYTHONPATH": str(TESTS / "plugins_under_test"),
            }
            | settings
        )
        subprocess.run([STUDIUM, "migrate"], check=True, env=self.environ, capture_output=True)

    def start(self, name: str, *command: str) -> None:
        """Start a program under a name, or start it again as before; standard error is added to <name>.log."""
        self._commands[name] = list(command) or self._commands[name]
        with self.log_path(name).open("a") as log:
            self._programs[name] = subprocess.Popen(
                self._commands[name],
                env=self.environ,
                stderr=log,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )

    def kill(self, name: str, signum: int = signal.SIGKILL) -> int:
        """Send a signal to a program; the pid. After SIGKILL it is gone."""
        program = self._programs[name]
        program.send_signal(signum)
        if signum == signal.SIGKILL:
            _forget(program)
        return program.pid

    def pause(self, name: str) -> None:
        """Stop a program (SIGSTOP) at a moment at which it holds no lock of a database: nobody could go on before it does."""
        for _attempt in range(200):
            self.kill(name, signal.SIGSTOP)
            if not any(_is_locked(path) for path in self.data_dir.glob("*.sqlite3")):
                return
            self.kill(name, signal.SIGCONT)
            time.sleep(0.005)
        raise AssertionError(f"{name} holds a lock all the time")

    def wait(self, name: str, seconds: float = 40.0) -> int:
        """Wait for a program's end; its exit code."""
        program = self._programs[name]
        code = program.wait(seconds)
        _forget(program)
        return code

    def pid(self, name: str) -> int:
        """The pid of a program."""
        return self._programs[name].pid

    def ask(self, name: str, question: dict[str, Any]) -> Any:
        """Write one JSON line to a program and read its answer; None when it dies before answering."""
        program = self._programs[name]
        assert program.stdin is not None
        assert program.stdout is not None
        try:
            program.stdin.write(json.dumps(question) + "\n")
            program.stdin.flush()
            answer = program.stdout.readline()
        except BrokenPipeError:
            return None
        return json.loads(answer) if answer.endswith("\n") else None

    def tell(self, name: str, question: dict[str, Any]) -> None:
        """Write one JSON line to a program, whose answer nobody will read."""
        program = self._programs[name]
        assert program.stdin is not None
        program.stdin.write(json.dumps(question) + "\n")
        program.stdin.flush()

    def ended(self, name: str) -> bool:
        """Whether a program has ended."""
        return self._programs[name].poll() is not None

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of the database, read beside the programs."""
        with closing(sqlite3.connect(self.data_dir / "studium.sqlite3", timeout=10)) as connection, connection:
            return connection.execute(sql, values).fetchall()

    def script(self, sql: str) -> None:
        """Run SQL statements, such as triggers that record what happens."""
        with closing(sqlite3.connect(self.data_dir / "studium.sqlite3", timeout=10)) as connection:
            connection.executescript(sql)

    def log_path(self, name: str) -> Path:
        """Where a program's log lines are."""
        return self.data_dir / f"{name}.log"

    def log_lines(self, name: str) -> list[dict[str, Any]]:
        """The log lines of a program, all its lives together; a half line of a killed one is left out."""
        lines = []
        for line in self.log_path(name).read_text().splitlines():
            try:
                lines.append(json.loads(line))
            except json.JSONDecodeError:
                continue
        return lines

    def close(self) -> None:
        """End every program that still runs."""
        for program in self._programs.values():
            if program.poll() is None:
                program.send_signal(signal.SIGCONT)
                program.kill()
            _forget(program)


def _is_locked(path: Path) -> bool:
    """Whether somebody is writing; others, who go on, leave the lock soon."""
    with closing(sqlite3.connect(path, timeout=0.1)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        connection.rollback()
        return False


@contextmanager
def running_stack(data_dir: Path, **settings: str) -> Iterator[Stack]:
    """A stack that is closed at the end, whatever happens."""
    stack = Stack(data_dir, **settings)
    try:
        yield stack
    finally:
        stack.close()


def wait_until(true: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until it is true; fail with `what` when it does not become true in time."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        time.sleep(0.05)


def _forget(program: subprocess.Popen[str]) -> None:
    program.wait(10)
    for pipe in (program.stdin, program.stdout):
        if pipe is not None and not pipe.closed:
            try:
                pipe.close()
            except BrokenPipeError:
                continue
