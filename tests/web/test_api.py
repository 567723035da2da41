"""The catalogue as JSON."""

from __future__ import annotations

from flask.testing import FlaskClient

from tests.conftest import SignIn
from tests.web.conftest import Csrf

LESSON = {
    "id",
    "slug",
    "title",
    "type",
    "rule",
    "threshold",
    "duration_ms",
    "preview",
    "required",
    "open",
    "url",
    "progress",
}


def test_courses_are_listed_with_the_envelope(client: FlaskClient, course: str) -> None:
    answer = client.get("/api/v1/courses")
    assert answer.mimetype == "application/json"
    body = answer.get_json()
    assert set(body) == {"data", "meta"}
    [found] = body["data"]
    assert found["slug"] == "rivers"
    assert found["lesson_count"] == 3
    assert found["duration_ms"] == 200_000
    assert found["progress"] is None


def test_visitor_sees_the_lessons_and_that_only_the_preview_is_open(client: FlaskClient, course: str) -> None:
    found = client.get("/api/v1/courses/rivers").get_json()["data"]
    lessons = [lesson for module in found["modules"] for lesson in module["lessons"]]
    assert [lesson["slug"] for lesson in lessons] == ["part-1", "part-2", "poem"]
    assert [lesson["open"] for lesson in lessons] == [True, False, False]
    assert all(set(lesson) == LESSON for lesson in lessons)
    assert found["tiers"][0]["prices"] == {"RUB": "2900.00", "USD": "29.00"}


def test_student_sees_their_own_progress(client: FlaskClient, course: str, sign_in: SignIn, csrf: Csrf) -> None:
    sign_in(client)
    client.post("/api/v1/lessons/rivers/poem/completion", json={}, headers=csrf(client))
    found = client.get("/api/v1/courses/rivers").get_json()["data"]
    assert found["progress"] == {"percent": 33, "completed_lessons": 1, "required_lessons": 3}
    poem = found["modules"][0]["lessons"][2]
    assert poem["progress"]["completed"] is True
    other = client.application.test_client()
    sign_in(other, telegram_id=8, first_name="Boris")
    assert other.get("/api/v1/courses/rivers").get_json()["data"]["progress"]["completed_lessons"] == 0


def test_titles_follow_the_language(client: FlaskClient, course: str) -> None:
    found = client.get("/api/v1/courses/rivers", headers={"Accept-Language": "ru"}).get_json()["data"]
    assert found["title"] == "Реки"


def test_unknown_course_is_a_problem(client: FlaskClient) -> None:
    answer = client.get("/api/v1/courses/lakes")
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert answer.get_json()["code"] == "not-found"
