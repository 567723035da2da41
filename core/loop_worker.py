"""The gunicorn worker of programs that hold many connections: gevent's loop without monkey patching, so that threads are real threads.

gunicorn's master imports this module too and serves nothing, so nothing else of Studium is imported here.
"""

from __future__ import annotations

from typing import Any

import gevent
from gevent import socket
from gunicorn.workers.ggevent import GeventWorker

FAREWELLS = "studium.farewells"  # in app.extensions: functions to call once when the worker ends


class LoopWorker(GeventWorker):  # type: ignore[misc]
    """Accepts and shakes hands in greenlets; what the app keeps open are callbacks of the loop."""

    def patch(self) -> None:
        """Wrap the listening sockets for gevent, and patch nothing else."""
        self.sockets: list[Any] = [socket.socket(s.FAMILY, socket.SOCK_STREAM, fileno=s.sock.detach()) for s in self.sockets]

    def run(self) -> None:
        """Serve until told to stop, then let the app say goodbye to whoever is connected; they come back to the next process."""
        try:
            super().run()
        finally:
            for say in self.wsgi.extensions.get(FAREWELLS, ()):
                say()
            gevent.sleep(0.1)
