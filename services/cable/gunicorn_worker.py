"""The gunicorn worker of the cable: gevent's loop without monkey patching, so that the database threads are real threads.

gunicorn's master imports this module too and serves nothing, so the cable itself is imported only where it runs.
"""

from __future__ import annotations

from typing import Any

import gevent
from gevent import socket
from gunicorn.workers.ggevent import GeventWorker


class CableWorker(GeventWorker):  # type: ignore[misc]
    """Accepts and shakes hands in greenlets; open sockets are callbacks of the loop (hub.py)."""

    def patch(self) -> None:
        """Wrap the listening sockets for gevent, and patch nothing else."""
        self.sockets: list[Any] = [socket.socket(s.FAMILY, socket.SOCK_STREAM, fileno=s.sock.detach()) for s in self.sockets]

    def run(self) -> None:
        """Serve until told to stop, then say goodbye to the browsers, which reconnect to the next process."""
        from studium.services.cable.process import stop

        try:
            super().run()
        finally:
            stop()
            gevent.sleep(0.1)
