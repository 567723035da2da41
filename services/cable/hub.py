"""The meeting point of the cable process: who is connected, who listens to what, and which handler takes which frame."""

from __future__ import annotations

import itertools
import json
import socket
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from typing import Any

from flask import Flask
from pydantic_core import from_json

from studium.core.logs import get_logger
from studium.services.cable.connection import Connection, serialize
from studium.services.cable.group_commit import GroupCommit
from studium.services.cable.publishing import CONTROL_STREAM
from studium.services.cable.settings import CableSettings
from studium.services.cable.sqlite_store import Message
from studium.services.cable.streams import open_stream, sign_stream
from studium.services.users import SignedInUser

log = get_logger(__name__)
SIGNED_OUT = 4001  # a code of our own (RFC 6455 section 7.4.2); browsers do not come back after it
REMEMBERED_SIGN_OUTS = 1_000
Handler = Callable[[Connection, dict[str, Any]], None]


class Hub:
    """Connections and subscriptions; everything but `call_soon` belongs to the loop's thread."""

    def __init__(self, app: Flask, loop: Any, settings: CableSettings) -> None:
        self.app = app
        self.loop = loop
        self.settings = settings
        self.writers: list[GroupCommit[Any]] = []
        self.request_replay: Callable[[Connection, str, str, int | None], None] = _no_replay
        self._handlers: dict[str, Handler] = {"subscribe": self._on_subscribe, "unsubscribe": self._on_unsubscribe}
        self._connections: dict[int, Connection] = {}
        self._by_user: dict[int, set[int]] = {}
        self._listeners: dict[str, set[Connection]] = {}
        self._signed: dict[str, str] = {}
        self._signed_out: deque[int] = deque(maxlen=REMEMBERED_SIGN_OUTS)
        self._ids = itertools.count(1)
        self._calls: deque[Callable[[], None]] = deque()
        self._woken = False
        self._waker = loop.async_()
        self._waker.start(self._run_calls)
        self._pinger = loop.timer(1.0, 1.0)
        self._pinger.start(self._ping_silent)

    def add_handlers(self, handlers: Mapping[str, Handler]) -> None:
        """Take further frames, by the key that names them."""
        self._handlers.update(handlers)

    def call_soon(self, run: Callable[[], None]) -> None:
        """Run a function on the loop; the only method that any thread may call."""
        self._calls.append(run)
        if not self._woken:  # else the loop is being woken, and looks at the calls only after that; two threads at once wake it twice
            self._woken = True
            self._waker.send()

    def room_for(self, user_id: int) -> str | None:
        """None when another connection fits, or why not."""
        if len(self._connections) >= self.settings.max_connections:
            return "The cable is full. Try again in a minute."
        if len(self._by_user.get(user_id, ())) >= self.settings.max_connections_per_user:
            return "Too many open pages of one account. Close some."
        return None

    def adopt(self, sock: socket.socket, user: SignedInUser) -> Connection:
        """Take over a socket whose handshake is done; one whose session was closed between look-up and now is let go again."""
        connection = Connection(self, sock, user, next(self._ids))
        self._connections[connection.id] = connection
        self._by_user.setdefault(user.id, set()).add(connection.id)
        if user.session_id in self._signed_out:
            connection.close(SIGNED_OUT, "signed out")
        return connection

    def forget(self, connection: Connection) -> None:
        """Remove a closed connection from everything."""
        self._connections.pop(connection.id, None)
        mine = self._by_user.get(connection.user.id)
        if mine is not None:
            mine.discard(connection.id)
            if not mine:
                del self._by_user[connection.user.id]
        for stream in connection.streams:
            self._stop_listening(connection, stream)

    def on_message(self, connection: Connection, raw: bytes | bytearray) -> None:
        """One message of a browser; whatever it is, the answer is a frame and the process lives."""
        try:
            frame = from_json(raw, allow_inf_nan=False)
        except ValueError:
            connection.send_error("malformed", "The message is not JSON.")
            return
        if not isinstance(frame, dict):
            connection.send_error("malformed", "The message is not a JSON object.")
            return
        handler = next((self._handlers[key] for key in frame if key in self._handlers), None)
        if handler is None:
            known = ", ".join(sorted(self._handlers))
            connection.send_error("unknown", f"Unknown kind of message. Known: {known}.", frame.get("id"))
            return
        try:
            handler(connection, frame)
        except Exception:
            log.exception("cable_frame_failed", user_id=connection.user.id)
            connection.send_error("internal", "The message could not be handled; it was recorded.", frame.get("id"))

    def deliver(self, messages: list[Message]) -> None:
        """Send messages to the connections that listen to their streams."""
        for message in messages:
            if message.stream == CONTROL_STREAM:
                self._obey(from_json(message.payload)["data"])
                continue
            listeners = self._listeners.get(message.stream)
            if listeners:
                frame = serialize(self._envelope(message).encode())
                for connection in tuple(listeners):
                    connection.send_frame(frame)

    def subscribe(self, connection: Connection, stream: str, signed: str, last: int, missed: list[Message]) -> None:
        """Begin listening, say so, and send what was missed; ids rise without a gap into what is delivered next."""
        if not connection.open:
            return
        self._signed[stream] = signed
        self._listeners.setdefault(stream, set()).add(connection)
        connection.streams.add(stream)
        connection.send_json({"subscribed": signed, "last": last})
        for message in missed:
            connection.send_text(self._envelope(message))

    def close_all(self, code: int, reason: str) -> None:
        """Close every socket, as when the process stops."""
        for connection in tuple(self._connections.values()):
            connection.close(code, reason)

    def close_sessions(self, session_ids: Collection[int]) -> None:
        """Close the sockets of these sessions, now and, if one is just shaking hands, when it is there."""
        self._signed_out.extend(session_ids)
        for connection in tuple(self._connections.values()):
            if connection.user.session_id in session_ids:
                connection.close(SIGNED_OUT, "signed out")

    @property
    def session_ids(self) -> set[int]:
        """The sessions that the open sockets belong to."""
        return {found.user.session_id for found in self._connections.values() if found.user.session_id is not None}

    @property
    def size(self) -> int:
        """Number of open connections."""
        return len(self._connections)

    def _on_subscribe(self, connection: Connection, frame: dict[str, Any]) -> None:
        signed, after = frame["subscribe"], frame.get("after")
        if set(frame) - {"subscribe", "after", "id"} or not isinstance(signed, str):
            connection.send_error("malformed", 'It is {"subscribe": "<signed stream name>", "after": <id>}.', frame.get("id"))
            return
        if after is not None and (not isinstance(after, int) or isinstance(after, bool) or not 0 <= after < 2**63):
            connection.send_error("malformed", '"after" is the id of a message, a whole number.', frame.get("id"))
            return
        stream = self._open(signed, connection)
        if stream is None:
            connection.send_error("forbidden", "This stream name is not valid for you. Reload the page.", frame.get("id"))
            return
        if len(connection.streams) >= 100:
            connection.send_error("too-many", "At most 100 streams on one socket.", frame.get("id"))
            return
        self.request_replay(connection, stream, signed, after)

    def _on_unsubscribe(self, connection: Connection, frame: dict[str, Any]) -> None:
        signed = frame["unsubscribe"]
        stream = self._open(signed, connection) if isinstance(signed, str) else None
        if stream is None or stream not in connection.streams:
            connection.send_error("unknown", "This stream is not subscribed.", frame.get("id"))
            return
        connection.streams.discard(stream)
        self._stop_listening(connection, stream)
        connection.send_json({"unsubscribed": signed})

    def _open(self, signed: str, connection: Connection) -> str | None:
        with self.app.app_context():
            return open_stream(signed, connection.user.id)

    def _stop_listening(self, connection: Connection, stream: str) -> None:
        listeners = self._listeners.get(stream)
        if listeners is not None:
            listeners.discard(connection)
            if not listeners:
                del self._listeners[stream]
                self._signed.pop(stream, None)

    def _envelope(self, message: Message) -> str:
        signed = self._signed.get(message.stream)
        if signed is None:
            with self.app.app_context():
                signed = sign_stream(message.stream)
        return f'{{"stream": {json.dumps(signed)}, "id": {message.id}, {message.payload[1:]}'

    def _obey(self, control: dict[str, Any]) -> None:
        self.close_sessions(set(control.get("close_sessions", ())))

    def _run_calls(self) -> None:
        self._woken = False
        calls = self._calls
        while calls:
            try:
                calls.popleft()()
            except Exception:
                log.exception("cable_call_failed")

    def _ping_silent(self) -> None:
        silent_since = time.monotonic() - self.settings.ping_seconds
        for connection in tuple(self._connections.values()):
            if connection.heard_at < silent_since - connection.pinged * self.settings.ping_seconds:
                if connection.pinged >= 2:
                    connection.drop()
                else:
                    connection.ping()


def _no_replay(connection: Connection, _stream: str, _signed: str, _after: int | None) -> None:
    connection.send_error("unavailable", "The cable is starting. Try again.")
