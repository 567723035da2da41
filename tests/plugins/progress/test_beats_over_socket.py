"""Beats over the real WebSocket: acknowledged after the commit, live in the student's other tabs, and harmless whatever they hold."""

from __future__ import annotations

import json
import random
import sqlite3
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studium.core.database import DATABASE_FILE
from tests.plugins.progress.conftest import beat, lesson_row, next_live, post_beats, send_beats, stored
from tests.plugins.progress.test_beats_over_http import FIELDS, JSON, WRONG, forged_sids

pytestmark = pytest.mark.slow


@pytest.fixture
def page(cable, anna, lessons):
    """Anna's open page; at the end it is still served, by the same process."""
    worker, browser = cable.worker_pid(), cable.open(anna.token)
    yield browser
    assert browser.ask({"dance": 1})["error"]["code"] == "unknown"
    assert cable.worker_pid() == worker


def test_an_acknowledgement_is_the_id_and_the_progress_and_nothing_else(page, anna, lessons, ticket):
    sid = ticket(anna, lessons["water"])
    assert page.ask({"beat": beat(sid, 1, (0, 60_000)), "id": 17}) == {
        "ack": 17,
        "progress": {"covered": 0.1, "position": 60_000, "completed": False, "missing": [[60_000, 600_000]]},
    }
    assert page.ask({"beat": beat(sid, 2, (60_000, 600_000), state="ended"), "id": "last"}) == {
        "ack": "last",
        "progress": {"covered": 1.0, "position": 0, "completed": True, "missing": []},
    }


def test_what_is_acknowledged_is_committed(app, page, anna, lessons, ticket, settings):
    with closing(sqlite3.connect(settings.core.data_dir / DATABASE_FILE)) as connection:
        for number in range(1, 21):
            page.ask({"beat": beat(ticket(anna, lessons["water"]), 1, (0, number * 1_000)), "id": number})
            rows = connection.execute("SELECT covered FROM lesson_progress WHERE user_id = ?", (anna.id,)).fetchall()
            assert rows == [(number * 1_000,)]


def test_beats_of_socket_and_http_add_up(app, page, anna, lessons, ticket):
    sid = ticket(anna, lessons["water"])
    send_beats(page, [beat(sid, 1, (0, 60_000))])
    post_beats(anna.client, beat(sid, 2, (120_000, 180_000)))
    (answer,) = send_beats(page, [beat(sid, 3, (60_000, 120_000))])
    assert answer["progress"]["missing"] == [[180_000, 600_000]]
    assert anna.client.get("/api/v1/progress/tea").get_json()["data"]["lessons"][0]["covered"] == 0.3


def test_the_other_pages_of_the_student_see_it_live_and_nobody_else_does(cable, page, anna, boris, lessons, ticket):
    other, stranger = cable.open(anna.token), cable.open(boris.token)
    other.subscribe(anna.stream)
    stranger.subscribe(boris.stream)
    sid = ticket(anna, lessons["water"], device="phone")
    send_beats(page, [beat(sid, 1, (0, 60_000))])
    assert next_live(other) == {
        "type": "progress",
        "course": "tea",
        "lesson": "water",
        "lesson_id": lessons["water"],
        "sid": sid,
        "device": "phone",
        "covered": 0.1,
        "position": 60_000,
        "completed": False,
        "missing": [[60_000, 600_000]],
    }
    send_beats(stranger, [beat(ticket(boris, lessons["milk"]), 1, (0, 1_000))])
    assert next_live(stranger)["lesson"] == "milk"


def test_a_completion_brings_the_courses_numbers_along(cable, page, anna, lessons, ticket):
    other = cable.open(anna.token)
    other.subscribe(anna.stream)
    sid = ticket(anna, lessons["water"])
    send_beats(page, [beat(sid, 1, (0, 600_000))])
    live = next_live(other)
    assert (live["completed"], live["completed_lessons"], live["required_lessons"], live["percent"]) == (True, 1, 6, 16)
    send_beats(page, [beat(sid, 2, (0, 1_000))])
    assert "percent" not in next_live(other)


def test_beats_over_http_are_shown_live_too(cable, anna, lessons, ticket):
    other = cable.open(anna.token)
    other.subscribe(anna.stream)
    post_beats(anna.client, beat(ticket(anna, lessons["leaves"]), 1, (0, 60_000)))
    assert next_live(other)["lesson"] == "leaves"


def test_a_page_that_comes_back_soon_sees_every_change_it_missed(cable, page, anna, lessons, ticket):
    other = cable.open(anna.token)
    seen = other.subscribe(anna.stream)
    sid = ticket(anna, lessons["water"])
    for number in range(1, 6):
        send_beats(page, [beat(sid, number, (0, number * 1_000))])
        assert next_live(other)["position"] == number * 1_000
    back = cable.open(anna.token)
    back.subscribe(anna.stream, after=seen)
    assert [next_live(back)["position"] for _ in range(5)] == [1_000, 2_000, 3_000, 4_000, 5_000]
    assert back.ask({"dance": 1})["error"]["code"] == "unknown"


