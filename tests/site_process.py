"""The site under gunicorn as supervisord starts it, by the very words of supervisord.conf, on a port of its own."""

from __future__ import annotations

import configparser
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]


def command(program: str) -> list[str]:
    """How supervisord.conf starts a program."""
    conf = configparser.RawConfigParser(inline_comment_prefixes=(" ;",))
    conf.read(ROOT / "supervisord.conf")
    return shlex.split(conf[program]["command"])


@contextmanager
def running_site(environ: Mapping[str, str], *options: str, **settings: str) -> Iterator[int]:
    """The port of a site that ends with the block; further options of gunicorn win."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STUDIUM_")}
    paths = {"PYTHONPATH": str(ROOT / "tests" / "plugins_under_test")}
    words = [*command("fcgi-program:web")[1:], *options]
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listening:
        process = subprocess.Popen([sys.executable, "-m", "gunicorn", *words], env=kept | paths | dict(environ) | settings,
                                   stdin=listening, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            port: int = listening.getsockname()[1]
            assert get(port, seconds=30).startswith(b"HTTP/1.1 "), "the site did not start"
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def exchange(port: int, request: bytes, seconds: float = 5.0) -> bytes:
    """Send bytes and read until the server closes; what has come by then when it does not."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        connection.sendall(request)
        return read_all(connection, seconds)


def read_all(connection: socket.socket, seconds: float = 5.0) -> bytes:
    """Everything until the server closes, or until the time is over."""
    end, found = time.monotonic() + seconds, b""
    while (left := end - time.monotonic()) > 0:
        connection.settimeout(left)
        try:
            data = connection.recv(65_536)
        except (TimeoutError, ConnectionResetError):
            break
        if not data:
            break
        found += data
    return found


def get(port: int, path: str = "/robots.txt", headers: str = "", seconds: float = 5.0) -> bytes:
    """A plain GET on a connection of its own, whole answer."""
    return exchange(port, f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n{headers}\r\n".encode(), seconds)
