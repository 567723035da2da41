"""A lesson completes at ninety percent, once and for good; texts and buttons complete by a click."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import diary
import pytest

from studium.core.database import db, reading
from studium.core.entities import FactDelivery
from tests.plugins.progress.conftest import beat, completions, lesson_row, post_beats, send_beats, stored


@pytest.fixture
def diary_plugin(app, settings):
    """The subscriber of completions, as a plugin of this test's app too."""
    plugins = app.extensions["studium"].plugins
    plugins.register(diary, name="diary")
    path = settings.core.data_dir / diary.DIARY
    path.unlink(missing_ok=True)
    yield lambda: [tuple(map(int, line.split())) for line in path.read_text().splitlines()] if path.exists() else []
    plugins.unregister(diary)


@pytest.mark.parametrize(("watched", "complete"), [(538_200, True), (538_199, False)])
def test_ninety_percent_less_the_tail_completes(app, anna, lessons, ticket, watched, complete):
    answer = post_beats(anna.client, beat(ticket(anna, lessons["water"]), 1, (0, watched)))
    assert answer.get_json()["data"][0]["progress"]["completed"] is complete
    assert completions(app) == ([(anna.id, lessons["water"])] if complete else [])
    assert (lesson_row(app, anna, lessons["water"])["completed_at"] is not None) is complete


def test_another_threshold_is_honoured(app, anna, plant, ticket):
    ids = plant({"short": {"threshold": 50, "duration_ms": 100_000}})
    post_beats(anna.client, beat(ticket(anna, ids["short"]), 1, (0, 48_000)))
    assert completions(app) == []
    post_beats(anna.client, beat(ticket(anna, ids["short"]), 1, (50_000, 51_000)))
    assert completions(app) == [(anna.id, ids["short"])]


def test_completion_is_for_good_and_told_once(app, anna, lessons, ticket):
    sid = ticket(anna, lessons["water"])
    post_beats(anna.client, beat(sid, 1, (0, 600_000)))
    first = lesson_row(app, anna, lessons["water"])["completed_at"]
    for number in range(2, 6):
        post_beats(anna.client, beat(sid, number, (0, 600_000)))
        post_beats(anna.client, beat(ticket(anna, lessons["water"]), 1, (0, 1_000)))
    row = lesson_row(app, anna, lessons["water"])
    assert (row["completed"], row["completed_at"]) == (True, first)
    assert completions(app) == [(anna.id, lessons["water"])]


def test_watching_the_first_half_twice_does_not_complete(app, anna, lessons, ticket):
    for _ in range(2):
        post_beats(anna.client, beat(ticket(anna, lessons["water"]), 1, (0, 300_000)))
    assert completions(app) == []
    assert lesson_row(app, anna, lessons["water"])["covered"] == 300_000


def test_every_subscriber_hears_of_a_completion_once(app, anna, lessons, ticket, diary_plugin, run_jobs):
    sid = ticket(anna, lessons["water"])
    for number in range(3):
        post_beats(anna.client, beat(sid, number, (0, 600_000)))
    run_jobs()
    run_jobs()
    assert diary_plugin() == [(anna.id, lessons["water"])]
    with app.app_context(), reading():
        heard = [row.subscriber for row in FactDelivery.select(lambda row: row.fact.name == "lesson_completed")]
        assert sorted(heard) == ["diary", "studium.plugins.notifications", "studium.plugins.progress"]


