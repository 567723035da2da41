"""Starts the whole of Studium under its own supervisord.conf on a temporary data folder, measures its processes, and stops them by pid."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]


class Stack:
    """A context: all programs run inside, and none after it."""

    def __init__(self, keep: Path | None = None, environ: dict[str, str] | None = None) -> None:
        self._own = keep is None
        self.data_dir = keep or Path(tempfile.mkdtemp(prefix="studium-bench-"))
        self.port, self.cable_port = free_port(), free_port()
        self.environ = {key: value for key, value in os.environ.items() if not key.startswith("STUDIUM_")} | {
            "STUDIUM_ENV": "development", "STUDIUM_DATA_DIR": str(self.data_dir), "STUDIUM_HOST": "127.0.0.1",
            "STUDIUM_PORT": str(self.port), "STUDIUM_CABLE_PORT": str(self.cable_port), "STUDIUM_LOG_LEVEL": "warning",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        } | (environ or {})

    def __enter__(self) -> Stack:
        os.environ.update({key: value for key, value in self.environ.items() if key.startswith("STUDIUM_")})
        for folder in ("run", "log"):
            (self.data_dir / folder).mkdir(parents=True, exist_ok=True)
        self.run("studium", "migrate")
        began = time.monotonic()
        self._supervisor = subprocess.Popen(["supervisord", "-n", "-c", str(ROOT / "supervisord.conf")], cwd=ROOT, env=self._with_socket(),
                                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.wait_until_up()
        self.start_seconds = time.monotonic() - began
        return self

    def __exit__(self, *_error: object) -> None:
        processes = self.processes()
        self._supervisor.send_signal(signal.SIGTERM)
        _gone, alive = psutil.wait_procs(processes, timeout=40)
        for process in alive:
            process.kill()
        if self._own:
            shutil.rmtree(self.data_dir, ignore_errors=True)

    def run(self, *command: str) -> None:
        """Run a command of this environment to its end."""
        subprocess.run([str(Path(sys.executable).parent / command[0]), *command[1:]], cwd=ROOT, env=self.environ, check=True,
                       stdout=subprocess.DEVNULL)

    def wait_until_up(self, seconds: float = 30) -> None:
        """Wait for /up to answer 200."""
        end, reason = time.monotonic() + seconds, ""
        while time.monotonic() < end:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/up", timeout=2):
                    return
            except urllib.error.HTTPError as error:
                reason = error.read().decode()
            except OSError as error:
                reason = str(error)
            time.sleep(0.1)
        raise RuntimeError(f"The stack is not up after {seconds} s: {reason}; logs in {self.data_dir / 'log'}")

    def processes(self) -> list[psutil.Process]:
        """supervisord and everything under it."""
        top = psutil.Process(self._supervisor.pid)
        return [top, *top.children(recursive=True)]

    def cpu_seconds(self) -> float:
        """User and system time of all server processes that live now."""
        return sum(process.cpu_times().user + process.cpu_times().system for process in self.processes())

    def memory_mb(self) -> float:
        """Proportional set size of all server processes: shared pages count once."""
        return sum(pss_mb(process.pid) for process in self.processes())

    def report(self) -> list[str]:
        """A line a process: PSS, CPU seconds, command."""
        return [f"{pss_mb(p.pid):7.1f} MB {sum(p.cpu_times()[:2]):8.2f} s  {' '.join(p.cmdline())[-90:]}" for p in self.processes()]

    def _with_socket(self) -> dict[str, str]:
        return self.environ


def pss_mb(pid: int) -> float:
    """Proportional set size from smaps_rollup (proc(5))."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The value below which `percent` of the sorted values lie."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
