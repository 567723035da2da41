"""Digests and quiet hours follow the clock on the reader's wall, also in the nights when that is changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from studium.plugins.notifications.habits import Habits, check, next_digest, quiet_end
from studium.services.time_zones import zone_of

BERLIN = "Europe/Berlin"  # 30 March 2025: 02:00 becomes 03:00; 26 October 2025: 03:00 becomes 02:00
TRICKY = (BERLIN, "UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca", "Pacific/Apia")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(("digest", "moment", "due"), [
    (18 * 60, "2025-06-02T12:00", "2025-06-02T16:00"),
    (18 * 60, "2025-06-02T16:00", "2025-06-03T16:00"),
    (18 * 60, "2025-06-02T15:59:59.999999", "2025-06-02T16:00"),
    (18 * 60, "2025-03-29T17:30", "2025-03-30T16:00"),  # the day has 23 hours
    (18 * 60, "2025-10-25T16:30", "2025-10-26T17:00"),  # the day has 25
    (150, "2025-03-29T12:00", "2025-03-30T01:30"),  # 02:30 does not come: 03:30
    (150, "2025-10-25T12:00", "2025-10-26T00:30"),  # 02:30 comes twice: the first
    (150, "2025-10-26T00:45", "2025-10-27T01:30"),  # and not again
    (0, "2025-06-02T21:59", "2025-06-02T22:00"),
])
def test_the_digest_goes_out_at_its_time_on_the_wall(digest: int, moment: str, due: str) -> None:
    assert next_digest(Habits(digest), BERLIN, at(moment)) == at(due)


@pytest.mark.parametrize(("quiet", "moment", "end"), [
    ((22 * 60, 7 * 60), "2025-06-02T19:59", None),
    ((22 * 60, 7 * 60), "2025-06-02T20:00", "2025-06-03T05:00"),
    ((22 * 60, 7 * 60), "2025-06-03T04:59", "2025-06-03T05:00"),
    ((22 * 60, 7 * 60), "2025-06-03T05:00", None),
    ((13 * 60, 14 * 60), "2025-06-02T11:30", "2025-06-02T12:00"),
    ((22 * 60, 7 * 60), "2025-03-29T21:00", "2025-03-30T05:00"),
    ((22 * 60, 150), "2025-03-30T00:15", "2025-03-30T01:30"),  # the end does not come: an hour later
    ((22 * 60, 150), "2025-10-26T00:15", "2025-10-26T00:30"),  # the first 02:15
    ((22 * 60, 150), "2025-10-26T01:15", "2025-10-26T01:30"),  # the second
    ((22 * 60, 150), "2025-10-26T00:45", None),  # 02:45, between the two
    ((0, 1439), "2025-06-02T22:30", "2025-06-03T21:59"),
])
def test_quiet_hours_end_when_the_wall_says_so(quiet: tuple[int, int], moment: str, end: str | None) -> None:
    assert quiet_end(Habits(quiet=quiet), BERLIN, at(moment)) == (at(end) if end else None)


def test_without_quiet_hours_nothing_waits() -> None:
    assert quiet_end(Habits(), BERLIN, at("2025-06-02T23:00")) is None


def test_a_digest_in_quiet_hours_waits_for_their_end() -> None:
    assert next_digest(Habits(23 * 60, (22 * 60, 7 * 60)), BERLIN, at("2025-06-02T12:00")) == at("2025-06-03T05:00")


def test_what_comes_while_a_digest_waits_for_the_end_of_quiet_hours_goes_with_it() -> None:
    assert next_digest(Habits(23 * 60, (22 * 60, 7 * 60)), BERLIN, at("2025-06-02T21:30")) == at("2025-06-03T05:00")
    assert next_digest(Habits(23 * 60, (22 * 60, 7 * 60)), BERLIN, at("2025-06-03T04:59")) == at("2025-06-03T05:00")
    assert next_digest(Habits(23 * 60, (22 * 60, 7 * 60)), BERLIN, at("2025-06-03T05:00")) == at("2025-06-04T05:00")


@pytest.mark.parametrize("digest", [150, 23 * 60])
@pytest.mark.parametrize("zone", TRICKY)
def test_in_every_hour_of_a_year_what_waits_is_due_later_and_soon_and_not_in_quiet_hours(zone: str, digest: int) -> None:
    habits = Habits(digest, (22 * 60, 170))
    for hours in range(0, 365 * 24, 11):
        moment = datetime(2025, 1, 1, 0, 20) + timedelta(hours=hours)
        due, end = next_digest(habits, zone, moment), quiet_end(habits, zone, moment)
        assert moment < due <= moment + timedelta(hours=27)
        assert quiet_end(habits, zone, due) is None
        if end is not None:
            assert moment < end <= moment + timedelta(hours=7)
            assert quiet_end(habits, zone, end) is None


@pytest.mark.parametrize(("digest", "quiet"), [(-1, None), (1440, None), (0, (0, 1440)), (0, (-5, 0)), (0, (60, 60))])
def test_times_that_no_day_has_are_refused(digest: int, quiet: tuple[int, int] | None) -> None:
    with pytest.raises(ValueError, match=r"minute|same time"):
        check(digest, quiet)


@pytest.mark.parametrize("name", ["", "Europe/Nowhere", "../etc/passwd", "x" * 200])
def test_a_zone_that_this_machine_does_not_know_is_utc(name: str) -> None:
    assert zone_of(name) == ZoneInfo("UTC")
    assert quiet_end(Habits(quiet=(0, 60)), name, datetime.fromtimestamp(0, UTC).replace(tzinfo=None)) == at("1970-01-01T01:00")
