"""Turns that processes and threads of one machine take, held by the kernel: who is killed loses them at once.

Each turn is the lock of one byte of a file (open file description locks, fcntl(2)), so a process needs one file for any number of them.
"""

from __future__ import annotations

import fcntl
import os
import struct
from pathlib import Path
from types import TracebackType

FILE = "cache.lock"
FLOCK = "hhqqi4x"  # struct flock: type, whence, start, length, pid
PLACES = 2**62
NAMED = 16  # places below are for turns with a number


class Turn:
    """One attempt to have a turn; for one thread. As a context it gives the turn back at the end."""

    def __init__(self, folder: Path, place: int) -> None:
        """Raises OSError when the folder's file cannot be opened."""
        self._file = os.open(folder / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._place = place
        self.taken = False

    def take(self) -> bool:
        """Take the turn if nobody has it; never waits."""
        try:
            self._lock(fcntl.F_WRLCK)
        except (BlockingIOError, PermissionError):  # fcntl(2) names both
            return False
        self.taken = True
        return True

    def give_back(self) -> None:
        """Let the next one have it; also a child that was forked meanwhile holds it no more."""
        if self.taken:
            self._lock(fcntl.F_UNLCK)
        os.close(self._file)

    def __enter__(self) -> Turn:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self.give_back()

    def _lock(self, kind: int) -> None:
        fcntl.fcntl(self._file, fcntl.F_OFD_SETLK, struct.pack(FLOCK, kind, os.SEEK_SET, self._place, 1, 0))


def place_of(digest: bytes) -> int:
    """The place of a key by its digest. Two keys may share one, at a chance of 1 in 2**62; then one waits for the other for nothing."""
    return NAMED + int.from_bytes(digest[:8], "big") % PLACES
