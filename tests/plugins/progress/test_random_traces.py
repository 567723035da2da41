"""A sample of the property of test_merge.py through the real WebSocket: random traces, doubled and shuffled, equal the clean run."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field

import pytest

from studium.plugins.progress.merge import Beat, Rule, Session, apply, fold
from tests.plugins.progress.conftest import REV, beat, lesson_row, send_beats

pytestmark = pytest.mark.slow

DURATION = 600_000
TRACES = 200


@dataclass
class Device:
    """An honest player in the past: what it reports and when, in ms since the epoch; one beat for each 10 s of wall time."""

    started: int
    at: int = 0
    played: int = 0
    sent: list[tuple[int, Beat]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.at = self.started

    def watch(self, start: int, end: int, rate: float, state: str) -> None:
        while start < end:
            reached = min(end, start + int(10_000 * rate))
            wall = int((reached - start) / rate)
            self.at, self.played = self.at + wall, self.played + wall
            self.sent.append((self.at, Beat(len(self.sent), ((start, reached),), reached, state, 0, self.played, 0)))
            start = reached


def random_devices(chance):
    """One or two devices within the last hours; the later one ends a minute or more after the earlier one."""
    devices, begin = [], int(time.time() * 1000) - 4 * 3_600_000
    for _ in range(chance.choice([1, 1, 2])):
        device = Device(begin)
        for _ in range(chance.randrange(1, 4)):
            start = chance.randrange(0, DURATION - 1_000)
            end = min(DURATION, start + chance.randrange(1_000, 250_000))
            device.watch(start, end, chance.choice([0.75, 1.0, 1.5, 2.0]), chance.choice(["playing", "paused", "seeking", "ended"]))
            device.at += chance.randrange(0, 60_000)
        devices.append(device)
        begin = device.at + 60_000 - chance.randrange(0, 50_000)
    return devices


def clean_run(devices):
    """The lesson as merged in order, each beat once and in time."""
    sessions = []
    for number, device in enumerate(devices):
        session = Session(str(number), REV, device.started)
        for at, sent in device.sent:
            session = apply(session, sent, at, DURATION)
        sessions.append(session)
    return fold(sessions, Rule(DURATION, 90, REV), False)


def test_two_hundred_random_traces_doubled_and_shuffled_equal_the_clean_run(app, cable, anna, plant, ticket):
    chance = random.Random(8)
    page = cable.open(anna.token)
    ids = list(plant({f"lesson-{number}": {} for number in range(TRACES)}).values())
    traces = [random_devices(chance) for _ in ids]
    wire = []
    for lesson_id, devices in zip(ids, traces, strict=True):
        for device in devices:
            sid = ticket(anna, lesson_id, ago=time.time() - device.started / 1000)
            wire += [
                (at, beat(sid, sent.seq, *sent.segments, position=sent.position, state=sent.state, played=sent.played))
                for at, sent in device.sent
            ]
    wire *= 2
    chance.shuffle(wire)
    for first in range(0, len(wire), 400):
        now = int(time.time() * 1000)
        answers = send_beats(page, [sent | {"age": now - at} for at, sent in wire[first : first + 400]])
        assert all("ack" in answer for answer in answers)
    for lesson_id, devices in zip(ids, traces, strict=True):
        expected, row = clean_run(devices), lesson_row(app, anna, lesson_id)
        found = (
            [tuple(segment) for segment in row["segments"]],
            row["covered"],
            row["position"],
            row["watch_time_seconds"],
            row["completed"],
        )
        assert found == (expected.segments, expected.covered, expected.position, expected.played // 1000, expected.completed)
