"""Periodic tasks: one job a period, a record of what became of each, catching up, pausing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from studium.core.clock import now
from studium.core.database import reading
from studium.core.errors import PluginError
from studium.queue import periodic_declared, periodic_rounds
from studium.queue.entities import Job
from studium.queue.errors import UnknownPeriodicTask
from studium.queue.kinds import job_kind
from studium.queue.periodic import pause_task, periodic_tasks, resume_task, run_task_now, task_runs
from studium.queue.periodic_entities import PeriodicRun
from studium.queue.periodic_rounds import PeriodicRounds
from studium.queue.periodic_trimming import KEPT_RUNS, settle_runs, trim_runs
from studium.queue.queues import queues
from tests.queue.periodic import at, declared, outcomes, task, view

HOUR, DAY = 3600, 86400


@pytest.fixture
def ten(app, clock) -> Any:
    """The clock, at ten o'clock of 1 May."""
    at(clock, "2026-05-01 10:00:00")
    return clock


@pytest.fixture
def rounds(app) -> PeriodicRounds:
    return PeriodicRounds()


def jobs_made(kind: str = "chore") -> int:
    with reading():
        return int(Job.select(lambda job: job.kind == kind).count())


def drain(runner: Any) -> None:
    while runner.run_one(None):
        pass


def test_a_new_task_starts_with_its_next_period_not_with_all_before(ten, rounds):
    with declared(task()):
        rounds.round()
        assert (jobs_made(), outcomes()) == (0, [])
        assert f"{view().next_due_at:%H:%M}" == "11:00"
        ten.advance(HOUR)
        rounds.round()
        assert (jobs_made(), outcomes()) == (1, [("01 11:00", "enqueued")])


def test_a_period_has_one_job_however_often_and_by_whom_it_is_decided(ten, rounds, runner):
    with declared(task()):
        rounds.round()
        ten.advance(HOUR)
        for dispatcher in (rounds, PeriodicRounds(), rounds):
            dispatcher.round()
            drain(runner)
        ten.advance(10)
        PeriodicRounds().round()
        assert (jobs_made(), len(task_runs("sweep"))) == (1, 1)


def test_the_job_of_a_period_carries_the_params_of_the_task(ten, rounds, runner, changes):
    with declared(task(params={"word": "broom"})):
        rounds.round()
        ten.advance(HOUR)
        rounds.round()
        drain(runner)
    assert changes[-1].result == {"word": "broom"}


def test_a_period_makes_no_second_job_while_that_of_an_earlier_one_is_active(ten, rounds, runner):
    with declared(task()):
        rounds.round()
        for _ in range(3):
            ten.advance(HOUR)
            rounds.round()
        drain(runner)
        ten.advance(HOUR)
        rounds.round()
    assert jobs_made() == 2
    with declared(task()):
        assert [outcome for _due, outcome in outcomes()] == ["enqueued", "overlapped", "overlapped", "enqueued"]


@pytest.mark.parametrize(
    ("catch_up", "jobs", "expected"),
    [
        ("once", 1, ["missed", "missed", "enqueued"]),
        ("skip", 0, ["missed", "missed", "missed"]),
        ("all", 3, ["enqueued", "enqueued", "enqueued"]),
    ],
)
def test_after_a_downtime_the_policy_decides_about_missed_periods(ten, rounds, catch_up, jobs, expected):
    with declared(task(catch_up=catch_up)):
        rounds.round()
        ten.advance(3.5 * HOUR)
        PeriodicRounds().round()
        assert (jobs_made(), [outcome for _due, outcome in outcomes()]) == (jobs, expected)
        ten.advance(0.5 * HOUR)
        rounds.round()
        assert outcomes()[-1] == ("01 14:00", "overlapped" if catch_up == "once" else "enqueued")


def test_a_restart_of_half_a_minute_skips_nothing(ten, rounds):
    with declared(task(catch_up="skip")):
        rounds.round()
        ten.advance(HOUR + 30)
        PeriodicRounds().round()
        assert outcomes() == [("01 11:00", "enqueued")]


def test_catching_up_is_bounded(ten, rounds):
    with declared(task(every_seconds=60, catch_up="all")):
        rounds.round()
        ten.advance(30 * DAY)
        rounds.round()
        assert (jobs_made(), len(outcomes())) == (100, 100)
        assert outcomes()[-1] == ("31 10:00", "enqueued")


def test_a_kind_that_asks_for_it_is_told_the_period(ten, rounds, monkeypatch):
    class Report(BaseModel):
        due_at: str

    kind = job_kind("hourly_report", "Report on an hour", params=Report)(lambda job, params: None)
    monkeypatch.setitem(queues().kinds, "hourly_report", kind)
    with declared(task(kind="hourly_report", catch_up="all")):
        rounds.round()
        ten.advance(2 * HOUR)
        rounds.round()
        with reading():
            found = sorted(job.params for job in Job.select())
    assert found == ['{"due_at":"2026-05-01T11:00:00"}', '{"due_at":"2026-05-01T12:00:00"}']