@pytest.mark.slow
def test_duplicates_from_several_sockets_and_processes_at_once_complete_each_lesson_once(
    app, cable, anna, boris, plant, ticket, diary_plugin, run_jobs
):
    """The cable over three sockets, and this process over HTTP from three threads, all report the same at the same moment."""
    ids = plant({f"lesson-{number}": {"duration_ms": 60_000} for number in range(8)})
    people = [anna, boris]
    sids = {(person.id, lesson): [ticket(person, lesson) for _ in range(2)] for person in people for lesson in ids.values()}
    begin = threading.Barrier(6)

    def beats_of(person):
        return [beat(sid, 1, (0, 60_000)) for lesson in ids.values() for sid in sids[person.id, lesson]]

    def over_socket(person):
        browser = cable.open(person.token)
        begin.wait()
        answers = send_beats(browser, beats_of(person) * 2)
        assert all(answer.get("progress", {}).get("completed") for answer in answers), answers

    def over_http(person):
        begin.wait()
        try:
            for sent in beats_of(person):
                assert post_beats(app.test_client(), sent, content_type="text/plain").status_code == 200
        finally:
            db.disconnect()

    with ThreadPoolExecutor(6) as pool:
        done = [
            pool.submit(work, person)
            for work, person in [
                (over_socket, anna),
                (over_socket, boris),
                (over_socket, anna),
                (over_http, anna),
                (over_http, boris),
                (over_http, boris),
            ]
        ]
    for future in done:
        future.result()
    expected = sorted((person.id, lesson) for person in people for lesson in ids.values())
    assert sorted(completions(app)) == expected
    run_jobs()
    assert sorted(diary_plugin()) == expected
    for person in people:
        assert person.client.get("/api/v1/progress/tea").get_json()["data"]["percent"] == 100


def complete(person, csrf, lesson):
    return person.client.post(f"/api/v1/lessons/tea/{lesson}/completion", json={}, headers=csrf(person.client))


def test_a_text_is_completed_by_a_click_once(app, anna, lessons, csrf):
    for _ in range(2):
        answer = complete(anna, csrf, "poem")
        assert answer.status_code == 200
        assert answer.get_json()["data"] == {"covered": 1.0, "position": 0, "completed": True, "missing": []}
    assert completions(app) == [(anna.id, lessons["poem"])]
    row = lesson_row(app, anna, lessons["poem"])
    assert row["last_watched_at"] is not None
    assert anna.client.get("/api/v1/progress/tea").get_json()["data"]["completed_lessons"] == 1


def test_a_video_is_not_completed_by_a_click(app, anna, lessons, csrf):
    answer = complete(anna, csrf, "water")
    assert answer.status_code == 409
    assert "90 %" in answer.get_json()["detail"]
    assert stored(app) == [[], [], []]


def test_a_video_with_a_button_keeps_what_was_watched_when_it_is_pressed(app, anna, lessons, csrf, ticket):
    post_beats(anna.client, beat(ticket(anna, lessons["tasting"]), 1, (0, 150_000)))
    answer = complete(anna, csrf, "tasting")
    assert answer.get_json()["data"] == {"covered": 0.25, "position": 150_000, "completed": True, "missing": [[150_000, 600_000]]}
    row = lesson_row(app, anna, lessons["tasting"])
    assert (row["covered"], row["segments"], row["watch_time_seconds"], row["position"]) == (150_000, [[0, 150_000]], 150, 150_000)


def test_a_video_with_a_button_is_not_completed_by_watching(app, anna, lessons, ticket):
    answer = post_beats(anna.client, beat(ticket(anna, lessons["tasting"]), 1, (0, 600_000)))
    assert answer.get_json()["data"][0]["progress"] == {"covered": 1.0, "position": 600_000, "completed": False, "missing": []}
    assert completions(app) == []


def test_a_click_needs_a_person_their_token_and_a_lesson(client, anna, lessons, csrf):
    assert client.post("/api/v1/lessons/tea/poem/completion", json={}, headers=csrf(client)).status_code == 401
    assert anna.client.post("/api/v1/lessons/tea/poem/completion", json={}).status_code == 400
    assert complete(anna, csrf, "none").status_code == 404


def test_lessons_that_do_not_count_leave_the_percent_alone(anna, lessons, ticket):
    post_beats(anna.client, beat(ticket(anna, lessons["sugar"]), 1, (0, 600_000)))
    data = anna.client.get("/api/v1/progress/tea").get_json()["data"]
    assert (data["percent"], data["completed_lessons"]) == (0, 0)
