"""The gunicorn worker of the site: threads, as gunicorn's gthread, but a slow or silent client holds none of them for long.

It builds on the insides of gunicorn 27; tests/core/test_thread_worker.py notices when they change. No TLS and no HTTP/2: proxies end those.
"""

from __future__ import annotations

import errno
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from gunicorn import http, util
from gunicorn.workers.gthread import TConn, ThreadWorker

from studium.core.slow_clients import PatientUnreader
from studium.core.too_slow import TooSlow

SECONDS_TO_FIRST_BYTE = 10.0  # browsers connect before they need it; such a connection costs no thread
SECONDS_TO_CLOSE = 2.0  # for a client to read the answer before the connection is gone (RFC 9112, 9.6)
LARGEST_REST = 262_144  # bytes of a refused body that are thrown away while closing
NOBODY_THERE = (errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED)  # the other process took it, or the client went


class Connection(TConn):  # type: ignore[misc]
    """A client's connection, read with limited patience and closed without holding up the loop."""

    def __init__(self, cfg: Any, sock: socket.socket, client: Any, server: Any, slots: threading.Semaphore,
                 linger: Callable[[Connection], None]) -> None:
        super().__init__(cfg, sock, client, server)
        self.parser = http.get_parser(cfg, sock, client)
        self.parser.unreader = PatientUnreader(sock, slots)
        self.rest = LARGEST_REST
        self._linger = linger

    def close(self, graceful: bool = False) -> None:
        """Close at once, or gracefully when the client has read what was sent."""
        if graceful:
            self._linger(self)
        else:
            super().close()


class PatientThreadWorker(ThreadWorker):  # type: ignore[misc]
    """Threads get connections that have sent something; half of the threads may wait for the rest of a request."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.slots = threading.Semaphore(max(1, self.cfg.threads // 2))
        self.lingering: deque[Connection] = deque()

    def accept(self, listener: socket.socket) -> None:
        """Take a new connection and wait for its first byte in the loop, not in a thread."""
        try:
            sock, client = listener.accept()
        except OSError as error:
            if error.errno not in NOBODY_THERE:
                raise
            return
        self.nr_conns += 1
        conn = Connection(self.cfg, sock, client, listener.getsockname(), self.slots, self._linger)
        self._wait(conn, self.pending_conns, SECONDS_TO_FIRST_BYTE, self.on_pending_socket_readable)

    def handle(self, conn: Connection) -> Any:
        """Answer one request, in a thread."""
        conn.parser.unreader.begin()
        return super().handle(conn)

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """Answer what could not be read; 408 (RFC 9110, 15.5.9) for a head that did not come in time."""
        if not isinstance(exc, TooSlow):
            super().handle_error(req, client, addr, exc)
            return
        self.log.info("request too slow: %s", exc)
        try:
            util.write_error(client, 408, "Request Timeout", "")
        except OSError:
            self.log.debug("the slow client is gone")

    def murder_pending(self) -> None:
        """Once a second: close what is silent, and what did not close by itself."""
        super().murder_pending()
        while self.lingering and self.lingering[0].timeout <= time.monotonic():
            self._end(self.lingering[0])

    def _cap_keepalive(self, deadline: float) -> None:
        """At a graceful stop: a connection that has not sent a byte is waited for no longer than one that was answered before."""
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, deadline)

    def _keepalive_after(self, conn: Connection, keepalive: Any) -> bool:
        try:
            return bool(super()._keepalive_after(conn, keepalive))
        except TooSlow:  # the answer is sent already; where the next request would begin is unknown
            return False

    def _linger(self, conn: Connection) -> None:
        """In the loop: say that nothing more comes, and close when the client has understood. Gunicorn would wait for that here."""
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            conn.close()
            return
        self.nr_conns += 1
        self._wait(conn, self.lingering, SECONDS_TO_CLOSE, self._read_rest)

    def _read_rest(self, conn: Connection, sock: socket.socket) -> None:
        try:
            got = len(sock.recv(65_536))
        except BlockingIOError:
            return
        except OSError:
            got = 0
        conn.rest -= got
        if not got or conn.rest <= 0:
            self._end(conn)

    def _end(self, conn: Connection) -> None:
        self.lingering.remove(conn)
        self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()

    def _wait(self, conn: Connection, line: deque[Connection], seconds: float, then: Callable[[Connection, Any], None]) -> None:
        conn.timeout = time.monotonic() + seconds
        line.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(then, conn))
