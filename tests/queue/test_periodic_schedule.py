"""When a periodic task is due."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from studium.queue.periodic_schedule import Schedule


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text)


def dues(schedule: Schedule, since: str, until: str) -> list[str]:
    """As the dispatcher asks: each time from the last one."""
    found, moment = [], utc(since)
    while (moment := schedule.next_after(moment)) <= utc(until):
        found.append(f"{moment:%d %H:%M}")
    return found


@pytest.mark.parametrize(
    ("schedule", "moment", "due"),
    [
        (Schedule("0 3 * * *"), "2026-05-01 03:00:00", "2026-05-02 03:00:00"),
        (Schedule("0 3 * * *"), "2026-05-01 02:59:59.999999", "2026-05-01 03:00:00"),
        (Schedule("*/15 8-10 * * mon-fri"), "2026-05-01 10:45:00", "2026-05-04 08:00:00"),
        (Schedule("0 3 * * *", time_zone="Europe/Berlin"), "2026-05-01 00:00:00", "2026-05-01 01:00:00"),
        (Schedule("0 3 * * *", time_zone="Europe/Berlin"), "2026-01-01 00:00:00", "2026-01-01 02:00:00"),
        (Schedule(every_seconds=3600), "2026-05-01 10:00:00", "2026-05-01 11:00:00"),
        (Schedule(every_seconds=90), "2026-05-01 00:00:00.5", "2026-05-01 00:01:30"),
    ],
)
def test_the_next_due_time_is_after_the_moment(schedule, moment, due):
    assert schedule.next_after(utc(moment)) == utc(due)


def test_an_hour_that_daylight_saving_skips_is_due_when_the_gap_is_over():
    berlin = Schedule("30 2 * * *", time_zone="Europe/Berlin")  # on 29 March 2026, 02:00 is followed by 03:00, which is 01:00 UTC
    assert dues(berlin, "2026-03-28 00:00", "2026-03-31 00:00") == ["28 01:30", "29 01:00", "30 00:30"]


def test_an_hour_that_daylight_saving_repeats_is_due_once():
    berlin = Schedule("30 2 * * *", time_zone="Europe/Berlin")  # on 25 October 2026, 02:30 is at 00:30 and at 01:30 UTC
    assert dues(berlin, "2026-10-24 00:00", "2026-10-27 00:00") == ["24 00:30", "25 00:30", "26 01:30"]


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
@pytest.mark.parametrize("cron", ["30 2 * * *", "*/20 * * * *", "0 */2 * * *", "15 1-3 * * *"])
def test_whenever_it_is_asked_the_next_due_time_is_later(day, cron):
    berlin, begin = Schedule(cron, time_zone="Europe/Berlin"), utc(day) - timedelta(hours=3)
    for minute in range(0, 9 * 60, 5):
        moment = begin + timedelta(minutes=minute)
        assert berlin.next_after(moment) > moment


def test_each_hour_is_each_real_hour_also_when_the_clock_changes():
    berlin = Schedule("0 * * * *", time_zone="Europe/Berlin")
    for day in ("2026-03-29", "2026-10-25"):
        begin = utc(day)
        found = berlin.newest(begin, begin + timedelta(hours=6), 100)
        assert {later - earlier for earlier, later in pairwise(found)} == {timedelta(hours=1)}


def test_of_many_due_times_the_newest_are_answered_in_order():
    hourly, first = Schedule(every_seconds=3600), utc("2026-05-01 00:00")
    assert hourly.newest(first, first, 100) == [first]
    assert hourly.newest(first, first + timedelta(minutes=150), 100) == [first, first + timedelta(hours=1), first + timedelta(hours=2)]
    year = hourly.newest(first, first + timedelta(days=365), 100)
    assert (len(year), year[-1], year[0]) == (100, first + timedelta(days=365), first + timedelta(hours=365 * 24 - 99))


def test_a_task_of_each_minute_that_stood_still_for_years_is_asked_quickly():
    minutely, first = Schedule("* * * * *"), utc("2020-01-01 00:00")
    assert len(minutely.newest(first, utc("2026-01-01 00:00"), 100)) == 100


@pytest.mark.parametrize(
    ("schedule", "reason"),
    [
        (Schedule(), "not both and not none"),
        (Schedule("0 3 * * *", every_seconds=60), "not both and not none"),
        (Schedule(every_seconds=-1), "at least 1"),
        (Schedule("0 3 * *"), "five fields"),
        (Schedule("0 3 * * ?"), "five fields"),
    ],
)
def test_a_schedule_of_the_wrong_shape_is_refused(schedule, reason):
    with pytest.raises(ValueError, match=reason):
        schedule.check()


@pytest.mark.parametrize(
    ("schedule", "reason"),
    [
        (Schedule("61 3 * * *"), "cannot be read: Bad minute"),
        (Schedule("0 3 * * someday"), "cannot be read: Bad day-of-week"),
        (Schedule("0 3 31 2 *"), "cannot be read|never due"),
        (Schedule("0 3 * * *", time_zone="Europe/Atlantis"), "no time zone 'Europe/Atlantis'"),
        (Schedule("0 3 * * *", time_zone="../passwd"), "no time zone"),
    ],
)
def test_a_cron_text_that_cannot_be_read_is_refused_with_the_reason(schedule, reason):
    schedule.check()
    with pytest.raises(ValueError, match=reason):
        schedule.check_cron()


@pytest.mark.slow
def test_cronsim_is_loaded_only_when_a_due_time_is_asked_for():
    script = "import sys, studium.queue.plugin, studium.queue.periodic; sys.exit('cronsim' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=30).returncode == 0
