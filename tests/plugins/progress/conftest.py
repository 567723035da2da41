"""A course to watch, students with watch sessions of any age, and a cable process that merges on the same database."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from flask import Flask

from studium.core import clock
from studium.core.clock import now
from studium.core.database import execute, reading, transaction
from studium.plugins.progress import tickets
from studium.services.courses.entities import Course, Lesson, Module
from tests.cable_process import Browser, CableProcess, Person, running_cable, sign_in_person

REV = "rev-1"
HOUR = 3_600.0
Beat = dict[str, Any]
Plant = Callable[..., dict[str, int]]
Ticket = Callable[..., str]
LESSONS: dict[str, dict[str, Any]] = {
    "water": {},
    "leaves": {},
    "milk": {"duration_ms": 24_000},
    "sugar": {"required": False},
    "open-day": {"preview": True},
    "poem": {"type": "text", "rule": "read", "duration_ms": 0},
    "tasting": {"rule": "button"},
}


def texts(title: str) -> str:
    return json.dumps({"title": {"en": title}, "summary": {}, "description": {}, "body": {"en": title}})


@pytest.fixture
def plant(app: Flask) -> Plant:
    """`plant({"water": {...}})` makes the course "tea" with these lessons, by slug; answers their ids."""

    def do(lessons: Mapping[str, Mapping[str, Any]] = LESSONS) -> dict[str, int]:
        with app.app_context(), transaction():
            at = now()
            course = Course(
                key="tea",
                slug="tea",
                languages="en",
                texts=texts("Tea"),
                revision=str(time.monotonic_ns()),
                content_hash="1",
                archived=False,
                created_at=at,
                updated_at=at,
            )
            module = Module(course=course, key="m", position=0, texts=texts("Start"), archived=False)
            rows = [_lesson(course, module, position, slug, dict(changed)) for position, (slug, changed) in enumerate(lessons.items())]
            course.flush()
            return {row.slug: row.id for row in rows}

    return do


def _lesson(course: Course, module: Module, position: int, slug: str, changed: dict[str, Any]) -> Lesson:
    values: dict[str, Any] = {
        "key": slug,
        "slug": slug,
        "path": f"{slug}.md",
        "type": "video",
        "rule": "watch",
        "threshold": 90,
        "duration_ms": 600_000,
        "preview": False,
        "required": True,
        "available": "now",
        "tiers": "[]",
        "texts": texts(slug.title()),
        "chapters": "[]",
        "asset_rev": REV,
        "content_hash": "1",
        "archived": False,
        "created_at": now(),
        "updated_at": now(),
    } | changed
    row = Lesson(course=course, module=module, position=position, **values)
    row.flush()
    return row


@pytest.fixture
def lessons(plant: Plant) -> dict[str, int]:
    """The ids of the lessons of the course "tea": three videos that count, one that does not, a free one, a text, a video with a button."""
    return plant()


@pytest.fixture
def anna(app: Flask) -> Person:
    return sign_in_person(app, 7)


@pytest.fixture
def boris(app: Flask) -> Person:
    return sign_in_person(app, 8)


@pytest.fixture
def ticket(app: Flask) -> Ticket:
    """`ticket(anna, lesson_id)` is the sid of a watch session that began `ago` seconds before now, 4 hours unless told."""

    def do(person: Person | int, lesson_id: int, ago: float = 4 * HOUR, rev: str = REV, device: str = "computer") -> str:
        began = time.time() - ago
        clock.set_clock(lambda: began)
        try:
            with app.app_context():
                return tickets.issue(person if isinstance(person, int) else person.id, lesson_id, rev, device)
        finally:
            clock.set_clock(None)

    return do


@pytest.fixture(scope="module")
def cable_process(environ: Mapping[str, str]) -> Iterator[CableProcess]:
    fast = {"STUDIUM_CABLE_FRAMES_PER_SECOND": "100000", "STUDIUM_CABLE_FRAMES_BURST": "100000", "STUDIUM_EXTRA_PLUGINS": "chores,diary"}
    with running_cable(environ, **fast) as cable:
        yield cable


@pytest.fixture
def cable(cable_process: CableProcess, app: Flask) -> Iterator[CableProcess]:
    """The cable; sockets that a test leaves open are closed after it."""
    yield cable_process
    cable_process.close_browsers()


def beat(sid: str, seq: int, *segments: tuple[int, int], **changed: Any) -> Beat:
    """A beat as the player sends it: position at the end of the last segment, played as long as the segments."""
    position = segments[-1][1] if segments else 0
    played = sum(end - start for start, end in segments)
    return {
        "sid": sid,
        "seq": seq,
        "segments": [list(segment) for segment in segments],
        "position": position,
        "state": "playing",
        "rate": 1,
        "age": 0,
        "played": played,
        "hidden": 0,
    } | changed


def send_beats(browser: Browser, beats: list[Beat]) -> list[dict[str, Any]]:
    """Send beats over the socket, all at once, and collect their answers (acks or errors) in the given order."""
    for number, sent in enumerate(beats):
        browser.send({"beat": sent, "id": number})
    answers: dict[int, dict[str, Any]] = {}
    while len(answers) < len(beats):
        frame = browser.receive()
        if "stream" not in frame:
            answers[frame["ack"] if "ack" in frame else frame["id"]] = frame
    return [answers[number] for number in range(len(beats))]


def post_beats(client: Any, *beats: Beat, **options: Any) -> Any:
    return client.post("/api/v1/beats", data=json.dumps({"beats": list(beats)}), **options)


def next_live(browser: Browser) -> dict[str, Any]:
    """The data of the next live message, whatever else comes before."""
    while "stream" not in (frame := browser.receive()):
        pass
    found: dict[str, Any] = frame["data"]
    return found


def stored(app: Flask) -> list[Any]:
    """Everything that progress has stored: all rows of both tables, and the completion facts."""
    with app.app_context(), transaction():
        return [
            execute(f"SELECT * FROM {table} ORDER BY id").fetchall()
            for table in ("lesson_progress", "watch_session", "fact")
            if table != "fact"
        ] + [execute("SELECT * FROM fact WHERE name = 'lesson_completed' ORDER BY id").fetchall()]


def lesson_row(app: Flask, person: Person, lesson_id: int) -> dict[str, Any]:
    """The stored row of a lesson, segments as a list; {} when there is none."""
    from studium.plugins.progress.entities import LessonRow

    with app.app_context(), reading():
        row = LessonRow.get(user_id=person.id, lesson_id=lesson_id)
        return row.to_dict() | {"segments": json.loads(row.segments)} if row else {}


def completions(app: Flask) -> list[tuple[int, int]]:
    """(user, lesson) of each completion fact."""
    with app.app_context(), transaction():
        rows = execute("SELECT payload FROM fact WHERE name = 'lesson_completed' ORDER BY id").fetchall()
    return [(payload["user_id"], payload["lesson_id"]) for payload in (json.loads(row[0]) for row in rows)]
