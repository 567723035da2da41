"""The pages of the site, as visitors and as a student."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from tests.conftest import SignIn
from tests.web.conftest import Csrf


def test_empty_catalogue_says_so(client: FlaskClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "There are no courses yet" in page.text


def test_catalogue_shows_each_course_with_its_size(client: FlaskClient, course: str) -> None:
    page = client.get("/").text
    assert 'href="/courses/rivers"' in page
    assert "3 lessons" in page
    assert "3 min" in page


def test_visitor_sees_the_course_its_tiers_and_the_free_lesson(client: FlaskClient, course: str) -> None:
    page = client.get("/courses/rivers").text
    assert "<strong>rivers</strong>" in page
    assert "$29" in page
    assert "RUB" in page or "₽" in page
    assert "180 days of access" in page
    assert "Access for life" in page
    assert 'href="/courses/rivers/part-1"' in page
    assert "data-progress-lesson" not in page
    assert "studium-stream" not in page


def test_prices_follow_the_language(client: FlaskClient, course: str) -> None:
    page = client.get("/courses/rivers", headers={"Accept-Language": "ru"}).text
    assert re.search(r"<strong>2.900.₽</strong>", page)
    assert re.search(r"<strong>9.900,50.₽</strong>", page)


def test_student_sees_the_progress_and_where_to_go_on(client: FlaskClient, course: str, sign_in: SignIn) -> None:
    sign_in(client)
    page = client.get("/courses/rivers").text
    assert 'data-progress-course="rivers"' in page
    assert page.count("data-progress-lesson=") == 3
    assert "0 of 3 lessons" in page
    assert 'name="studium-stream"' in page


def test_visitor_watches_the_free_lesson_without_a_session(client: FlaskClient, course: str) -> None:
    page = client.get("/courses/rivers/part-1")
    assert page.status_code == 200
    assert "<video controls" in page.text
    assert '<track kind="captions"' in page.text
    assert "Sign in and your progress is kept" in page.text
    assert 'id="missing-parts"' not in page.text


def test_visitor_of_a_paid_lesson_goes_to_sign_in_and_back(client: FlaskClient, course: str) -> None:
    answer = client.get("/courses/rivers/part-2?t=30")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/login?next=/courses/rivers/part-2%3Ft%3D30"


def test_student_gets_the_player_the_missing_parts_and_the_chapters(
    client: FlaskClient, course: str, sign_in: SignIn
) -> None:
    sign_in(client)
    page = client.get("/courses/rivers/part-2").text
    assert 'data-duration="100000"' in page
    assert "You still need 1:29" in page  # 90 % of (100 s - 2 s) is 88.2 s
    assert "0:00 – 1:40" in page
    assert "Middle" in page
    assert 'rel="prev"' in page
    assert 'rel="next"' in page


def test_text_lesson_says_how_it_is_completed(client: FlaskClient, course: str, sign_in: SignIn) -> None:
    sign_in(client)
    page = client.get("/courses/rivers/poem").text
    assert "The river runs." in page
    assert 'data-rule="read"' in page
    assert "studium-player" not in page


def test_watched_lesson_shows_on_dashboard_with_its_place(
    client: FlaskClient, course: str, sign_in: SignIn, csrf: Csrf
) -> None:
    sign_in(client)
    watch(client, csrf, "part-2", [[0, 9000]], 9000)
    page = client.get("/dashboard").text
    assert "Go on where you stopped." in page
    assert "Continue at 0:09" in page
    assert "9% watched" in client.get("/courses/rivers").text


def test_completed_lesson_is_shown_as_completed(client: FlaskClient, course: str, sign_in: SignIn, csrf: Csrf) -> None:
    sign_in(client)
    answer = client.post("/api/v1/lessons/rivers/poem/completion", json={}, headers=csrf(client))
    assert answer.status_code == 200
    page = client.get("/courses/rivers/poem").text
    assert 'data-state="completed"' in page
    assert "1 of 3 lessons" in page


def test_dashboard_sends_visitors_to_sign_in(client: FlaskClient) -> None:
    answer = client.get("/dashboard")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/login?next=/dashboard")


@pytest.mark.parametrize("path", ["/courses/lakes", "/courses/rivers/part-99", "/courses/lakes/part-1", "/nothing"])
def test_what_is_not_there_is_404_with_a_way_on(client: FlaskClient, course: str, path: str) -> None:
    page = client.get(path)
    assert page.status_code == 404
    assert "There is nothing here" in page.text
    assert 'href="/"' in page.text


def watch(client: FlaskClient, csrf: Csrf, lesson: str, segments: list[list[int]], position: int) -> None:
    """Report watched time as a player does."""
    headers = csrf(client)
    session = client.post(f"/api/v1/lessons/rivers/{lesson}/sessions", json={}, headers=headers).get_json()["data"]
    beat = {
        "sid": session["sid"],
        "seq": 1,
        "segments": segments,
        "position": position,
        "state": "paused",
        "rate": 1,
        "age": 0,
        "played": 9000,
        "hidden": 0,
    }
    assert client.post("/api/v1/beats", json={"beats": [beat]}).status_code == 200
