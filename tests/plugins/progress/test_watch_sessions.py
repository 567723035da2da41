"""Opening a lesson gives a watch session: who, which video, since when, and where to go on."""

from __future__ import annotations

import pytest

from studium.core.database import transaction
from studium.plugins.progress import tickets
from studium.services.courses.entities import Lesson
from tests.plugins.progress.conftest import beat, post_beats, stored


def open_session(person, csrf, lesson="water", course="tea", **options):
    return person.client.post(
        f"/api/v1/lessons/{course}/{lesson}/sessions", json={}, headers=csrf(person.client) | options.pop("headers", {}), **options
    )


def test_it_tells_everything_that_the_player_needs(anna, lessons, csrf):
    answer = open_session(anna, csrf)
    assert answer.status_code == 200
    data = answer.get_json()["data"]
    assert data == {
        "sid": data["sid"],
        "duration": 600_000,
        "position": 0,
        "covered": 0.0,
        "segments": [],
        "missing": [[0, 600_000]],
        "completed": False,
    }


def test_the_sid_names_user_lesson_video_and_start(app, anna, lessons, csrf, frozen_clock):
    sid = open_session(anna, csrf).get_json()["data"]["sid"]
    with app.app_context():
        ticket = tickets.read(sid)
    assert ticket is not None
    assert (ticket.user_id, ticket.lesson_id, ticket.asset_rev, ticket.device) == (anna.id, lessons["water"], "rev-1", "computer")
    assert ticket.started_at == int(frozen_clock.seconds * 1000)


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148", "phone"),
        ("Mozilla/5.0 (Linux; Android 14)", "phone"),
        ("Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0", "computer"),
        ("", "computer"),
    ],
)
def test_the_sid_knows_the_kind_of_device(app, anna, lessons, csrf, agent, device):
    sid = open_session(anna, csrf, headers={"User-Agent": agent}).get_json()["data"]["sid"]
    with app.app_context():
        assert tickets.read(sid).device == device


def test_every_opening_is_a_session_of_its_own_and_stores_nothing(app, anna, lessons, csrf):
    sids = {open_session(anna, csrf).get_json()["data"]["sid"] for _ in range(5)}
    assert len(sids) == 5
    assert stored(app) == [[], [], []]


@pytest.mark.parametrize(
    ("watched", "idle", "resumes"),
    [
        (300_000, 0, 300_000),
        (300_000, 599, 300_000),
        (300_000, 601, 297_000),
        (2_000, 700, 0),
        (581_000, 0, 581_000),
        (585_000, 0, 0),
        (600_000, 0, 0),
    ],
)
def test_it_goes_on_where_the_student_stopped(app, anna, lessons, csrf, frozen_clock, watched, idle, resumes):
    sid = open_session(anna, csrf).get_json()["data"]["sid"]
    frozen_clock.advance(700)
    assert post_beats(anna.client, beat(sid, 1, (0, watched))).status_code == 200
    frozen_clock.advance(idle)
    data = open_session(anna, csrf).get_json()["data"]
    assert data["position"] == resumes
    assert data["segments"] == [[0, watched]]
    assert data["missing"] == ([[watched, 600_000]] if watched < 600_000 else [])
    assert data["covered"] == round(watched / 600_000, 4)


def test_after_the_end_it_begins_anew(anna, lessons, csrf, ticket):
    sid = ticket(anna, lessons["water"])
    post_beats(anna.client, beat(sid, 1, (0, 300_000), state="ended"))
    assert open_session(anna, csrf).get_json()["data"]["position"] == 0


def test_a_text_has_nothing_to_watch(anna, lessons, csrf):
    answer = open_session(anna, csrf, "poem")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "conflict")


@pytest.mark.parametrize(("course", "lesson"), [("tea", "none"), ("none", "water"), ("tea", "%2e%2e"), ("tea", "water%00")])
def test_an_unknown_lesson_is_404(anna, lessons, csrf, course, lesson):
    answer = open_session(anna, csrf, lesson, course)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_an_archived_lesson_or_course_is_404(app, anna, lessons, csrf):
    with app.app_context(), transaction():
        Lesson[lessons["water"]].archived = True
        Lesson[lessons["water"]].course.revision = "next"
    assert open_session(anna, csrf).status_code == 404
    with app.app_context(), transaction():
        Lesson[lessons["leaves"]].course.archived = True
    assert open_session(anna, csrf, "leaves").status_code == 404


def test_a_visitor_is_401_also_for_a_free_preview(client, lessons, csrf):
    for lesson in ("water", "open-day"):
        answer = client.post(f"/api/v1/lessons/tea/{lesson}/sessions", json={}, headers=csrf(client))
        assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")


def test_it_needs_the_forgery_token(anna, lessons):
    assert anna.client.post("/api/v1/lessons/tea/water/sessions", json={}).status_code == 400


def test_who_may_not_watch_gets_404_but_for_the_preview(app, anna, lessons, csrf):
    from studium.core.plugins import hookimpl

    class Till:
        @hookimpl
        def may_watch(self, user_id, lesson_id):
            return False

    plugins, till = app.extensions["studium"].plugins, Till()
    plugins.register(till, name="till")
    try:
        assert open_session(anna, csrf).status_code == 404
        assert open_session(anna, csrf, "open-day").status_code == 200
    finally:
        plugins.unregister(till)
