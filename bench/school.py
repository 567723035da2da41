"""Plants a course with a long video lesson, and students with open sessions, straight into a stack's database."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import timedelta

from studium.core.app import create_app
from studium.core.clock import now
from studium.core.database import db, execute, execute_many, transaction
from studium.plugins.progress import tickets
from studium.services.cable import sign_stream, user_stream
from studium.services.courses.entities import Course, Lesson, Module
from studium.testing.stack import Stack

HOURS_2 = 7_200_000


@dataclass(frozen=True)
class Student:
    """What a student's browser has."""

    user_id: int
    token: str
    sid: str
    stream: str


def plant_students(stack: Stack, number: int) -> list[Student]:
    """Make the course and `number` signed-in students, each with a watch session."""
    app = create_app(stack.environ, program="cli")
    with app.app_context():
        with transaction():
            lesson_id = plant_lesson()
            users = _plant_users(number)
        students = [Student(user_id, token, tickets.issue(user_id, lesson_id, "rev-1", "computer"), sign_stream(user_stream(user_id)))
                    for user_id, token in users]
    db.disconnect()
    return students


def plant_lesson() -> int:
    """A course with one lesson of two hours; its id. Needs a transaction."""
    at, text = now(), json.dumps({"title": {"en": "Long"}, "summary": {}, "description": {}, "body": {"en": "Watch."}})
    course = Course(key="bench", slug="bench", languages="en", texts=text, revision="1", content_hash="1", archived=False,
                    created_at=at, updated_at=at)
    module = Module(course=course, key="m", position=0, texts=text, archived=False)
    lesson = Lesson(course=course, module=module, key="long", slug="long", path="long.md", position=0, type="video", rule="watch",
                    threshold=90, duration_ms=HOURS_2, preview=False, required=True, available="now", tiers="[]", texts=text, chapters="[]",
                    asset_rev="rev-1", content_hash="1", archived=False, created_at=at, updated_at=at)
    lesson.flush()
    return int(lesson.id)


def _plant_users(number: int) -> list[tuple[int, str]]:
    at = now().strftime("%Y-%m-%d %H:%M:%S.%f")
    later = (now() + timedelta(days=30)).strftime("%Y-%m-%d %H:%M:%S.%f")
    generations = [secrets.token_urlsafe(16) for _ in range(number)]
    execute_many('INSERT INTO "user" (telegram_id, username, first_name, last_name, session_token, authenticated, language, time_zone, '
                 "created_at, updated_at) VALUES (?, '', 'Student', '', ?, 1, '', 'UTC', ?, ?)",
                 [(5_000_000 + index, generation, at, at) for index, generation in enumerate(generations)])
    ids = [row[0] for row in execute('SELECT id FROM "user" WHERE telegram_id >= 5000000 ORDER BY telegram_id').fetchall()]
    tokens = [secrets.token_urlsafe(32) for _ in ids]
    execute_many('INSERT INTO user_session ("user", token_hash, generation, method, user_agent, address, created_at, seen_at, expires_at) '
                 "VALUES (?, ?, ?, 'bench', '', '', ?, ?, ?)",
                 [(user_id, hashlib.sha256(token.encode()).hexdigest(), generation, at, at, later)
                  for user_id, token, generation in zip(ids, tokens, generations, strict=True)])
    return list(zip(ids, tokens, strict=True))
