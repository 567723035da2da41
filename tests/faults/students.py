"""Students whose browsers come back: what is not acknowledged is kept and sent again, as web/static/js/beats.js does."""

from __future__ import annotations

import json
import random
import threading
import time
import urllib.request
from typing import Any

from websockets.exceptions import InvalidHandshake, WebSocketException
from websockets.sync.client import ClientConnection, connect

ANSWER_SECONDS = 4.0
STEP_MS = 5_000
Segment = tuple[int, int]


class Student(threading.Thread):
    """Watches lesson after lesson until told to stop; `acknowledged` is what the server has promised to keep."""

    def __init__(self, number: int, planted: dict[str, Any], duration_ms: int) -> None:
        super().__init__(name=f"student-{number}", daemon=True)
        self.user: int = planted["user"]
        self.token: str = planted["token"]
        self.acknowledged: dict[int, set[Segment]] = {}
        self.watched: list[int] = []
        self.beats = self.retries = 0
        self.stop = threading.Event()
        self._sids = planted["sids"]
        self._duration_ms = duration_ms
        self._chance = random.Random(number)

    def run(self) -> None:
        """Watch; a lesson that was begun is watched to its end, so that nothing stays unacknowledged."""
        for lesson, sid in self._sids:
            if self.stop.is_set():
                break
            self._watch(lesson, sid)
            self.watched.append(lesson)
        self.close()

    def _watch(self, lesson: int, sid: str) -> None:
        pending: list[Segment] = []
        steps = [(start, start + STEP_MS) for start in range(0, self._duration_ms, STEP_MS)]
        seq = played = 0
        while steps or pending:
            if steps:
                pending.append(steps.pop(0))
                played += STEP_MS
            seq += 1
            beat = {
                "sid": sid,
                "seq": seq,
                "segments": pending,
                "position": pending[-1][1],
                "state": "playing",
                "rate": 1,
                "age": 0,
                "played": played,
                "hidden": 0,
            }
            self.beats += 1
            if self.answered(beat):
                self.acknowledged.setdefault(lesson, set()).update(pending)
                pending = []
                time.sleep(self._chance.uniform(0, 0.04))
            else:
                self.retries += 1
                time.sleep(self._chance.uniform(0.05, 0.3))

    def answered(self, beat: dict[str, Any]) -> bool:
        """Send a beat; whether it was acknowledged."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the page."""


class SocketStudent(Student):
    """Beats go over a WebSocket that is opened again whenever it is lost."""

    def __init__(self, number: int, planted: dict[str, Any], duration_ms: int, port: int) -> None:
        super().__init__(number, planted, duration_ms)
        self._port = port
        self._socket: ClientConnection | None = None
        self._frames = 0

    def answered(self, beat: dict[str, Any]) -> bool:
        try:
            socket = self._open()
            self._frames += 1
            socket.send(json.dumps({"beat": beat, "id": self._frames}))
            return self._wait_for(socket, self._frames)
        except (OSError, WebSocketException, InvalidHandshake, EOFError):
            self.close()
            return False

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _open(self) -> ClientConnection:
        if self._socket is None:
            self._socket = connect(
                f"ws://127.0.0.1:{self._port}/cable",
                origin=f"http://127.0.0.1:{self._port}",  # type: ignore[arg-type]
                additional_headers={"Cookie": f"studium_session={self.token}"},
                open_timeout=ANSWER_SECONDS,
                close_timeout=0.2,
                compression=None,
                proxy=None,
            ).__enter__()
        return self._socket

    def _wait_for(self, socket: ClientConnection, frame_id: int) -> bool:
        end = time.monotonic() + ANSWER_SECONDS
        while True:
            frame = json.loads(socket.recv(timeout=max(0.0, end - time.monotonic())))
            if frame.get("ack") == frame_id:
                return True
            if frame.get("id") == frame_id and "error" in frame:
                return False


class HttpStudent(Student):
    """Beats go over HTTP, as from a page without WebSockets."""

    def __init__(self, number: int, planted: dict[str, Any], duration_ms: int, url: str) -> None:
        super().__init__(number, planted, duration_ms)
        self._url = url

    def answered(self, beat: dict[str, Any]) -> bool:
        request = urllib.request.Request(
            f"{self._url}/api/v1/beats", json.dumps({"beats": [beat]}).encode(), {"Content-Type": "text/plain"}
        )
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
                return bool(json.load(answer)["data"][0]["seq"] == beat["seq"])
        except (OSError, ValueError, EOFError):
            return False