def test_a_forged_or_foreign_sid_gets_an_error_frame_and_stores_nothing(app, page, anna, boris, lessons, ticket, settings):
    foreign = ticket(boris, lessons["water"])
    for sid in (foreign, *forged_sids(ticket(anna, lessons["water"]), settings)):
        answer = page.ask({"beat": beat(sid, 1, (0, 5_000)), "id": 3})
        assert (answer["error"]["code"], answer["id"]) == ("forbidden", 3), sid
    assert stored(app) == [[], [], []]


def test_the_session_of_a_lesson_that_never_was_is_gone(app, page, anna, ticket):
    answer = page.ask({"beat": beat(ticket(anna, 999_999), 1, (0, 5_000)), "id": 3})
    assert (answer["error"]["code"], answer["id"]) == ("gone", 3)
    assert stored(app) == [[], [], []]


@pytest.mark.parametrize(
    "frame",
    [
        {"beat": {}},
        {"beat": {}, "id": None},
        {"beat": {}, "id": True},
        {"beat": {}, "id": 1.5},
        {"beat": {}, "id": [1]},
        {"beat": {}, "id": "x" * 65},
        {"beat": {}, "id": 10**65},
        {"beat": {}, "id": 1, "after": 2},
        {"beat": {}, "id": 1, "subscribe": "x"},
    ],
)
def test_a_malformed_frame_gets_an_error_frame(app, page, frame):
    assert page.ask(frame)["error"]["code"] == "malformed"
    assert stored(app) == [[], [], []]


@pytest.mark.parametrize("value", [None, 1, "x", [], [[]], True, {}, {"beat": {}}])
def test_a_beat_that_is_none_gets_an_error_frame(app, page, value):
    answer = page.ask({"beat": value, "id": 9})
    assert (answer["error"]["code"], answer["id"]) == ("invalid", 9)
    assert stored(app) == [[], [], []]


def test_every_wrong_field_is_named_in_an_error_frame_and_stores_nothing(app, page, anna, lessons, ticket):
    sid = ticket(anna, lessons["water"])
    for wrong, value in WRONG:
        answer = page.ask({"beat": beat(sid, 1, (0, 5_000)) | {wrong: value}, "id": 5})
        assert (answer["error"]["code"], answer["id"]) == ("invalid", 5), (wrong, value)
        assert answer["error"]["message"].startswith(wrong)
    assert stored(app) == [[], [], []]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "-1e999"])
def test_an_odd_number_gets_an_error_frame(app, page, anna, lessons, ticket, number):
    page.send_raw(json.dumps({"beat": beat(ticket(anna, lessons["water"]), 1) | {"rate": "@"}, "id": 1}).replace('"@"', number))
    assert page.receive()["error"]["code"] in ("malformed", "invalid")
    assert stored(app) == [[], [], []]


def test_a_bad_beat_among_good_ones_spoils_none_of_them(app, page, anna, lessons, ticket):
    sid = ticket(anna, lessons["water"])
    sent = [beat(sid, number, (number * 1_000, number * 1_000 + 1_000)) for number in range(40)]
    for number in range(0, 40, 4):
        sent[number] = sent[number] | {"sid": ticket(anna, 999_999)} if number % 8 else sent[number] | {"state": "flying"}
    answers = send_beats(page, sent)
    assert [number for number, answer in enumerate(answers) if "error" in answer] == list(range(0, 40, 4))
    assert lesson_row(app, anna, lessons["water"])["covered"] == 30_000


def test_replayed_beats_change_nothing(app, page, anna, lessons, ticket):
    sid = ticket(anna, lessons["water"])
    sent = [beat(sid, number, (number * 5_000, number * 5_000 + 5_000), played=5_000 * (number + 1)) for number in range(10)]
    send_beats(page, sent)
    row = lesson_row(app, anna, lessons["water"])
    shuffled = sent * 3
    random.Random(1).shuffle(shuffled)
    send_beats(page, shuffled)
    assert lesson_row(app, anna, lessons["water"]) == row


def test_an_impossible_beat_is_acknowledged_but_does_not_count(app, page, anna, lessons, ticket):
    sid = ticket(anna, lessons["water"], ago=5)
    (answer,) = send_beats(page, [beat(sid, 1, (0, 600_000))])
    assert (answer["progress"]["covered"], answer["progress"]["completed"]) == (0.0, False)
    other = ticket(anna, lessons["water"], ago=5)
    (answer,) = send_beats(page, [beat(other, 1, (0, 10_000))])
    assert answer["progress"]["covered"] == 0.0166
    assert lesson_row(app, anna, lessons["water"])["segments"] == [[0, 10_000]]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(FIELDS), JSON, min_size=1, max_size=3), st.sampled_from([None, *FIELDS]))
def test_any_mutated_beat_is_acknowledged_or_refused(app, page, anna, lessons, ticket, changed, left_out):
    mutated = beat(ticket(anna, lessons["water"]), 1, (0, 5_000)) | changed
    mutated.pop(left_out, None)
    before = stored(app)
    answer = page.ask({"beat": mutated, "id": 1})
    assert answer.get("ack") == 1 or (answer["id"] == 1 and stored(app) == before)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON)
def test_anything_else_as_a_beat_is_refused_and_stores_nothing(app, page, value):
    answer = page.ask({"beat": value, "id": 1})
    assert (answer["error"]["code"], answer["id"]) == ("invalid", 1)
    assert stored(app) == [[], [], []]
