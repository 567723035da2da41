"""Who is enrolled in a course, for whoever writes to all of them."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from studium.core.clock import now
from studium.core.database import execute, transaction
from studium.core.runtime import runtime
from studium.plugins.payments.entities import Enrolment
from tests.plugins.payments.school import School


def enrol(user_id: int, course_id: int, tier_id: int, **values: object) -> None:
    with transaction():
        Enrolment(user_id=user_id, course_id=course_id, tier_id=tier_id, tier_key="basic", source="grant", granted_by="the tests",
                  enrolled_at=now(), **values)


def test_hook_find_enrolled_ids_answers_each_person_with_a_running_enrolment_once(app: Flask, school: School) -> None:
    day = timedelta(days=1)
    with app.app_context():
        enrol(5, school.course, 2)
        enrol(3, school.course, 1)
        enrol(3, school.course, 2, expires_at=now() + day)
        enrol(4, school.course, 1, expires_at=now() - day)
        enrol(6, school.course, 1, revoked_at=now(), revoked_kind="hand")
        enrol(7, school.course + 1, 1)
        enrol(8, school.course, 1)
        hooks = runtime().hooks
        assert list(hooks.find_enrolled_ids(course_id=school.course, after=0, limit=10)) == [3, 5, 8]
        assert list(hooks.find_enrolled_ids(course_id=school.course, after=0, limit=2)) == [3, 5]
        assert list(hooks.find_enrolled_ids(course_id=school.course, after=5, limit=2)) == [8]
        assert list(hooks.find_enrolled_ids(course_id=school.course + 2, after=0, limit=2)) == []


def test_the_people_of_a_course_come_in_their_order_without_a_look_at_all_of_them(app: Flask, school: School) -> None:
    statements: list[str] = []
    with app.app_context():
        with transaction():
            connection = execute("SELECT 1").connection
        connection.set_trace_callback(statements.append)
        runtime().hooks.find_enrolled_ids(course_id=school.course, after=3, limit=2)
        connection.set_trace_callback(None)
        (found,) = [text for text in statements if '"enrolment"' in text]
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {found}")]
    assert len(plan) == 1
    assert "course_id=? AND revoked_at=? AND user_id>?" in plan[0]
