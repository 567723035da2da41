"""One open WebSocket: bytes in, frames out, limits kept. It lives on the event loop and never blocks it.

There is no greenlet a socket: the loop calls `on_readable` when there are bytes, so an idle socket costs a few kilobytes and no switch.
"""

from __future__ import annotations

import contextlib
import socket
import time
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from studium.core.logs import get_logger
from studium.services.users import SignedInUser

if TYPE_CHECKING:
    from studium.services.cable.hub import Hub

log = get_logger(__name__)
READ, WRITE = 1, 2
RECEIVE_BYTES = 65_536
PARTING_SECONDS = 2.0


class Connection:
    """A signed-in browser's socket; call its methods on the loop's thread only."""

    __slots__ = ("_allowance", "_dropped", "_hub", "_parting", "_parts", "_protocol", "_reader", "_refilled", "_socket", "_unsent",
                 "_writer", "heard_at", "id", "pinged", "streams", "user")

    def __init__(self, hub: Hub, sock: socket.socket, user: SignedInUser, connection_id: int) -> None:
        self.id = connection_id
        self.user = user
        self.streams: set[str] = set()
        self.heard_at = self._refilled = time.monotonic()
        self.pinged = 0
        self._hub = hub
        self._socket = sock
        self._dropped = False
        self._parting: Any = None
        self._protocol = ServerProtocol(state=State.OPEN, max_size=hub.settings.max_frame_bytes)
        self._allowance = float(hub.settings.frames_burst)
        self._unsent = bytearray()
        self._parts: list[bytes] | None = None
        self._reader = hub.loop.io(sock.fileno(), READ)
        self._writer: Any = None
        self._reader.start(self.on_readable)

    @property
    def open(self) -> bool:
        """Whether frames can still be sent."""
        return not self._dropped and self._protocol.state is State.OPEN

    def send_text(self, text: str) -> None:
        """Send one text frame."""
        self.send_frame(serialize(text.encode()))

    def send_json(self, value: dict[str, Any]) -> None:
        """Send one text frame of JSON."""
        self.send_frame(serialize(to_json(value)))

    def send_error(self, code: str, message: str, frame_id: Any = None) -> None:
        """Send the error frame of architecture section 7; `frame_id` is the id of the frame that was refused."""
        body: dict[str, Any] = {"error": {"code": code, "message": message}}
        if isinstance(frame_id, int | str):
            body["id"] = frame_id
        self.send_json(body)

    def send_frame(self, frame: bytes) -> None:
        """Send bytes of a whole frame, made once by `serialize` for any number of connections."""
        if self.open:
            self._send(frame)

    def close(self, code: int, reason: str) -> None:
        """Send a close frame and let the socket go."""
        if self.open:
            self._protocol.send_close(code, reason)
            self._flush()
        self._part()

    def drop(self) -> None:
        """Let the socket go without a word; safe to call twice."""
        if self._dropped:
            return
        self._dropped = True
        for watcher in (self._reader, self._writer, self._parting):
            if watcher is not None:
                watcher.stop()
                watcher.close()
        self._socket.close()
        self._hub.forget(self)

    def ping(self) -> None:
        """Ask the browser for a sign of life."""
        self.pinged += 1
        self._protocol.send_ping(b"")
        self._flush()

    def on_readable(self) -> None:
        """There are bytes, or the end of the stream."""
        try:
            received = self._socket.recv(RECEIVE_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.drop()
            return
        if not received:
            self.drop()
            return
        self.heard_at = time.monotonic()
        self.pinged = 0
        self._protocol.receive_data(received)
        for frame in self._protocol.events_received():
            self._on_frame(frame)
        if not self._dropped:
            self._flush()
            if self._protocol.state is not State.OPEN:
                self._part()

    def _part(self) -> None:
        """Let go of a socket whose last word is sent: what the browser is still sending is thrown away for a moment.

        Closing at once would reset the connection, and the reset may overtake the close frame with its reason (RFC 6455 section 7.1.1).
        """
        if self._dropped or self._parting is not None:
            return
        self._hub.forget(self)
        self._parting = self._hub.loop.timer(PARTING_SECONDS)
        if self._unsent or self._protocol.close_rcvd is not None:
            self.drop()
            return
        self._reader.stop()
        self._reader.start(self._throw_away)
        self._parting.start(self.drop)
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def _throw_away(self) -> None:
        try:
            if not self._socket.recv(RECEIVE_BYTES):
                self.drop()
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.drop()

    def _on_frame(self, frame: Any) -> None:
        if not self.open:
            return
        if not self._allowed():
            self.close(CloseCode.POLICY_VIOLATION, "too many messages; wait a moment before you connect again")
        elif frame.opcode is Opcode.TEXT and frame.fin:
            self._hub.on_message(self, frame.data)
        elif frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            self._on_part(frame)

    def _on_part(self, frame: Any) -> None:
        """A binary message, or a text message in fragments (RFC 6455 section 5.4); the protocol checks their order and size."""
        if frame.opcode is not Opcode.CONT:
            self._parts = [] if frame.opcode is Opcode.TEXT else None
        if self._parts is not None:
            self._parts.append(frame.data)
        if not frame.fin:
            return
        if self._parts is None:
            self.send_error("binary", "Messages are JSON text, not binary.")
        else:
            message, self._parts = b"".join(self._parts), None
            self._hub.on_message(self, message)

    def _allowed(self) -> bool:
        now = self.heard_at
        settings = self._hub.settings
        self._allowance = min(settings.frames_burst, self._allowance + (now - self._refilled) * settings.frames_per_second) - 1
        self._refilled = now
        return self._allowance >= 0

    def _flush(self) -> None:
        for part in self._protocol.data_to_send():
            if part:
                self._send(part)

    def _send(self, data: bytes) -> None:
        if self._unsent:
            self._buffer(data)
            return
        try:
            sent = self._socket.send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            self._hub.call_soon(self.drop)
            return
        if sent < len(data):
            self._buffer(data[sent:])

    def _buffer(self, data: bytes) -> None:
        self._unsent += data
        if len(self._unsent) > self._hub.settings.send_buffer_bytes:
            log.info("cable_slow_browser_dropped", user_id=self.user.id, unsent=len(self._unsent))
            self._hub.call_soon(self.drop)
        elif self._writer is None:
            self._writer = self._hub.loop.io(self._socket.fileno(), WRITE)
            self._writer.start(self._on_writable)

    def _on_writable(self) -> None:
        try:
            sent = self._socket.send(self._unsent)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.drop()
            return
        del self._unsent[:sent]
        if not self._unsent:
            self._writer.stop()
            self._writer.close()
            self._writer = None


def serialize(text: bytes) -> bytes:
    """The bytes of a text frame from the server (RFC 6455 section 5.2); `text` is UTF-8."""
    return Frame(Opcode.TEXT, text).serialize(mask=False)


