"""A real cable process on a port of its own, and browsers' sockets to it, for tests that must cross processes."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from studium.services.cable import sign_stream, user_stream

DEADLINE = 20.0
WORKER = "studium.core.loop_worker.LoopWorker"
COMMAND = (
    "-m",
    "gunicorn",
    "--name",
    "cable",
    "--bind",
    "fd://0",
    "--workers",
    "1",
    "--worker-class",
    WORKER,
    "--graceful-timeout",
    "5",
    "--no-control-socket",
    "--logger-class",
    "studium.core.gunicorn_logs.JsonLogger",
    "studium.web.cable:app",
)
Frame = dict[str, Any]


class Browser:
    """One open WebSocket; `send` and `receive` speak JSON."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    def send(self, frame: Frame) -> None:
        self.socket.send(json.dumps(frame))

    def send_raw(self, message: str | bytes) -> None:
        self.socket.send(message)

    def receive(self, seconds: float = DEADLINE) -> Frame:
        """The next frame; TimeoutError without one."""
        found: Frame = json.loads(self.socket.recv(timeout=seconds))
        return found

    def ask(self, frame: Frame) -> Frame:
        """Send a frame and return the next one that comes."""
        self.send(frame)
        return self.receive()

    def subscribe(self, stream: str, after: int | None = None) -> int:
        """Subscribe to a signed stream; the id that it begins after."""
        answer = self.ask({"subscribe": stream} | ({} if after is None else {"after": after}))
        assert answer.get("subscribed") == stream, answer
        return int(answer["last"])

    def closing(self) -> tuple[int, str]:
        """Read until the server closes: code and reason (1006 without a close frame)."""
        try:
            while True:
                self.socket.recv(timeout=DEADLINE)
        except ConnectionClosed as closed:
            return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")

    def close(self) -> None:
        self.socket.close()


@dataclass
class Person:
    """Somebody signed in: the site's client, the session's token, and their own stream, signed and by name."""

    id: int
    client: FlaskClient
    token: str
    stream: str
    stream_name: str


def sign_in_person(app: Flask, telegram_id: int) -> Person:
    """Sign somebody in on a browser of their own."""
    client = app.test_client()
    user = client.post("/auth/dev", json={"telegram_id": telegram_id, "first_name": f"P{telegram_id}"}).get_json()["data"]
    cookie = client.get_cookie("studium_session")
    assert cookie is not None
    with app.app_context():
        return Person(user["id"], client, cookie.value, sign_stream(user_stream(user["id"])), user_stream(user["id"]))


class CableProcess:
    """gunicorn with the cable's app, started by pid; the listening socket outlives a kill, as it does under supervisord."""

    def __init__(self, environ: Mapping[str, str], **settings: str) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._listening.getsockname()[1]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("STUDIUM_")}
        paths = {"PYTHONPATH": str(Path(__file__).parent / "plugins_under_test")}
        self.environ = kept | paths | dict(environ) | {"STUDIUM_CABLE_PORT": str(self.port)} | settings
        self.data_dir = Path(self.environ["STUDIUM_DATA_DIR"])
        self.log_path = self.data_dir / f"cable-{self.port}.log"
        self.origin = f"http://127.0.0.1:{self.port}"
        self._browsers: list[Browser] = []
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers; who connects before that waits in the backlog."""
        with self.log_path.open("a") as log:
            self._process = subprocess.Popen([sys.executable, *COMMAND], env=self.environ, stdin=self._listening, stdout=log, stderr=log)
        with ThreadPoolExecutor(1) as waiting:
            answered = waiting.submit(self.get)
            while not answered.done():
                if self._process.poll() is not None:
                    self._listening.close()  # so that the request ends
                    raise RuntimeError(f"The cable did not start:\n{self.log()}")
                time.sleep(0.01)

    def signal(self, signum: int) -> None:
        """Send a signal to the master."""
        self._process.send_signal(signum)

    def worker_pid(self) -> int:
        """The pid of the process that holds the sockets."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        wait_until(lambda: children.read_text().strip() != "", "gunicorn has a worker")
        return int(children.read_text().split()[0])

    def wait(self) -> int:
        """Wait for the end of the master."""
        return self._process.wait(DEADLINE)

    def kill(self) -> None:
        """Kill master and worker without a word."""
        worker = self.worker_pid()
        self._process.kill()
        self._process.wait(DEADLINE)
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: not running(worker), "the worker is gone")

    def open(self, token: str | None, origin: str | None = "own", **options: Any) -> Browser:
        """Open a WebSocket with the session token; raises InvalidStatus when it is refused."""
        name = "__Host-studium_session" if self.environ["STUDIUM_ENV"] == "production" else "studium_session"
        headers = options.pop("additional_headers", {}) | ({"Cookie": f"{name}={token}"} if token else {})
        socket = connect(
            f"ws://127.0.0.1:{self.port}/cable",
            origin=self.origin if origin == "own" else origin,  # type: ignore[arg-type]
            additional_headers=headers,
            open_timeout=DEADLINE,
            close_timeout=0.5,
            compression=None,
            proxy=None,
            **options,
        ).__enter__()  # closed by close_browsers
        self._browsers.append(Browser(socket))
        return self._browsers[-1]

    def get(self, path: str = "/up") -> tuple[int, Any, Mapping[str, str]]:
        """A plain HTTP request to the cable: status, JSON body, headers."""
        try:
            request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers={"Accept": "application/json"})
            with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
                return answer.status, json.load(answer), answer.headers
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error), error.headers

    def log(self) -> str:
        return self.log_path.read_text()

    def close_browsers(self) -> None:
        """Close what the test left open."""
        for browser in self._browsers:
            browser.close()
        self._browsers.clear()

    def close(self) -> None:
        """End it, at once: how it ends gently is a test of its own."""
        self.close_browsers()
        if self._process.poll() is None:
            self.kill()
        self._listening.close()


@contextmanager
def running_cable(environ: Mapping[str, str], **settings: str) -> Iterator[CableProcess]:
    """A cable that ends with the block; what it logged is shown when the block fails."""
    cable = CableProcess(environ, **settings)
    try:
        yield cable
    finally:
        cable.close()


def running(pid: int) -> bool:
    """Whether a process is alive (a zombie is not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(true: Callable[[], object], what: str, seconds: float = DEADLINE) -> None:
    """Poll until it is true; fail with `what` when it does not become true in time."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        time.sleep(0.01)
