"""How long the site waits for a request that comes drop by drop, and how many of its threads may wait at once (slowloris, CWE-400).

Gunicorn's master loads no app, so this module must stay light: what it imports is paid for by each master process.
"""

from __future__ import annotations

import socket
import threading
import time

from gunicorn.http.unreader import SocketUnreader

from studium.core.too_slow import TooSlow

SECONDS = 20.0  # for head and body together
BYTES_PER_SECOND = 10_000  # whoever is at least as fast gets more time than that; as mod_reqtimeout's MinRate
SECONDS_WITHOUT_SLOT = 0.05  # for what is on its way already, when too many are waited for


class PatientUnreader(SocketUnreader):  # type: ignore[misc]
    """Reads requests from a socket. What is there is read at once; what is not is waited for, if one of the `slots` is free for that.

    So those who are slow together never hold more threads than there are slots, and none of them for long.
    """

    def __init__(self, sock: socket.socket, slots: threading.Semaphore) -> None:
        super().__init__(sock)
        self._slots = slots
        self.begin()

    def begin(self) -> None:
        """A new request begins now, and so does its time."""
        self._began = time.monotonic()
        self._received = 0

    def chunk(self, size_hint: int | None = None) -> bytes:
        """The next bytes, b"" at the end of the connection; raises TooSlow."""
        before = self.sock.gettimeout()  # gunicorn sets one while it throws a body away
        try:
            data = self._receive(self._size(size_hint), before)
        finally:
            self.sock.settimeout(before)
        self._received += len(data)
        return data

    def _receive(self, size: int, before: float | None) -> bytes:
        self.sock.settimeout(0)
        try:
            return bytes(self.sock.recv(size))
        except BlockingIOError:
            pass  # nothing is there yet
        has_slot = self._slots.acquire(blocking=False)
        try:
            left = self._seconds_left() if has_slot else min(self._seconds_left(), SECONDS_WITHOUT_SLOT)
            self.sock.settimeout(max(0.001, left if before is None else min(left, before)))
            return bytes(self.sock.recv(size))
        except TimeoutError:
            raise TooSlow(f"{self._received} bytes in {time.monotonic() - self._began:.1f} s") from None
        finally:
            if has_slot:
                self._slots.release()

    def _seconds_left(self) -> float:
        return self._began + SECONDS + self._received / BYTES_PER_SECOND - time.monotonic()

    def _size(self, hint: int | None) -> int:
        return int(min(max(hint or 0, self.mxchunk), self.max_body_chunk))
