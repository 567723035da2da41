"""Watched time by day and lesson: what counts, on which day, and what is new."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.core.clock import now
from studium.core.database import db, transaction
from studium.core.runtime import runtime
from studium.plugins.progress.entities import SessionRow
from studium.plugins.progress.intervals import measure, union
from studium.services.watched_time import WatchedTime

from .conftest import HOUR, beat, lesson_row, post_beats

UTC_DAY = datetime(2025, 3, 10, tzinfo=UTC)
MINUTE = 60_000
Watch = Callable[..., None]
Answer = Callable[..., list[WatchedTime]]


@pytest.fixture
def watch(app: Flask) -> Watch:
    """`watch(began, minutes, (0, 60_000))` stores a session of user 1 in lesson 1 that played until `minutes` after it began."""
    keys = itertools.count()

    def do(began: datetime, minutes: float, *segments: tuple[int, int], played: int | None = None, **changed: Any) -> None:
        start, end = int(began.timestamp() * 1000), int(began.timestamp() * 1000 + minutes * MINUTE)
        values: dict[str, Any] = {
            "session_key": f"s{next(keys)}", "user_id": 1, "lesson_id": 1, "asset_rev": "rev-1", "started_at": start, "received_at": end,
            "segments": json.dumps(segments), "played": end - start if played is None else played, "hidden": 0, "seq": 3,
            "position": 0, "event_at": end, "credited": True,
        }
        with app.app_context(), transaction():
            SessionRow(**values | changed)

    return do


@pytest.fixture
def watched(app: Flask) -> Answer:
    """What the hook answers for user 1 in March 2025."""

    def do(zone: str = "UTC", since: datetime = datetime(2025, 3, 1), until: datetime = datetime(2025, 4, 1)) -> list[WatchedTime]:
        tz = ZoneInfo(zone)
        with app.app_context():
            found = runtime().hooks.find_watched_time(user_id=1, since=since.replace(tzinfo=tz), until=until.replace(tzinfo=tz))
            return list(found)

    return do


def test_hook_find_watched_time_answers_seconds_by_day_and_lesson(watch: Watch, watched: Answer) -> None:
    watch(UTC_DAY + timedelta(hours=9), 10, (0, 10 * MINUTE))
    watch(UTC_DAY + timedelta(hours=11), 5, (0, 5 * MINUTE), lesson_id=2)
    watch(UTC_DAY + timedelta(days=1), 2, (10 * MINUTE, 12 * MINUTE))
    watch(UTC_DAY, 5, (0, 5 * MINUTE), user_id=2)
    assert watched() == [
        WatchedTime(date(2025, 3, 10), 1, 600, 600),
        WatchedTime(date(2025, 3, 10), 2, 300, 300),
        WatchedTime(date(2025, 3, 11), 1, 120, 120),
    ]


def test_somebody_who_watched_nothing_gets_no_days(watched: Answer) -> None:
    assert watched() == []


def test_what_is_watched_again_counts_as_watched_and_not_as_new(watch: Watch, watched: Answer) -> None:
    watch(UTC_DAY, 10, (0, 10 * MINUTE))
    watch(UTC_DAY + timedelta(days=1), 10, (5 * MINUTE, 15 * MINUTE))
    assert watched()[1] == WatchedTime(date(2025, 3, 11), 1, 600, 300)


def test_what_was_watched_before_the_period_is_not_new_in_it(watch: Watch, watched: Answer) -> None:
    watch(UTC_DAY - timedelta(days=60), 10, (0, 10 * MINUTE))
    watch(UTC_DAY, 10, (0, 10 * MINUTE))
    assert watched() == [WatchedTime(date(2025, 3, 10), 1, 600, 0)]


def test_a_replaced_video_is_new_again(watch: Watch, watched: Answer) -> None:
    watch(UTC_DAY, 1, (0, MINUTE))
    watch(UTC_DAY + timedelta(days=1), 1, (0, MINUTE), asset_rev="rev-2")
    assert [value.new_seconds for value in watched()] == [60, 60]


def test_a_quarantined_session_does_not_count_and_takes_nothing_from_others(watch: Watch, watched: Answer) -> None:
    watch(UTC_DAY, 1, (0, 600 * MINUTE), credited=False)
    watch(UTC_DAY + timedelta(days=1), 1, (0, MINUTE))
    assert watched() == [WatchedTime(date(2025, 3, 11), 1, 60, 60)]


def test_a_session_over_midnight_is_divided_in_proportion(watch: Watch, watched: Answer) -> None:
    watch(UTC_DAY + timedelta(hours=23, minutes=45), 60, (0, 60 * MINUTE))
    assert [(value.day.day, value.seconds) for value in watched()] == [(10, 900), (11, 2700)]


def test_days_are_those_of_the_time_zone(watch: Watch, watched: Answer) -> None:
    watch(UTC_DAY + timedelta(hours=22), 10, (0, 10 * MINUTE))
    assert [value.day.day for value in watched("UTC")] == [10]
    assert [value.day.day for value in watched("Asia/Vladivostok")] == [11]


def test_a_day_of_23_hours_ends_at_its_own_midnight(watch: Watch, watched: Answer) -> None:
    began = datetime(2025, 3, 30, 23, 30, tzinfo=ZoneInfo("Europe/Berlin"))  # the clocks went forward that night
    watch(began, 60, (0, 60 * MINUTE))
    assert [(value.day.day, value.seconds) for value in watched("Europe/Berlin")] == [(30, 1800), (31, 1800)]


def test_a_tab_that_stays_open_for_days_makes_one_day_of_what_it_played(watch: Watch, watched: Answer) -> None:
    watch(UTC_DAY, 3 * 24 * 60 + 30, (0, 20 * MINUTE), played=20 * MINUTE)
    assert [(value.day.day, value.seconds) for value in watched()] == [(13, 1200)]


def test_only_the_days_of_the_period_are_answered(watch: Watch, watched: Answer) -> None:
    watch(datetime(2025, 2, 28, 23, 50, tzinfo=UTC), 20, (0, 20 * MINUTE))
    watch(datetime(2025, 3, 31, 23, 50, tzinfo=UTC), 20, (0, 20 * MINUTE), lesson_id=2)
    assert [(value.day.day, value.seconds) for value in watched()] == [(1, 600), (31, 600)]


def test_new_seconds_of_all_days_are_what_the_lesson_shows_as_watched(
    app: Flask, client: FlaskClient, lessons: dict[str, int], anna: Any, ticket: Callable[..., str]
) -> None:
    water = lessons["water"]
    first, second = ticket(anna, water, ago=60 * HOUR), ticket(anna, water, ago=30 * HOUR)
    assert post_beats(client, beat(first, 1, (0, 90_000)), beat(second, 1, (60_000, 120_000), (300_000, 330_000))).status_code == 200
    with app.app_context():
        found = runtime().hooks.find_watched_time(user_id=anna.id, since=aware_day(-5), until=aware_day(1))
    assert sum(value.new_seconds for value in found) * 1000 == lesson_row(app, anna, water)["covered"] == 150_000
    assert sum(value.seconds for value in found) == 180


def test_random_sessions_give_the_length_of_their_union_as_new(watch: Watch, watched: Answer) -> None:
    chance, everything = random.Random(4), []
    for number in range(60):
        parts = union([(start := chance.randrange(0, 3_000_000), start + chance.randrange(1000, 400_000)) for _ in range(5)])
        everything.append(parts)
        watch(UTC_DAY + timedelta(minutes=number), 0.5, *parts)
    assert abs(sum(value.new_seconds for value in watched()) * 1000 - measure(union(*everything))) <= 500


def test_the_number_of_queries_does_not_grow_with_the_sessions(
    app: Flask, watch: Watch, watched: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    original = db._exec_sql

    def record(sql: str, *args: object, **kwargs: object) -> object:
        asked.append(sql)
        return original(sql, *args, **kwargs)

    for number in range(20):
        watch(UTC_DAY + timedelta(hours=number), 1, (0, MINUTE), lesson_id=number + 1)
    with monkeypatch.context() as patch:
        patch.setattr(db, "_exec_sql", record)
        assert len(watched()) == 20
    assert len(asked) == 1


def aware_day(days: int) -> datetime:
    """The midnight (UTC) of today, moved by whole days."""
    return datetime.combine(now().date(), datetime.min.time(), UTC) + timedelta(days=days)
