"""Students watch while processes are killed (-9) at random moments under the real supervisord.conf: no acknowledged second is lost, every
completion is told once, no job is lost, and everything comes back by itself.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from studium.testing.stack import Stack
from tests.faults.plant import DURATION_MS
from tests.faults.stack import wait_until
from tests.faults.students import HttpStudent, SocketStudent, Student

pytestmark = pytest.mark.faults
HERE = Path(__file__).parent
ROUNDS = int(os.environ.get("STUDIUM_FAULT_ROUNDS", "50"))
STUDENTS = 8
LESSONS = 60
VICTIMS = ("studium.web.cable", "studium.web.cable", "studium.web.wsgi", "worker default", "worker realtime")
PLUGINS = {
    "STUDIUM_EXTRA_PLUGINS": "chores,diary",
    "PYTHONPATH": str(HERE.parent / "plugins_under_test"),
    "STUDIUM_QUEUE_MAX_CRASHES": "1000",
}


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with Stack(tmp_path, PLUGINS) as stack:
        yield stack


class Asker:
    """A process that enqueues jobs and tells their ids once they are committed."""

    def __init__(self, stack: Stack) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "asker.py")], env=stack.environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.jobs: set[str] = set()

    def ask(self, **params: Any) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"kind": "chore", "params": params}) + "\n")
        self._process.stdin.flush()
        self.jobs.add(json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        self._process.communicate(timeout=20)


def test_killed_at_random_moments_nothing_acknowledged_is_lost(stack: Stack) -> None:
    chance = random.Random(ROUNDS)
    students = start_students(stack)
    asker, killed = Asker(stack), Counter[str]()
    for turn in range(ROUNDS):
        asker.ask(word=f"{turn}", seconds=chance.choice([0, 0.05, 0.3]))
        time.sleep(chance.uniform(0.2, 1.4))  # the random moment
        killed[strike(stack, chance)] += 1
    asker.close()
    for student in students:
        student.stop.set()
    for student in students:
        student.join(90)
        assert not student.is_alive(), f"{student.name} waits for acknowledgements"
    stack.wait_until_up(60)
    wait_until(lambda: not query(stack, "SELECT 1 FROM job WHERE state IN ('queued', 'running', 'retrying') LIMIT 1"), 60, "every job ends")
    assert_no_second_is_lost(stack, students)
    assert_each_completion_is_told_once(stack, students)
    assert_no_job_is_lost(stack, asker.jobs)
    assert sum(killed.values()) == ROUNDS
    assert all(student.watched for student in students)


def start_students(stack: Stack) -> list[Student]:
    command = [sys.executable, str(HERE / "plant.py"), str(STUDENTS), str(LESSONS)]
    planted = json.loads(subprocess.run(command, env=stack.environ, check=True, capture_output=True, text=True).stdout)
    students: list[Student] = [
        HttpStudent(number, found, DURATION_MS, stack.url)
        if number % 4 == 0
        else SocketStudent(number, found, DURATION_MS, stack.cable_port)
        for number, found in enumerate(planted)
    ]
    for student in students:
        student.start()
    return students


def strike(stack: Stack, chance: random.Random) -> str:
    """Kill one process that this stack started, a gunicorn master, one of its workers or a consumer; its words."""
    words = chance.choice(VICTIMS)
    wait_until(lambda: stack.pids(words), 30, f"{words} runs")
    try:
        os.kill(chance.choice(stack.pids(words)), signal.SIGKILL)
    except (ProcessLookupError, IndexError):
        return strike(stack, chance)  # it went by itself, as an orphan of the kill before
    return words


def query(stack: Stack, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(stack.data_dir / "studium.sqlite3", timeout=20)) as connection:
        return connection.execute(sql, values).fetchall()


def within(segment: tuple[int, int], segments: list[list[int]]) -> bool:
    return any(start <= segment[0] and segment[1] <= end for start, end in segments)


def assert_no_second_is_lost(stack: Stack, students: list[Student]) -> None:
    sessions = {
        (user, lesson): json.loads(text) for user, lesson, text in query(stack, "SELECT user_id, lesson_id, segments FROM watch_session")
    }
    lessons = {
        (user, lesson): json.loads(text) for user, lesson, text in query(stack, "SELECT user_id, lesson_id, segments FROM lesson_progress")
    }
    for student in students:
        for lesson, acknowledged in student.acknowledged.items():
            for segment in acknowledged:
                assert within(segment, sessions[student.user, lesson]), f"{student.name} lost {segment} of lesson {lesson}"
                assert within(segment, lessons[student.user, lesson]), f"{student.name} does not see {segment} of lesson {lesson}"


def assert_each_completion_is_told_once(stack: Stack, students: list[Student]) -> None:
    expected = {(student.user, lesson) for student in students for lesson in student.watched}
    facts = {fact: json.loads(payload) for fact, payload in query(stack, "SELECT id, payload FROM fact WHERE name = 'lesson_completed'")}
    told = Counter((payload["user_id"], payload["lesson_id"]) for payload in facts.values())
    assert set(told) == expected
    assert set(told.values()) == {1}
    delivered = Counter(fact for (fact,) in query(stack, "SELECT fact FROM fact_delivery WHERE subscriber = 'diary'"))
    assert delivered == Counter(list(facts))
    diary = {tuple(map(int, line.split())) for line in (stack.data_dir / "diary").read_text().splitlines()}
    assert diary == expected
    completed = query(stack, "SELECT user_id, lesson_id FROM lesson_progress WHERE completed AND completed_at IS NOT NULL")
    assert set(completed) == expected


def assert_no_job_is_lost(stack: Stack, jobs: set[str]) -> None:
    states = dict(query(stack, "SELECT id, state FROM job"))
    assert len(jobs) == ROUNDS
    assert jobs <= set(states)
    assert set(states.values()) == {"succeeded"}
