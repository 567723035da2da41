"""Beats over HTTP: merged, answered, all or none; a signed sid is the permission, and of the right person."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

from studium.core.database import transaction
from studium.plugins.progress import beats
from studium.services.courses.entities import Lesson
from tests.plugins.progress.conftest import beat, lesson_row, post_beats, stored

HUGE = 10**400


def test_a_beat_is_answered_with_the_lessons_progress(app, anna, lessons, ticket):
    sid = ticket(anna, lessons["water"])
    answer = post_beats(anna.client, beat(sid, 3, (60_000, 120_000)))
    assert answer.status_code == 200
    assert answer.get_json() == {
        "data": [
            {
                "sid": sid,
                "seq": 3,
                "progress": {"covered": 0.1, "position": 120_000, "completed": False, "missing": [[0, 60_000], [120_000, 600_000]]},
            }
        ],
        "meta": {},
    }


def test_the_lessons_row_carries_what_reports_need(app, anna, lessons, ticket):
    sid = ticket(anna, lessons["water"])
    post_beats(anna.client, beat(sid, 1, (0, 60_000), played=40_500, hidden=700))
    row = lesson_row(app, anna, lessons["water"])
    assert (row["watch_time_seconds"], row["total_duration_seconds"], row["position"], row["covered"]) == (40, 600, 60_000, 60_000)
    assert (row["completed"], row["completed_at"]) == (False, None)
    assert row["last_watched_at"] is not None


def test_what_was_merged_is_in_the_courses_progress(anna, lessons, ticket):
    post_beats(anna.client, beat(ticket(anna, lessons["water"]), 1, (0, 600_000)))
    post_beats(anna.client, beat(ticket(anna, lessons["leaves"]), 1, (0, 150_000)))
    data = anna.client.get("/api/v1/progress/tea").get_json()["data"]
    assert {key: data[key] for key in ("course", "percent", "completed_lessons", "required_lessons")} == {
        "course": "tea",
        "percent": 16,
        "completed_lessons": 1,
        "required_lessons": 6,
    }
    found = {lesson["lesson"]: lesson for lesson in data["lessons"]}
    assert found["water"] == {
        "lesson": "water",
        "lesson_id": lessons["water"],
        "covered": 1.0,
        "position": 600_000,
        "completed": True,
        "missing": [],
    }
    assert found["leaves"] == {
        "lesson": "leaves",
        "lesson_id": lessons["leaves"],
        "covered": 0.25,
        "position": 150_000,
        "completed": False,
        "missing": [[150_000, 600_000]],
    }
    assert found["milk"] == {
        "lesson": "milk",
        "lesson_id": lessons["milk"],
        "covered": 0.0,
        "position": 0,
        "completed": False,
        "missing": [[0, 24_000]],
    }
    assert found["poem"]["missing"] == []


def test_the_progress_of_another_student_is_ones_own_nothing(anna, boris, lessons, ticket):
    post_beats(anna.client, beat(ticket(anna, lessons["water"]), 1, (0, 600_000)))
    data = boris.client.get("/api/v1/progress/tea").get_json()["data"]
    assert (data["completed_lessons"], {lesson["covered"] for lesson in data["lessons"]}) == (0, {0.0})


def test_progress_of_an_unknown_course_is_404_and_of_a_visitor_401(client, anna, lessons):
    assert anna.client.get("/api/v1/progress/none").status_code == 404
    assert client.get("/api/v1/progress/tea").status_code == 401


@pytest.mark.parametrize("kind", ["text/plain;charset=UTF-8", "application/json", "application/octet-stream"])
def test_a_beacon_needs_no_forgery_token_and_no_content_type(anna, lessons, ticket, kind):
    assert post_beats(anna.client, beat(ticket(anna, lessons["water"]), 1, (0, 5_000)), content_type=kind).status_code == 200


def test_a_beacon_after_sign_out_still_counts(app, client, anna, lessons, ticket):
    """The page goes away with the session; the sid is the permission."""
    assert post_beats(client, beat(ticket(anna, lessons["water"]), 1, (0, 5_000))).status_code == 200
    assert lesson_row(app, anna, lessons["water"])["covered"] == 5_000


def test_the_sid_of_somebody_else_is_403_and_stores_nothing(app, anna, boris, lessons, ticket):
    answer = post_beats(boris.client, beat(ticket(anna, lessons["water"]), 1, (0, 5_000)))
    assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")
    assert stored(app) == [[], [], []]


def forged_sids(sid, settings):
    payload, signature = sid.rsplit(".", 1)
    yield payload
    yield f"{payload}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    yield f"x{payload}.{signature}"
    yield URLSafeSerializer("another key" * 4, salt="studium.watch").dumps(["k", 1, 1, "rev-1", 0, "computer"])
    yield URLSafeSerializer(settings.secret, salt="studium.stream").dumps(["k", 1, 1, "rev-1", 0, "computer"])
    yield URLSafeSerializer(settings.secret, salt="studium.watch").dumps(["k", 1])
    yield URLSafeSerializer(settings.secret, salt="studium.watch").dumps({"user": 1})
    yield URLSafeSerializer(settings.secret, salt="studium.watch").dumps(7)
    yield from (".", "x", "..", "\u0000", "Ё")


def test_a_forged_sid_is_422_named_and_stores_nothing(app, anna, lessons, ticket, settings):
    for sid in forged_sids(ticket(anna, lessons["water"]), settings):
        answer = post_beats(anna.client, beat(sid, 1, (0, 5_000)))
        assert (answer.status_code, answer.mimetype) == (422, "application/problem+json"), sid
        assert answer.get_json()["errors"][0]["field"] == "beats.0.sid"
    assert stored(app) == [[], [], []]


def test_all_beats_of_a_request_are_stored_or_none(app, anna, lessons, ticket):
    good = [beat(ticket(anna, lessons["water"]), number, (0, number * 1_000)) for number in range(1, 4)]
    for bad in (beat("forged", 1, (0, 1)), good[0] | {"seq": -1}, beat(ticket(anna, 999_999), 1, (0, 1))):
        assert post_beats(anna.client, *good, bad).status_code == 422
        assert stored(app) == [[], [], []]
    assert post_beats(anna.client, *good).status_code == 200


def test_beats_of_several_sessions_and_lessons_come_back_in_their_order(anna, lessons, ticket):
    sids = [ticket(anna, lessons[name]) for name in ("water", "leaves", "water")]
    answer = post_beats(anna.client, *(beat(sid, number, (number * 60_000, number * 60_000 + 60_000)) for number, sid in enumerate(sids)))
    data = answer.get_json()["data"]
    assert [(item["sid"], item["seq"], item["progress"]["covered"]) for item in data] == [
        (sids[0], 0, 0.2),
        (sids[1], 1, 0.1),
        (sids[2], 2, 0.2),
    ]


def test_a_replayed_beat_changes_nothing(app, anna, lessons, ticket):
    sid = ticket(anna, lessons["water"])
    first, second = beat(sid, 1, (0, 60_000)), beat(sid, 2, (60_000, 120_000), state="paused")
    post_beats(anna.client, first, second)
    row = lesson_row(app, anna, lessons["water"])
    for again in ([first], [second], [second, first], [first, first, second]):
        assert post_beats(anna.client, *again).status_code == 200
    assert lesson_row(app, anna, lessons["water"]) == row


WRONG = [
    ("seq", -1),
    ("seq", 1.5),
    ("seq", "1"),
    ("seq", True),
    ("seq", None),
    ("seq", HUGE),
    ("seq", 2**53),
    ("seq", [1]),
    ("segments", None),
    ("segments", "x"),
    ("segments", [[5, 1]]),
    ("segments", [[1]]),
    ("segments", [[1, 2, 3]]),
    ("segments", [[-1, 5]]),
    ("segments", [[0, 2**53]]),
    ("segments", [[0, 1.5]]),
    ("segments", [["0", "1"]]),
    ("segments", [[True, 5]]),
    ("segments", [[0, HUGE]]),
    ("segments", [[0, 1]] * 1_001),
    ("segments", {"0": 1}),
    ("segments", [[[0, 1], 2]]),
    ("position", -1),
    ("position", "1"),
    ("position", 1e300),
    ("state", "flying"),
    ("state", None),
    ("state", ""),
    ("state", 1),
    ("rate", "1"),
    ("rate", -1),
    ("rate", 17),
    ("rate", None),
    ("age", -1),
    ("age", 0.5),
    ("played", -1),
    ("played", HUGE),
    ("hidden", "x"),
    ("sid", None),
    ("sid", 1),
    ("sid", ""),
    ("sid", "x" * 401),
    ("colour", "red"),
    ("user_id", 1),
]


@pytest.mark.parametrize(("field", "value"), WRONG, ids=lambda value: str(value)[:20])
def test_a_wrong_field_is_422_named_and_stores_nothing(app, anna, lessons, ticket, field, value):
    answer = post_beats(anna.client, beat(ticket(anna, lessons["water"]), 1, (0, 5_000)) | {field: value})
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert any(error["field"].startswith(f"beats.0.{field}") for error in answer.get_json()["errors"])
    assert stored(app) == [[], [], []]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-0.0001", "01", "0x1", "1_000"])
def test_an_odd_number_is_a_4xx_and_stores_nothing(app, anna, lessons, ticket, number):
    for field in ("rate", "position", "seq", "played"):
        text = json.dumps({"beats": [beat(ticket(anna, lessons["water"]), 1, (0, 5_000)) | {field: "@"}]}).replace('"@"', number)
        answer = anna.client.post("/api/v1/beats", data=text)
        assert answer.status_code in (400, 422), (field, number)
        assert answer.mimetype == "application/problem+json"
    assert stored(app) == [[], [], []]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"beats": []},
        {"beats": {}},
        {"beats": None},
        {"beats": [1]},
        {"beats": [[]]},
        [],
        {"beats": [{}]},
        {"beats": [{}] * 101},
        {"beat": {}},
    ],
)
def test_another_body_is_422(anna, lessons, body):
    answer = anna.client.post("/api/v1/beats", data=json.dumps(body))
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")


def test_more_beats_than_allowed_are_refused_and_the_most_are_taken(anna, lessons, ticket):
    many = [beat(ticket(anna, lessons["water"]), number, (number, number + 1)) for number in range(101)]
    assert post_beats(anna.client, *many).status_code == 422
    assert post_beats(anna.client, *many[:100]).status_code == 200


def test_numbers_beyond_the_video_are_cut_to_it(app, anna, lessons, ticket):
    sid = ticket(anna, lessons["milk"])
    answer = post_beats(
        anna.client, beat(sid, 2**53 - 1, (10_000, 2**53 - 1), position=2**53 - 1, played=2**53 - 1, age=2**53 - 1, hidden=2**53 - 1)
    )
    assert answer.get_json()["data"][0]["progress"] == {"covered": 0.5833, "position": 24_000, "completed": False, "missing": [[0, 10_000]]}
    assert lesson_row(app, anna, lessons["milk"])["segments"] == [[10_000, 24_000]]
    assert anna.client.get("/api/v1/progress/tea").status_code == 200


def test_a_thousand_segments_are_read_and_the_missing_parts_are_cut_to_two_hundred(app, anna, lessons, ticket):
    segments = [(number * 500, number * 500 + 250) for number in range(1_000)]
    answer = post_beats(anna.client, beat(ticket(anna, lessons["water"]), 1, *segments))
    assert len(answer.get_json()["data"][0]["progress"]["missing"]) == 200
    assert len(lesson_row(app, anna, lessons["water"])["segments"]) == 1_000


def test_an_impossible_beat_is_no_error_but_does_not_count_until_time_allows_it(app, anna, lessons, csrf, frozen_clock):
    sid = anna.client.post("/api/v1/lessons/tea/water/sessions", json={}, headers=csrf(anna.client)).get_json()["data"]["sid"]
    frozen_clock.advance(5)
    forged = post_beats(anna.client, beat(sid, 1, (0, 600_000)))
    assert forged.status_code == 200
    assert (forged.get_json()["data"][0]["progress"]["covered"], forged.get_json()["data"][0]["progress"]["completed"]) == (0.0, False)
    frozen_clock.advance(240)
    later = post_beats(anna.client, beat(sid, 2, state="paused", position=600_000))
    assert later.get_json()["data"][0]["progress"] == {"covered": 1.0, "position": 600_000, "completed": True, "missing": []}


def test_the_session_of_an_archived_lesson_still_counts(app, anna, lessons, ticket):
    """Somebody watches while the course is imported anew: their seconds are not lost."""
    sid = ticket(anna, lessons["water"])
    with app.app_context(), transaction():
        Lesson[lessons["water"]].archived = True
        Lesson[lessons["water"]].course.revision = "next"
    assert post_beats(anna.client, beat(sid, 1, (0, 60_000))).status_code == 200
    assert lesson_row(app, anna, lessons["water"])["covered"] == 60_000


def test_a_new_video_is_watched_afresh_but_stays_complete(app, anna, lessons, ticket, monkeypatch):
    monkeypatch.setattr(beats, "LESSON_SECONDS", -1)
    old = ticket(anna, lessons["water"])
    assert post_beats(anna.client, beat(old, 1, (0, 600_000))).get_json()["data"][0]["progress"]["completed"]
    with app.app_context(), transaction():
        Lesson[lessons["water"]].asset_rev = "rev-2"
        Lesson[lessons["water"]].duration_ms = 300_000
        Lesson[lessons["water"]].course.revision = "next"
    new = ticket(anna, lessons["water"], rev="rev-2")
    progress = post_beats(anna.client, beat(new, 1, (0, 30_000))).get_json()["data"][0]["progress"]
    assert progress == {"covered": 0.1, "position": 30_000, "completed": True, "missing": [[30_000, 300_000]]}
    late = post_beats(anna.client, beat(old, 2, (0, 600_000))).get_json()["data"][0]["progress"]
    assert (late["covered"], late["completed"]) == (0.1, True)


FLOATS = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | FLOATS | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
FIELDS = ["sid", "seq", "segments", "position", "state", "rate", "age", "played", "hidden", "x"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(FIELDS), JSON, min_size=1, max_size=3), st.sampled_from([None, *FIELDS]))
@pytest.mark.slow
def test_any_mutated_beat_is_taken_or_refused_with_a_problem(app, anna, lessons, ticket, changed, left_out):
    mutated = beat(ticket(anna, lessons["water"]), 1, (0, 5_000)) | changed
    mutated.pop(left_out, None)
    before = stored(app)
    answer = post_beats(anna.client, mutated)
    assert answer.status_code in (200, 400, 422)
    if answer.status_code != 200:
        assert answer.mimetype == "application/problem+json"
        assert stored(app) == before
    row = lesson_row(app, anna, lessons["water"])
    assert not row or (0 <= row["covered"] <= 600_000 and 0 <= row["position"] <= 600_000)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=100)
    | JSON.map(lambda value: json.dumps(value).encode())
    | JSON.map(lambda value: json.dumps({"beats": [value]}).encode())
)
def test_any_other_body_is_refused_with_a_problem_and_stores_nothing(app, client, body):
    answer = client.post("/api/v1/beats", data=body)
    assert answer.status_code in (400, 422)
    assert answer.mimetype == "application/problem+json"
    assert stored(app) == [[], [], []]