def test_a_clock_that_is_set_back_repeats_no_period_and_stops_nothing(ten, rounds, runner):
    with declared(task()):
        rounds.round()
        for _ in range(2):
            ten.advance(HOUR)
            rounds.round()
            drain(runner)
        ten.advance(-1.5 * HOUR)
        for _ in range(4):
            rounds.round()
            drain(runner)
            ten.advance(HOUR)
        assert [due for due, _outcome in outcomes()] == ["01 11:00", "01 12:00", "01 13:00"]
        assert jobs_made() == 3


def test_a_clock_that_was_a_year_ahead_does_not_silence_a_task_for_a_year(ten, rounds, runner):
    with declared(task()):
        ten.advance(365 * DAY)
        rounds.round()
        ten.advance(-365 * DAY)
        rounds.round()
        ten.advance(HOUR)
        rounds.round()
        assert outcomes() == [("01 11:00", "enqueued")]


def test_a_changed_schedule_takes_hold_at_the_next_start(ten, rounds):
    with declared(task(cron="0 3 * * *")):
        rounds.round()
    with declared(task(cron="30 10 * * *")):
        assert view().schedule == "30 10 * * *"
        rounds = PeriodicRounds()
        rounds.round()
        assert f"{view().next_due_at:%d %H:%M}" == "01 10:30"
        ten.advance(0.5 * HOUR)
        rounds.round()
        assert outcomes() == [("01 10:30", "enqueued")]


def test_a_dispatcher_of_the_version_before_does_not_decide_by_the_old_schedule(ten, rounds):
    old = task(every_seconds=HOUR)
    with declared(task(cron="30 23 * * *")):
        rounds.round()
        ten.advance(14 * HOUR)
        periodic_rounds.decide(old)
        assert outcomes() == []


def test_a_paused_task_makes_no_jobs_and_goes_on_with_the_next_period(ten, rounds):
    with declared(task(), task("polish")):
        rounds.round()
        pause_task("sweep", by="Olga (user 4)")
        assert (view().paused_by, view().paused_at) == ("Olga (user 4)", now())
        ten.advance(2 * HOUR)
        rounds.round()
        resume_task("sweep", by="Olga (user 4)")
        assert (view().paused_by, view().paused_at) == ("", None)
        ten.advance(10)
        rounds.round()
        assert outcomes() == [("01 11:00", "paused"), ("01 12:00", "paused")]
        assert len(outcomes("polish")) == 2
        ten.advance(HOUR)
        rounds.round()
        assert outcomes()[-1] == ("01 13:00", "enqueued")


def test_a_task_is_paused_before_any_dispatcher_has_seen_it(ten, rounds):
    with declared(task()):
        pause_task("sweep")
        ten.advance(HOUR)
        rounds.round()
        assert outcomes() == [("01 11:00", "paused")]


def test_a_task_is_run_now_by_hand_with_who_and_once_at_a_time(ten, rounds, runner):
    with declared(task()):
        pause_task("sweep")
        job_id = run_task_now("sweep", by="Olga (user 4)")
        assert run_task_now("sweep", by="Pavel (user 5)") == job_id
        drain(runner)
        (run,) = task_runs("sweep")
        assert (run.job_id, run.outcome, run.state, run.by) == (job_id, "enqueued", "succeeded", "Olga (user 4)")
        assert (view().last_job_id, view().last_state) == (job_id, "succeeded")


@pytest.mark.parametrize("act", [pause_task, resume_task, run_task_now])
def test_an_unknown_task_is_refused_with_those_that_there_are(app, act):
    with declared(task()), pytest.raises(UnknownPeriodicTask, match=r"no periodic task 'swep'\. Known tasks: .*sweep"):
        act("swep")


def test_a_task_that_fails_is_told_and_keeps_no_other_waiting(ten, rounds, log_lines, monkeypatch):
    with declared(task("broken", kind="stubborn_chore"), task()):
        rounds.round()
        ten.advance(HOUR)
        with monkeypatch.context() as patch:
            patch.delitem(queues().kinds, "stubborn_chore")
            rounds.round()
        assert len(outcomes()) == 1
        assert [line["task"] for line in log_lines if line["event"] == "periodic_task_failed"] == ["broken"]
        rounds.round()
        assert outcomes("broken") == [("01 11:00", "enqueued")], "it is tried again"


def test_a_round_that_finds_nothing_writes_nothing(ten, rounds, monkeypatch):
    with declared(task()):
        rounds.round()

        def refuse() -> None:
            raise AssertionError("a transaction")

        monkeypatch.setattr(periodic_rounds, "transaction", refuse)
        rounds.round()
        PeriodicRounds().round()


def test_the_record_is_paged_from_the_newest(ten, rounds):
    with declared(task(catch_up="all")):
        rounds.round()
        ten.advance(5 * HOUR)
        rounds.round()
        first = task_runs("sweep", limit=2)
        second = task_runs("sweep", before=first[-1].due_at, limit=2)
        assert [run.due_at.hour for run in (*first, *second)] == [15, 14, 13, 12]


