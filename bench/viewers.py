"""N simulated students watch at once over real WebSockets; prints acknowledged beats/s, latency, CPU and memory of all server processes.

    .venv/bin/python bench/viewers.py --students 10000 --seconds 60

Starts the whole stack on a temporary data folder and stops it; traffic stays on loopback, and the run ends by itself. Each student has a
session of their own, subscribes to their stream as a page does, and sends a beat every 5 s at a phase of their own. The generator runs
on the same machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import struct
import time
from dataclasses import dataclass, field

from school import Student, plant_students

from studium.testing.stack import Stack, percentile

BEAT_SECONDS = 5.0


@dataclass
class Tally:
    """What the students saw."""

    latencies: list[float] = field(default_factory=list)
    sent: int = 0
    errors: int = 0
    closed: int = 0
    measuring: bool = False


class Viewer(asyncio.Protocol):
    """One student's socket: raw frames, so that the generator stays cheap."""

    def __init__(self, student: Student, stack: Stack, tally: Tally, ready: asyncio.Future[None]) -> None:
        self.student, self.stack, self.tally, self.ready = student, stack, tally, ready
        self.buffer = b""
        self.upgraded = False
        self.pending: dict[int, float] = {}
        self.seq = 0
        self.position = random.randrange(0, 3_600_000)
        self.played = 0
        self.stopped = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        host = f"127.0.0.1:{self.stack.cable_port}"
        transport.write((f"GET /cable HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://127.0.0.1:{self.stack.port}\r\n"
                         f"Cookie: studium_session={self.student.token}\r\n\r\n").encode())

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.upgraded:
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if b" 101 " not in head.split(b"\r\n", 1)[0]:
                self.ready.set_exception(RuntimeError(head.decode() + rest.decode()))
                return
            self.upgraded, self.buffer = True, rest
            self.write(json.dumps({"subscribe": self.student.stream, "after": 0}))
        self._read_frames()

    def _read_frames(self) -> None:
        buffer, at = self.buffer, 0
        while len(buffer) - at >= 2:
            length, start = buffer[at + 1] & 127, at + 2
            if length == 126:
                if len(buffer) - at < 4:
                    break
                length, start = struct.unpack_from("!H", buffer, at + 2)[0], at + 4
            if len(buffer) < start + length:
                break
            self._on_text(buffer[at] & 15, buffer[start:start + length])
            at = start + length
        self.buffer = buffer[at:]

    def _on_text(self, opcode: int, text: bytes) -> None:
        if opcode == 9:
            self.write("", 0x8A)
        elif text.startswith(b'{"ack"'):
            sent_at = self.pending.pop(int(text[text.index(b":") + 1:text.index(b",")]), None)
            if sent_at is not None and self.tally.measuring:
                self.tally.latencies.append(time.perf_counter() - sent_at)
        elif text.startswith(b'{"subscribed"'):
            self.ready.set_result(None)
        elif text.startswith(b'{"error"'):
            self.tally.errors += 1

    def beat(self) -> None:
        if self.stopped:
            return
        self.seq += 1
        start, self.position = self.position, self.position + 5000
        self.played += 5000
        self.pending[self.seq] = time.perf_counter()
        self.tally.sent += self.tally.measuring
        self.write(json.dumps({"beat": {
            "sid": self.student.sid, "seq": self.seq, "segments": [[start, self.position]], "position": self.position, "state": "playing",
            "rate": 1, "age": 3, "played": self.played, "hidden": 0}, "id": self.seq}))
        asyncio.get_running_loop().call_later(BEAT_SECONDS, self.beat)

    def write(self, text: str, opcode: int = 0x81) -> None:
        body = text.encode()
        head = struct.pack("!BB", opcode, 128 | len(body)) if len(body) < 126 else struct.pack("!BBH", opcode, 254, len(body))
        self.transport.write(head + b"\0\0\0\0" + body)

    def connection_lost(self, exc: Exception | None) -> None:
        self.tally.closed += not self.stopped
        self.stopped = True


async def connect_all(stack: Stack, students: list[Student], tally: Tally) -> list[Viewer]:
    """Open the sockets, 200 at a time."""
    loop, viewers = asyncio.get_running_loop(), []
    for first in range(0, len(students), 200):
        batch = []
        for student in students[first:first + 200]:
            ready: asyncio.Future[None] = loop.create_future()
            viewer = Viewer(student, stack, tally, ready)
            await loop.create_connection(lambda viewer=viewer: viewer, "127.0.0.1", stack.cable_port)
            viewers.append(viewer)
            batch.append(ready)
        await asyncio.wait_for(asyncio.gather(*batch), 60)
    return viewers


async def run(stack: Stack, students: list[Student], seconds: int, warm_up: int) -> dict[str, float]:
    """Connect, warm up, measure."""
    tally, began = Tally(), time.perf_counter()
    viewers = await connect_all(stack, students, tally)
    connected = time.perf_counter() - began
    loop = asyncio.get_running_loop()
    for viewer in viewers:
        loop.call_later(random.uniform(0, BEAT_SECONDS), viewer.beat)
    await asyncio.sleep(warm_up)
    cpu, tally.measuring, began = stack.cpu_seconds(), True, time.perf_counter()
    await asyncio.sleep(seconds)
    tally.measuring = False
    spent, took, memory = stack.cpu_seconds() - cpu, time.perf_counter() - began, stack.memory_mb()
    for viewer in viewers:
        viewer.stopped = True
        viewer.transport.close()
    found = sorted(tally.latencies)
    return {
        "students": len(students), "connect_seconds": round(connected, 1), "beats_per_second": round(len(found) / took, 1),
        "unacknowledged": tally.sent - len(found), "errors": tally.errors, "closed": tally.closed,
        "p50_ms": round(percentile(found, 50) * 1000, 2), "p99_ms": round(percentile(found, 99) * 1000, 2),
        "max_ms": round(found[-1] * 1000, 2), "cpu_seconds_per_10000_beats": round(spent / len(found) * 10_000, 2),
        "memory_mb_pss": round(memory, 1),
    }


def main() -> None:
    """Run it and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--warm-up", type=int, default=8)
    asked = parser.parse_args()
    with Stack() as stack:
        students = plant_students(stack, asked.students)
        print(json.dumps(asyncio.run(run(stack, students, asked.seconds, asked.warm_up))))
        for line in stack.report():
            print(line)


if __name__ == "__main__":
    main()
