"""Moments are shown where their reader is, on both sides of a change of the clock, and as UTC to whoever never said where that is."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from studium.services.moment_format import format_day, format_moment, offset_name
from tests.plain_spaces import plain

BEFORE, AFTER = datetime(2027, 3, 28, 0, 30), datetime(2027, 3, 28, 1, 30)  # Berlin's clock leaps from 2 to 3 between them


def shown(at: datetime, language: str, zone: str, **how: bool) -> str:
    return str(plain(format_moment(at, language, zone, **how)))


@pytest.mark.parametrize(("at", "zone", "english", "russian"), [
    (BEFORE, "Europe/Berlin", "March 28, 2027, 1:30 AM", "28 марта 2027 г., 01:30"),
    (AFTER, "Europe/Berlin", "March 28, 2027, 3:30 AM", "28 марта 2027 г., 03:30"),
    (BEFORE, "America/New_York", "March 27, 2027, 8:30 PM", "27 марта 2027 г., 20:30"),
    (AFTER, "Asia/Kolkata", "March 28, 2027, 7:00 AM", "28 марта 2027 г., 07:00"),
    (BEFORE, "UTC", "March 28, 2027, 12:30 AM UTC", "28 марта 2027 г., 00:30 UTC"),
    (BEFORE, "Nowhere/City", "March 28, 2027, 12:30 AM UTC", "28 марта 2027 г., 00:30 UTC"),
])
def test_a_moment_is_shown_where_its_reader_is(at: datetime, zone: str, english: str, russian: str) -> None:
    assert (shown(at, "en", zone), shown(at, "ru", zone)) == (english, russian)


def test_the_year_is_left_out_where_it_is_plain() -> None:
    assert shown(AFTER, "en", "Europe/Berlin", year=False) == "March 28, 3:30 AM"
    assert shown(AFTER, "ru", "UTC", year=False) == "28 марта, 01:30 UTC"


def test_a_day_is_that_of_the_reader() -> None:
    assert format_day(BEFORE, "en", "America/New_York") == "March 27, 2027"
    assert plain(format_day(BEFORE, "ru", "Europe/Berlin")) == "28 марта 2027 г."


def test_an_hour_that_comes_twice_is_told_apart_by_its_offset() -> None:
    first, second = datetime(2026, 10, 25, 0, 30), datetime(2026, 10, 25, 1, 30)
    assert [shown(at, "ru", "Europe/Berlin", offset=True) for at in (first, second)] == [
        "25 октября 2026 г., 02:30 UTC+2", "25 октября 2026 г., 02:30 UTC+1"]


@pytest.mark.parametrize(("zone", "name"), [
    ("UTC", "UTC"), ("Africa/Abidjan", "UTC"), ("Europe/Moscow", "UTC+3"), ("Asia/Kolkata", "UTC+5:30"), ("America/St_Johns", "UTC−3:30"),
    ("America/New_York", "UTC−5"),
])
def test_offsets_are_written_short_and_right_west_of_greenwich_too(zone: str, name: str) -> None:
    assert offset_name(datetime(2027, 1, 5, 12, tzinfo=UTC).astimezone(ZoneInfo(zone))) == name
