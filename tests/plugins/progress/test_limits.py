"""No student's beats grow so large that everybody waits for them, and no number is taken on trust."""

from __future__ import annotations

import pytest

from studium.plugins.progress import beats
from tests.plugins.progress.conftest import beat, lesson_row, post_beats, stored


@pytest.fixture
def small_limits(monkeypatch):
    monkeypatch.setattr(beats, "MOST_INTERVALS", 30)
    monkeypatch.setattr(beats, "MOST_SESSIONS", 3)


def shreds(number: int) -> list[tuple[int, int]]:
    return [(start * 100, start * 100 + 1) for start in range(number)]


def test_too_many_separate_parts_are_refused_whole_and_what_was_stored_stays(app, anna, lessons, ticket, small_limits):
    sid = ticket(anna, lessons["water"])
    assert post_beats(anna.client, beat(sid, 1, *shreds(25))).status_code == 200
    before = stored(app)
    refused = post_beats(anna.client, beat(sid, 2, *shreds(31)))
    assert (refused.status_code, refused.get_json()["code"], refused.headers["Retry-After"]) == (429, "too-many", "30")
    assert stored(app) == before
    assert post_beats(anna.client, beat(sid, 3, (0, 60_000))).status_code == 200


def test_the_parts_of_all_sessions_count_together(app, anna, lessons, ticket, small_limits):
    assert post_beats(anna.client, beat(ticket(anna, lessons["water"]), 1, *shreds(15))).status_code == 200
    assert post_beats(anna.client, beat(ticket(anna, lessons["water"]), 1, *shreds(21))).status_code == 429
    assert post_beats(anna.client, beat(ticket(anna, lessons["milk"]), 1, *shreds(21))).status_code == 200


def test_an_ordinary_beat_is_taken_however_many_parts_there_are(app, anna, lessons, ticket, small_limits):
    assert post_beats(anna.client, beat(ticket(anna, lessons["water"]), 1, *shreds(30))).status_code == 200
    assert post_beats(anna.client, beat(ticket(anna, lessons["water"]), 1, (0, 5_000))).status_code == 200


def test_too_many_watch_sessions_of_one_lesson_are_refused(app, anna, lessons, ticket, small_limits):
    sids = [ticket(anna, lessons["water"]) for _ in range(4)]
    codes = [post_beats(anna.client, beat(sid, 1, (0, 1_000))).status_code for sid in sids]
    assert codes == [200, 200, 200, 429]
    assert post_beats(anna.client, beat(sids[0], 2, (1_000, 2_000))).status_code == 200


def test_a_thousand_parts_at_once_are_within_the_real_limits(app, anna, lessons, ticket):
    parts = [(start * 2, start * 2 + 1) for start in range(1_000)]
    assert post_beats(anna.client, beat(ticket(anna, lessons["water"]), 1, *parts)).status_code == 200


def test_nobody_has_played_for_longer_than_the_session_is_old(app, anna, lessons, ticket):
    sid = ticket(anna, lessons["water"], ago=60)
    post_beats(anna.client, beat(sid, 1, (0, 5_000), played=2**53 - 1, hidden=2**53 - 1))
    assert 60 <= lesson_row(app, anna, lessons["water"])["watch_time_seconds"] <= 75
