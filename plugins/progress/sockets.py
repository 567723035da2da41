"""Beats over the WebSocket: checked on the loop, merged by the writer thread many at a time, acknowledged after the commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask
from pydantic import ValidationError
from pydantic_core import to_json

from studium.core import database
from studium.core.clock import now_ms
from studium.core.logs import get_logger
from studium.plugins.progress import beats, tickets
from studium.plugins.progress.announcing import show
from studium.plugins.progress.live import Change
from studium.plugins.progress.schemas import BeatIn
from studium.services.cable.connection import Connection, serialize
from studium.services.cable.group_commit import GroupCommit
from studium.services.cable.hub import Hub

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A beat on its way through the writer, and who waits for the acknowledgement."""

    connection: Connection
    frame_id: int | str | None
    received: beats.Received


class BeatSocket:
    """The handler of `{"beat": {...}, "id": n}` frames of one cable process."""

    def __init__(self, app: Flask, hub: Hub) -> None:
        self._hub = hub
        self._app = app
        self._writer: GroupCommit[Waiting] = GroupCommit(app, self._write, self._refuse, "beat-writer")

    def start(self) -> None:
        """Start the writer, and let the cable's heartbeat depend on it."""
        self._writer.start()
        self._hub.writers.append(self._writer)

    def on_beat(self, connection: Connection, frame: dict[str, Any]) -> None:
        """Check a beat and hand it to the writer; what is wrong is answered at once and stored nowhere."""
        frame_id = frame.get("id")
        if not isinstance(frame_id, int | str) or isinstance(frame_id, bool) or len(frame) != 2 or len(str(frame_id)) > 64:
            connection.send_error("malformed", 'It is {"beat": {...}, "id": <number>}.', frame_id)
            return
        try:
            beat = BeatIn.model_validate(frame["beat"])
        except ValidationError as error:
            connection.send_error("invalid", _explain(error), frame_id)
            return
        with self._app.app_context():
            ticket = tickets.read(beat.sid)
        if ticket is None or ticket.user_id != connection.user.id:
            connection.send_error("forbidden", "This is not a watch session of yours. Open a new one.", frame_id)
            return
        self._writer.submit(Waiting(connection, frame_id, beats.Received(ticket, beat.as_beat(), now_ms())))

    def _write(self, batch: Sequence[Waiting]) -> None:
        """On the writer's thread: one transaction, then the acknowledgements, then the other tabs."""
        answers = beats.take([waiting.received for waiting in batch])
        self._answer(batch, [_acknowledge(waiting, answer) for waiting, answer in zip(batch, answers, strict=True)])
        show([answer for answer in answers if isinstance(answer, Change)])

    def _refuse(self, batch: Sequence[Waiting], error: Exception) -> None:
        """The batch failed: because of the database, all of it; else beats are tried one by one, and only the one at fault is refused."""
        if len(batch) == 1 or isinstance(error, database.UNAVAILABLE):
            self._answer(batch, [_error(waiting, "unavailable", "Not stored; send it again.") for waiting in batch])
            return
        for waiting in batch:
            try:
                self._write([waiting])
            except Exception as again:
                log.exception("beat_not_stored", user_id=waiting.connection.user.id)
                self._refuse([waiting], again)

    def _answer(self, batch: Sequence[Waiting], frames: Sequence[bytes]) -> None:
        def send() -> None:
            for waiting, frame in zip(batch, frames, strict=True):
                waiting.connection.send_frame(frame)

        self._hub.call_soon(send)


def start(hub: Hub) -> BeatSocket:
    """The handler, with its writer running; called in the cable process."""
    socket = BeatSocket(hub.app, hub)
    socket.start()
    return socket


def _acknowledge(waiting: Waiting, answer: Change | beats.Refusal) -> bytes:
    if isinstance(answer, beats.Refusal):
        return _error(waiting, answer.code, answer.message)
    return serialize(to_json({"ack": waiting.frame_id, "progress": answer.answer()}))


def _error(waiting: Waiting, code: str, message: str) -> bytes:
    return serialize(to_json({"error": {"code": code, "message": message}, "id": waiting.frame_id}))


def _explain(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_context=False, include_input=False)[:5]
    return "; ".join(f"{'.'.join(str(part) for part in item['loc']) or 'beat'}: {item['msg']}" for item in found)
