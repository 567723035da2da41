"""Starts supervisord so that whatever it started ends with us, however it or we end. The means beyond POSIX are Linux's (prctl(2))."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PATIENCE_WITH_ORPHANS = 3.0
SECONDS_TO_UNDERSTAND = 0.3


class Supervised:
    """One supervisord and everything below it."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        _prctl(PR_SET_CHILD_SUBREAPER, 1)  # what supervisord leaves behind becomes our child, not init's
        self._process = subprocess.Popen(
            command, env=dict(environ), stdin=subprocess.DEVNULL, start_new_session=True,
            preexec_fn=lambda: _prctl(PR_SET_PDEATHSIG, signal.SIGTERM))  # when we are killed, it ends too

    @property
    def ended(self) -> bool:
        """Whether supervisord is gone; buries on the way what died after its parent and became our child."""
        if self._process.poll() is None and sys.platform == "linux":
            _bury(self._process.pid)
        return self._process.poll() is not None

    @property
    def how_it_ended(self) -> str:
        """Its exit code or the signal that killed it, in words."""
        code = self._process.returncode
        return f"was killed by {signal.Signals(-code).name}" if code is not None and code < 0 else f"ended with exit code {code}"

    def ask_to_stop(self) -> None:
        """Let every program finish what it does (supervisord gives each its stopwaitsecs), all at the same time.

        Supervisord alone would stop one program after the other; once it knows that it stops, it starts none of them again.
        """
        if self.ended:
            return
        programs = _children().get(self._process.pid, [])
        self._process.send_signal(signal.SIGTERM)
        time.sleep(SECONDS_TO_UNDERSTAND)
        for pid in programs:
            _signal(pid, signal.SIGTERM)

    def kill(self) -> None:
        """End all at once."""
        if not self.ended:
            self._process.kill()
            self._process.wait()
        for pid in _descendants(os.getpid()):
            _signal(pid, signal.SIGKILL)

    def sweep(self) -> None:
        """After supervisord's end: stop what outlived it, gently first."""
        end = time.monotonic() + PATIENCE_WITH_ORPHANS
        for pid in _descendants(os.getpid()):
            _signal(pid, signal.SIGTERM)
        while _descendants(os.getpid()) and time.monotonic() < end:
            _bury()
            time.sleep(0.05)
        self.kill()
        _bury()


def _descendants(pid: int) -> list[int]:
    """Living processes below `pid`."""
    return _below(pid, _children())


def _below(pid: int, children: dict[int, list[int]]) -> list[int]:
    return [found for child in children.get(pid, []) for found in (child, *_below(child, children))]


def _children() -> dict[int, list[int]]:
    """The living children of each process, by /proc; nothing where there is no /proc."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue  # it ended meanwhile
        if state != "Z":
            children.setdefault(int(parent), []).append(int(path.parent.name))
    return children


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _bury(but: int = 0) -> None:
    """Collect the exit codes of orphans that became ours, up to that of the child `but`, which somebody else waits for."""
    try:
        while (dead := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and dead.si_pid != but:
            os.waitpid(dead.si_pid, os.WNOHANG)
    except ChildProcessError:
        return


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
