"""The progress in several courses, asked for at once."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from studium.core.runtime import runtime
from studium.services.courses.catalogue import find_courses
from studium.services.progress import find_courses_progress
from tests.cable_process import sign_in_person
from tests.plugins.progress.conftest import Plant
from tests.web.conftest import Csrf


def test_hook_find_courses_progress_answers_each_course_as_the_question_for_one_does(app: Flask, plant: Plant, csrf: Csrf) -> None:
    plant()
    anna, boris = sign_in_person(app, 7), sign_in_person(app, 8)
    complete(anna.client, csrf, "poem")
    with app.app_context():
        (course,) = find_courses("en")
        found = runtime().hooks.find_courses_progress(user_id=anna.id, course_ids=[course.id, 999_999])
        assert found == {course.id: runtime().hooks.find_course_progress(user_id=anna.id, course_id=course.id)}
        assert (found[course.id].completed_lessons, list(found[course.id].lessons)) == (1, [course.lessons[5].id])
        assert find_courses_progress(boris.id, [course.id])[course.id].lessons == {}
        assert find_courses_progress(anna.id, []) == {}


def complete(client: FlaskClient, csrf: Csrf, lesson: str) -> None:
    assert client.post(f"/api/v1/lessons/tea/{lesson}/completion", headers=csrf(client)).status_code == 200
