"""What no job carries any more gets a new one, or ends as its job did; and what is a year old goes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from postcards import PostOffice

from studium.core.clock import now
from studium.core.database import execute, reading, transaction
from studium.plugins.notifications import sweeping, trimming
from studium.plugins.notifications.entities import Bundle, Delivery, Notification
from studium.plugins.notifications.sweeping import stranded
from studium.queue import jobs
from studium.queue.jobs import Job
from studium.services.notifications.channels import ChannelDown
from tests.conftest import Clock
from tests.plugins.notifications.conftest import bundles, count, give, states

RunJobs = Callable[[], int]


@pytest.fixture
def sweep(run_jobs: RunJobs) -> Callable[[], None]:
    """As every ten minutes, and then all that follows from it."""

    def do() -> None:
        with transaction():
            jobs.enqueue("notification_sweep")
        run_jobs()
        run_jobs()

    return do


def forget_jobs() -> None:
    with transaction():
        execute("DELETE FROM job")


def ids_of_jobs() -> list[str]:
    with reading():
        return [row.id for row in Job.select().order_by(Job.id)]


def test_a_notice_whose_job_was_removed_is_carried_by_a_new_one(
        mia: int, noon: Clock, post: PostOffice, sweep: Callable[[], None]) -> None:
    give(mia)
    give(mia, "postcards.rain", town="Riga")
    forget_jobs()
    noon.advance(300)
    sweep()
    assert post.written == []
    noon.advance(700)
    sweep()
    assert [message.subject for message in post.written] == ["Album … is full: … card"]
    noon.advance(24 * 3600)
    sweep()
    assert [message.subject for message in post.written][1:] == ["It rains in Riga"]
    assert [state for state, _ in states()] == ["sent", "sent"]


def test_a_bundle_whose_job_was_removed_is_carried_by_a_new_one(
        mia: int, noon: Clock, post: PostOffice, run_jobs: RunJobs, sweep: Callable[[], None]) -> None:
    give(mia, "postcards.rain", town="Riga")
    noon.advance(6 * 3600)
    post.trouble = [ChannelDown("Strike.")]
    run_jobs()
    forget_jobs()
    noon.advance(700)
    sweep()
    assert len(post.written) == 1
    assert bundles() == [("daily", "sent")]


def test_what_waits_for_a_channel_that_is_down_is_left_to_its_job(
        mia: int, noon: Clock, post: PostOffice, run_jobs: RunJobs, sweep: Callable[[], None]) -> None:
    give(mia)
    post.trouble = [ChannelDown("Strike.", retry_after=7200)]
    run_jobs()
    noon.advance(3600)
    before = ids_of_jobs()
    sweep()
    assert len(ids_of_jobs()) == len(before) + 1  # the sweep's own
    assert post.written == []


@pytest.mark.parametrize(("ended", "state"), [("failed", "failed"), ("cancelled", "dropped")])
def test_what_an_ended_job_left_behind_ends_as_it_did(
        mia: int, noon: Clock, post: PostOffice, sweep: Callable[[], None], ended: str, state: str) -> None:
    """Such as one that killed three workers; a new job would kill the next ones."""
    give(mia)
    with transaction():
        execute("UPDATE job SET state = ?, error = 'The worker was lost.'", (ended,))
    noon.advance(700)
    sweep()
    assert states() == [(state, f"its job {ended}: The worker was lost.")]
    assert post.written == []


def test_what_was_to_go_together_gets_one_gathering(mia: int, noon: Clock, post: PostOffice, sweep: Callable[[], None]) -> None:
    for town in ("Riga", "Oslo", "Rome"):
        give(mia, "postcards.rain", key=town, town=town)
    forget_jobs()
    noon.advance(24 * 3600)
    sweep()
    with reading():
        assert Job.select(lambda job: job.kind == "notification_gather").count() == 1
    assert [len(message.notices) for message in post.written] == [3]


def test_a_sweep_that_runs_twice_sends_once(mia: int, noon: Clock, post: PostOffice, sweep: Callable[[], None]) -> None:
    give(mia)
    forget_jobs()
    noon.advance(700)
    with transaction():
        jobs.enqueue("notification_sweep")
    sweep()
    assert len(post.written) == 1


def test_more_than_one_batch_is_found(mia: int, noon: Clock, post: PostOffice, sweep: Callable[[], None],
                                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "BATCH", 2)
    for number in range(5):
        give(mia, key=f"{number}")
    forget_jobs()
    noon.advance(700)
    assert len(stranded(Delivery)) == 2
    sweep()
    assert len(post.written) == 5
    assert stranded(Delivery) == stranded(Bundle) == []


def test_old_notices_go_with_all_that_belongs_to_them(
        mia: int, noon: Clock, post: PostOffice, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trimming, "BATCH", 2)
    for number in range(5):
        give(mia, key=f"{number}")
        give(mia, "postcards.rain", key=f"{number}", town="Riga")
    noon.advance(6 * 3600)
    run_jobs()
    noon.advance(366 * 86400)
    give(mia, key="new")
    with transaction():
        jobs.enqueue("trim_notifications")
    run_jobs()
    with reading():
        assert [row.key for row in Notification.select()] == ["new"]
    assert (count(Delivery), count(Bundle)) == (1, 0)


def test_a_bundle_stays_with_the_last_of_its_notices(
        mia: int, noon: Clock, post: PostOffice, run_jobs: RunJobs) -> None:
    give(mia, "postcards.rain", key="1", town="Riga")
    give(mia, "postcards.rain", key="2", town="Oslo")
    noon.advance(6 * 3600)
    run_jobs()
    with transaction():
        execute("UPDATE notification SET created_at = ? WHERE key = '1'", ("2020-01-01 00:00:00.000000",))
    assert (trimming.remove_some(), trimming.remove_some()) == (1, 0)
    assert (count(), count(Delivery), count(Bundle)) == (1, 1, 1)


def test_what_is_still_on_its_way_keeps_its_notice(mia: int, noon: Clock) -> None:
    give(mia)
    noon.advance(400 * 86400)
    assert trimming.remove_some() == 0
    assert count() == 1
    assert now().year == 2026
