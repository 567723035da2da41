"""Announcements reach everybody they are for exactly once, however often the job begins again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from flask import Flask

from studium.core.clock import now
from studium.core.database import execute_many, reading, transaction
from studium.plugins.auth.entities import User
from studium.plugins.notifications import broadcast_job, broadcasts
from studium.plugins.notifications.audience import count_people
from studium.plugins.notifications.broadcasts import Announcement, newest, resume, send_once, tell_piece
from studium.plugins.notifications.entities import Notification
from studium.plugins.payments.entities import Enrolment
from studium.queue import jobs
from studium.services.notifications import NewNotice
from tests.conftest import PLUGINS_UNDER_TEST

ROOT = Path(__file__).parents[3]
NEWS = Announcement({"en": "A new course", "ru": "Новый курс"}, {"en": "It is about rivers.", "ru": "О реках."}, "/courses/rivers", None)
PIECE = 5  # here, so that few people make several pieces
People = Callable[[int], list[int]]


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcasts, "PIECE", PIECE)
    monkeypatch.setattr(broadcast_job, "PAUSE", 0)


@pytest.fixture
def people(app: Flask) -> Iterator[People]:
    """`people(120)` makes so many accounts; their ids."""

    def do(number: int) -> list[int]:
        at = now().isoformat(" ", "microseconds")
        rows = [(id, 9_000 + id, f"token-{id}", at, at) for id in range(1, number + 1)]
        with transaction():
            execute_many(
                'INSERT INTO "user" (id, telegram_id, username, first_name, last_name, photo_url, session_token, authenticated, language, '
                "time_zone, created_at, updated_at) VALUES (?, ?, '', 'P', '', '', ?, 1, '', 'UTC', ?, ?)", rows)
        return [row[0] for row in rows]

    with app.app_context():
        yield do


def told() -> list[int]:
    """Who has the announcement, in order; somebody with two notices is there twice."""
    with reading():
        return sorted(row.user_id for row in Notification.select(lambda row: row.event == "announcement"))


def only() -> broadcasts.BroadcastView:
    (one,) = newest(None, 10)
    return one


def test_everybody_is_told_once(people: People, run_jobs: Callable[[], int]) -> None:
    ids = people(2 * PIECE + 3)
    assert send_once(NEWS, ids[0], "form-0001") is True
    run_jobs()
    assert told() == ids
    assert (only().told, only().stopped) == (len(ids), False)
    assert only().finished_at is not None


def test_nobody_is_no_failure(people: People, run_jobs: Callable[[], int]) -> None:
    send_once(NEWS, 1, "form-0001")
    run_jobs()
    assert (told(), only().told, only().finished_at is not None) == ([], 0, True)


def test_a_form_that_is_sent_twice_announces_once(people: People, run_jobs: Callable[[], int]) -> None:
    ids = people(2)
    assert [send_once(NEWS, 1, "form-0001") for _ in range(2)] == [True, False]
    run_jobs()
    assert send_once(NEWS, 1, "form-0001") is False
    run_jobs()
    assert told() == ids


def test_two_announcements_with_the_same_words_are_two(people: People, run_jobs: Callable[[], int]) -> None:
    people(1)
    send_once(NEWS, 1, "form-0001")
    send_once(NEWS, 1, "form-0002")
    run_jobs()
    assert told() == [1, 1]


def test_a_course_announcement_goes_to_those_who_are_enrolled(people: People, run_jobs: Callable[[], int]) -> None:
    people(4)
    with transaction():
        for user_id in (2, 3):
            Enrolment(user_id=user_id, course_id=77, tier_id=user_id, tier_key="vip", source="grant", granted_by="the tests",
                      enrolled_at=now())
    assert (count_people(None), count_people(77), count_people(78)) == (4, 2, 0)
    send_once(Announcement(NEWS.titles, NEWS.texts, NEWS.path, 77), 1, "form-0001")
    run_jobs()
    assert told() == [2, 3]


def test_a_piece_that_fails_in_the_middle_is_done_again_whole(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = people(PIECE + 5)
    send_once(NEWS, 1, "form-0001")
    give, given = broadcasts.give_notice, []

    def give_some(notice: NewNotice) -> bool:
        given.append(notice.user_id)
        if len(given) == PIECE + 2:
            raise RuntimeError("power failure")
        return give(notice)

    monkeypatch.setattr(broadcasts, "give_notice", give_some)
    broadcast_id = only().id
    assert tell_piece(broadcast_id) is True
    with pytest.raises(RuntimeError):
        tell_piece(broadcast_id)
    assert (told(), only().told) == (ids[:PIECE], PIECE)
    while tell_piece(broadcast_id):
        pass
    assert (told(), only().told) == (ids, len(ids))


def test_a_stopped_one_goes_on_where_it_was(people: People, run_jobs: Callable[[], int]) -> None:
    ids = people(PIECE + 1)
    send_once(NEWS, 1, "form-0001")
    tell_piece(only().id)
    (job,) = [job for job in _jobs() if job.kind == "broadcast"]
    jobs.cancel(job.id)
    assert (only().stopped, only().told) == (True, PIECE)
    assert [resume(only().id) for _ in range(2)] == [True, True]
    assert only().stopped is False
    run_jobs()
    assert (told(), only().told) == (ids, len(ids))


def test_going_on_with_one_that_is_finished_or_unknown_does_nothing(people: People, run_jobs: Callable[[], int]) -> None:
    people(1)
    send_once(NEWS, 1, "form-0001")
    run_jobs()
    before = len(_jobs())
    assert (resume(only().id), resume(4711)) == (True, False)
    assert (len(_jobs()), told()) == (before, [1])


def test_who_left_meanwhile_is_passed_over(people: People, run_jobs: Callable[[], int]) -> None:
    ids = people(PIECE + 3)
    send_once(NEWS, 1, "form-0001")
    tell_piece(only().id)
    with transaction():
        User[ids[PIECE]].delete()
    run_jobs()
    assert told() == [*ids[:PIECE], *ids[PIECE + 1:]]


def test_an_announcement_that_rolls_back_has_no_job(people: People) -> None:
    with pytest.raises(RuntimeError), transaction():
        send_once(NEWS, 1, "form-0001")
        raise RuntimeError("no")
    assert (newest(None, 10), _jobs()) == ([], [])


@pytest.mark.slow
def test_a_worker_that_is_killed_anywhere_leaves_nobody_out_and_tells_nobody_twice(
    people: People, environ: Mapping[str, str], run_jobs: Callable[[], int]
) -> None:
    ids = people(3 * PIECE)
    send_once(NEWS, 1, "form-0001")
    broadcast_id = only().id
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STUDIUM_")}
    paths = {"PYTHONPATH": os.pathsep.join([str(ROOT), PLUGINS_UNDER_TEST])}
    code = ("import os, sys; from studium.core.app import create_app; from studium.plugins.notifications import broadcasts as b\n"
            "give, left, b.PIECE = b.give_notice, [int(sys.argv[2])], 5\n"
            "def mortal(notice):\n left[0] -= 1\n left[0] or os.kill(os.getpid(), 9)\n return give(notice)\n"
            "b.give_notice = mortal\n"
            "with create_app(os.environ, program='worker').app_context():\n while b.tell_piece(int(sys.argv[1])): pass")
    for notices in (PIECE + 3, PIECE - 2):
        died = subprocess.run([sys.executable, "-c", code, str(broadcast_id), str(notices)], env=kept | paths | dict(environ), timeout=60,
                              check=False)
        assert died.returncode == -signal.SIGKILL
    assert told() == ids[:PIECE]
    run_jobs()
    assert (told(), only().told) == (ids, len(ids))


def _jobs() -> list[jobs.Job]:
    with reading():
        return list(jobs.Job.select(lambda job: job.kind == "broadcast"))
