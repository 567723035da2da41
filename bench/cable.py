"""How long a message takes from `cable.publish` in one process to a browser's socket; prints p50 and p99 of several rounds.

    .venv/bin/python bench/cable.py --browsers 100 --messages 1000 --rounds 3

The whole stack runs; this process publishes as a worker would (at random times, about 100 a second) and holds the browsers' sockets,
so both ends read one clock. Loopback only; it ends by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import time

from school import Student, plant_students
from websockets.asyncio.client import ClientConnection, connect

from studium.core.app import create_app
from studium.core.database import db
from studium.services.cable import publish, user_stream
from studium.testing.stack import Stack, percentile

PAUSE_SECONDS = 0.01


async def open_browser(stack: Stack, student: Student) -> ClientConnection:
    """A socket that is subscribed to the student's stream."""
    socket = await connect(f"ws://127.0.0.1:{stack.cable_port}/cable", origin=stack.url, compression=None,  # type: ignore[arg-type]
                           additional_headers={"Cookie": f"studium_session={student.token}"})
    await socket.send(json.dumps({"subscribe": student.stream}))
    assert "subscribed" in await socket.recv()
    return socket


async def listen(socket: ClientConnection, taken: list[float]) -> None:
    """Note how long each message took."""
    async for text in socket:
        arrived = time.perf_counter()
        taken.append(arrived - json.loads(text)["data"]["sent"])


async def one_round(stack: Stack, students: list[Student], messages: int) -> list[float]:
    """Publish to random browsers; the times, sorted."""
    taken: list[float] = []
    sockets = [await open_browser(stack, student) for student in students]
    listeners = [asyncio.create_task(listen(socket, taken)) for socket in sockets]
    loop = asyncio.get_running_loop()
    for _ in range(messages):
        await asyncio.sleep(random.uniform(0, 2 * PAUSE_SECONDS))
        stream = user_stream(random.choice(students).user_id)
        await loop.run_in_executor(None, send, stack, stream)
    await asyncio.sleep(0.5)
    for listener, socket in zip(listeners, sockets, strict=True):
        listener.cancel()
        await socket.close()
    assert len(taken) == messages, f"{messages - len(taken)} messages did not arrive"
    return sorted(taken)


def send(stack: Stack, stream: str) -> None:
    """Publish from another thread, as another process's worker would."""
    with app_of(stack).app_context():
        publish(stream, {"data": {"sent": time.perf_counter()}})


_apps = {}


def app_of(stack: Stack):  # type: ignore[no-untyped-def]
    """One app for all publishing threads."""
    if stack.port not in _apps:
        _apps[stack.port] = create_app(stack.environ, program="worker")
    return _apps[stack.port]


def main() -> None:
    """Run it and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--browsers", type=int, default=100)
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with Stack() as stack:
        students = plant_students(stack, asked.browsers)
        app_of(stack)
        rounds = [asyncio.run(one_round(stack, students, asked.messages)) for _ in range(asked.rounds)]
        p50 = [percentile(taken, 50) * 1000 for taken in rounds]
        p99 = [percentile(taken, 99) * 1000 for taken in rounds]
        print(json.dumps({"browsers": asked.browsers, "messages": asked.messages, "p50_ms": [round(x, 2) for x in p50],
                          "p99_ms": [round(x, 2) for x in p99], "median_p50_ms": round(statistics.median(p50), 2),
                          "median_p99_ms": round(statistics.median(p99), 2)}))
        db.disconnect()


if __name__ == "__main__":
    main()