def test_the_record_keeps_how_a_job_ended_after_its_row_is_gone(ten, rounds, runner):
    with declared(task(kind="hopeless_chore"), task("polish")):
        rounds.round()
        ten.advance(HOUR)
        rounds.round()
        assert settle_runs() == 0
        assert [run.state for run in task_runs("sweep")] == ["queued"]
        drain(runner)
        assert settle_runs() == 2
        forget_jobs()
        assert (task_runs("sweep")[0].state, task_runs("polish")[0].state) == ("failed", "succeeded")


def test_a_job_that_went_before_its_end_was_noted_is_told_as_removed(ten, rounds):
    with declared(task()):
        rounds.round()
        ten.advance(HOUR)
        rounds.round()
        forget_jobs()
        assert task_runs("sweep")[0].state == "removed"
        assert (settle_runs(), settle_runs()) == (1, 0)


def test_runs_are_kept_ninety_days(ten, rounds, runner):
    with declared(task(cron="0 3 * * *")):
        rounds.round()
        ten.advance(DAY)
        rounds.round()
        ten.advance(90 * DAY - HOUR * 8)
        assert trim_runs() == 0
        ten.advance(2 * HOUR)
        assert trim_runs() == 1
        assert outcomes() == []


def test_of_many_runs_the_newest_thousand_are_kept(ten):
    with declared(task(), task("polish")):
        add_runs("sweep", KEPT_RUNS + 101)
        add_runs("polish", KEPT_RUNS + 100)
        assert trim_runs() == 101
        kept = task_runs("sweep", limit=2000)
        assert (len(kept), kept[0].due_at) == (KEPT_RUNS, now())
        assert len(task_runs("polish", limit=2000)) == KEPT_RUNS + 100


def test_the_rows_of_a_removed_task_go_after_ninety_days(ten, rounds):
    with declared(task()):
        rounds.round()
        pause_task("sweep", by="Olga")
        ten.advance(HOUR)
        rounds.round()
    ten.advance(89 * DAY)
    assert trim_runs() == 0, "its plugin may only be off for a while"
    assert "sweep" not in [found.name for found in periodic_tasks()]
    ten.advance(2 * DAY)
    assert trim_runs() == 2
    with declared(task()):
        assert view().paused_at is None


def test_a_paused_task_is_still_paused_after_a_long_downtime(ten, rounds):
    with declared(task()):
        rounds.round()
        pause_task("sweep", by="Olga")
        ten.advance(100 * DAY)
        assert trim_runs() == 0
        assert view().paused_by == "Olga"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (task(cron="0 3 * *"), "cron text '0 3 \\* \\*' needs five fields"),
        (task(cron="0 3 * * *", every_seconds=5), "give either cron or every_seconds"),
        (task(kind="chor"), "There is no job kind 'chor'"),
        (task(params={"wrod": "x"}), "wrod"),
        (task(catch_up="twice"), "catch_up is 'twice'"),
        (task(name="x" * 101), "1 to 100 characters"),
    ],
)
def test_a_wrong_task_stops_the_start_naming_plugin_and_task(app, wrong, reason):
    expected = rf"^Plugin calendar, periodic task '{wrong.name}': .*{reason}"
    with pytest.raises(PluginError, match=expected), declared(wrong):
        pass


def test_a_cron_text_that_cannot_be_read_stops_the_start_of_a_dispatcher(app):
    expected = r"^Plugin calendar, periodic task 'sweep': cron text '61 3 \* \* \*' cannot be read: Bad minute"
    with declared(task(cron="61 3 * * *"), beside_others=True), pytest.raises(PluginError, match=expected):
        periodic_declared.check_cron_texts()


def test_two_tasks_of_one_name_stop_the_start(app):
    expected = "^Plugins diary and calendar both register the periodic task 'sweep'"
    with declared(task(), plugin="diary"), pytest.raises(PluginError, match=expected), declared(task()):
        pass


def test_hook_register_periodic_tasks(app):
    before = [found.name for found in periodic_tasks()]
    with declared(task("sweep"), task("polish", cron="0 3 * * *", time_zone="Europe/Berlin"), beside_others=True):
        assert [found.name for found in periodic_tasks()] == [*before, "sweep", "polish"]
        assert view("polish").schedule == "0 3 * * * (Europe/Berlin)"
        assert view("polish").next_due_at > now()
    assert [found.name for found in periodic_tasks()] == before


def forget_jobs() -> None:
    from studium.core.database import execute, transaction

    with transaction():
        execute("delete from job")


def add_runs(name: str, count: int) -> None:
    from studium.core.database import transaction

    with transaction():
        for number in range(count):
            due = now() - timedelta(minutes=number)
            PeriodicRun(task=name, due_at=due, decided_at=due, outcome="paused")
