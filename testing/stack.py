"""Runs the whole of Studium under its supervisord.conf on a folder of its own, for tests and benchmarks; stops what it started, by pid.

Needs a checkout (supervisord.conf is not part of the wheel) and psutil, which the extra `testing` brings.
"""

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
from collections.abc import Mapping, Sequence
from pathlib import Path

try:
    import psutil
except ModuleNotFoundError as error:
    raise ModuleNotFoundError("studium.testing.stack needs psutil. Install it with: pip install 'studium[testing]'") from error

ROOT = Path(__file__).resolve().parents[1]


class Stack:
    """All programs on one data folder; as a context they run inside and none after it."""

    def __init__(self, data_dir: Path | None = None, environ: Mapping[str, str] | None = None) -> None:
        self._temporary = data_dir is None
        self.data_dir = data_dir or Path(tempfile.mkdtemp(prefix="studium-"))
        self.port, self.cable_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._supervisor: subprocess.Popen[bytes] | None = None
        kept = {key: value for key, value in os.environ.items() if not key.startswith("STUDIUM_")}
        self.environ = kept | {
            "STUDIUM_ENV": "development", "STUDIUM_DATA_DIR": str(self.data_dir), "STUDIUM_HOST": "127.0.0.1",
            "STUDIUM_PORT": str(self.port), "STUDIUM_CABLE_PORT": str(self.cable_port), "STUDIUM_LOG_LEVEL": "warning",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        } | dict(environ or {})

    def __enter__(self) -> Stack:
        self.run("studium", "migrate")
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()
        if self._temporary:
            shutil.rmtree(self.data_dir, ignore_errors=True)

    def start(self) -> float:
        """Start supervisord and wait until /up answers 200; the seconds it took."""
        began = time.monotonic()
        self._supervisor = subprocess.Popen([str(ROOT / "bin" / "serve")], cwd=ROOT, env=self.environ, stdin=subprocess.DEVNULL,
                                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self.wait_until_up()
        except RuntimeError:
            self.stop()
            raise
        return time.monotonic() - began

    def stop(self) -> None:
        """Stop everything gently, then surely."""
        if self._supervisor is None:
            return
        processes = self.processes()
        self._supervisor.send_signal(signal.SIGTERM)
        _gone, alive = psutil.wait_procs(processes, timeout=45)
        for process in alive:
            process.kill()
        self._supervisor.wait()
        self._supervisor = None

    def control(self, *command: str) -> None:
        """bin/ctl: `control("stop", "cable")`, `control("start", "cable")`."""
        subprocess.run([str(ROOT / "bin" / "ctl"), *command], cwd=ROOT, env=self.environ, check=True, stdout=subprocess.DEVNULL)

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
        if self._supervisor is None or self._supervisor.poll() is not None:
            return []
        top = psutil.Process(self._supervisor.pid)
        return [top, *top.children(recursive=True)]

    def pids(self, words: str) -> list[int]:
        """Processes of this stack whose command line contains `words`, such as "studium.web.cable", masters before workers."""
        return [process.pid for process in self.processes() if words in command_line(process)]

    def cpu_seconds(self) -> float:
        """User and system time of all server processes that live now."""
        return sum(process.cpu_times().user + process.cpu_times().system for process in self.processes())

    def memory_mb(self) -> float:
        """Proportional set size of all server processes: shared pages count once."""
        return sum(pss_mb(process.pid) for process in self.processes())

    def report(self) -> list[str]:
        """A line a process: PSS, CPU seconds, command."""
        return [f"{pss_mb(p.pid):7.1f} MB {sum(p.cpu_times()[:2]):8.2f} s  {' '.join(p.cmdline())[-90:]}" for p in self.processes()]


def command_line(process: psutil.Process) -> str:
    """The command of a process; "" when it has just ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


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
