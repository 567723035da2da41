"""What waits for the digest or the end of quiet hours comes together, in one message, and none of it is lost or doubled on the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from postcards import PostOffice

from studium.core.clock import now
from studium.core.database import execute, reading, transaction
from studium.plugins.notifications import packing, preferences
from studium.plugins.notifications.entities import Bundle, Delivery
from studium.queue import jobs
from studium.queue.jobs import Job
from studium.queue.queues import queues
from studium.services.notifications import registry
from studium.services.notifications.channels import AddressRefused, ChannelDown
from tests.conftest import Clock
from tests.plugins.notifications.conftest import Killed, all_again, bundles, count, give, keys, person, states

RunJobs = Callable[[], int]
HOUR = 3600
EVENING, NIGHT = 18 * 60, (22 * 60, 7 * 60)


def rain(user_id: int, *towns: str) -> None:
    for town in towns:
        give(user_id, "postcards.rain", key=town, town=town)


def subjects(post: PostOffice) -> list[list[str]]:
    return [[text.subject for text in message.notices] for message in post.written]


def test_the_digest_comes_at_its_time_in_one_message(mia: int, noon: Clock, post: PostOffice, run_jobs: RunJobs) -> None:
    rain(mia, "Riga", "Oslo")
    run_jobs()
    noon.advance(6 * HOUR - 1)
    rain(mia, "Rome")
    assert run_jobs() == 0
    noon.advance(1)
    run_jobs()
    (message,) = post.written
    assert subjects(post) == [["It rains in Riga", "It rains in Oslo", "It rains in Rome"]]
    assert (message.subject, message.intro) == ("3 notices from Studium", "What happened since the last summary:")
    assert message.key.startswith("bundle:")
    assert bundles() == [("daily", "sent")]
    assert states() == [("sent", "")] * 3
    assert count(Job) == 2


def test_what_comes_after_the_digest_waits_for_the_next(mia: int, noon: Clock, post: PostOffice, run_jobs: RunJobs) -> None:
    for day, town in enumerate(("Riga", "Oslo", "Rome")):
        rain(mia, town)
        noon.advance(24 * HOUR)
        run_jobs()
        assert len(post.written) == day + 1
    assert subjects(post) == [["It rains in Riga"], ["It rains in Oslo"], ["It rains in Rome"]]
    assert [message.subject for message in post.written] == ["It rains in Riga", "It rains in Oslo", "It rains in Rome"]


def test_everybody_gets_their_own_digest_at_their_own_time(noon: Clock, in_app: None, post: PostOffice, run_jobs: RunJobs) -> None:
    people = {person("Mia", time_zone="Europe/Berlin"): 4, person("Aiko", time_zone="Asia/Tokyo"): 21, person("Ben"): 6}
    for user_id in people:
        post.streets[user_id] = f"Street {user_id}"
        rain(user_id, "Riga", "Oslo")
    came = {}
    for hour in range(24):
        run_jobs()
        came |= {message.user_id: hour for message in post.written if message.user_id not in came}
        noon.advance(HOUR)
    assert came == people
    assert len(post.written) == 3


def test_quiet_hours_hold_back_all_but_urgent_ones_until_their_end(mia: int, noon: Clock, post: PostOffice, run_jobs: RunJobs) -> None:
    preferences.keep(mia, {}, EVENING, NIGHT)
    noon.advance(11 * HOUR)
    give(mia, album="Trees", number=1)
    give(mia, key="2", album="Birds", number=2)
    give(mia, "postcards.flood", town="Riga")
    run_jobs()
    assert subjects(post) == [["Flood in Riga"]]
    noon.advance(8 * HOUR)
    run_jobs()
    assert subjects(post)[1:] == [["Album Trees is full: 1 card", "Album Birds is full: 2 cards"]]
    assert post.written[1].intro == "What happened during your quiet hours:"
    give(mia, key="3", album="Fish", number=3)
    run_jobs()
    assert subjects(post)[2:] == [["Album Fish is full: 3 cards"]]


def test_a_digest_that_is_due_in_quiet_hours_comes_with_what_waits_for_their_end(
        mia: int, noon: Clock, post: PostOffice, run_jobs: RunJobs) -> None:
    preferences.keep(mia, {}, 23 * 60, NIGHT)
    rain(mia, "Riga")
    noon.advance(11 * HOUR)
    give(mia, album="Trees", number=1)
    noon.advance(8 * HOUR)
    run_jobs()
    assert subjects(post) == [["It rains in Riga", "Album Trees is full: 1 card"]]
    assert bundles() == [("daily", "sent")]


def test_a_gathering_that_runs_again_makes_no_second_bundle(mia: int, noon: Clock, post: PostOffice, run_jobs: RunJobs) -> None:
    rain(mia, "Riga")
    noon.advance(6 * HOUR)
    run_jobs()
    for kind in ("notification_gather", "notification_bundle"):
        all_again(kind)
    run_jobs()
    assert len(post.written) == 1
    assert bundles() == [("daily", "sent")]


def test_a_bundle_that_is_tried_again_has_the_same_notices_and_key(
        mia: int, noon: Clock, post: PostOffice, run_jobs: RunJobs, recover: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    def send_and_die(message: object) -> str:
        post.write(message)  # type: ignore[arg-type]
        raise Killed

    rain(mia, "Riga", "Oslo")
    noon.advance(6 * HOUR)
    monkeypatch.setattr(registry.channels()["postcard"], "send", send_and_die)
    with pytest.raises(Killed):
        run_jobs()
    monkeypatch.undo()
    rain(mia, "Rome")
    recover()
    run_jobs()
    noon.advance(24 * HOUR)
    run_jobs()
    first, again, last = post.written
    assert first == again
    assert subjects(post)[1:] == [["It rains in Riga", "It rains in Oslo"], ["It rains in Rome"]]
    assert last.key != first.key


def test_a_bundle_waits_for_a_channel_that_is_down_beside_the_next_one(
        mia: int, noon: Clock, post: PostOffice, run_jobs: RunJobs) -> None:
    rain(mia, "Riga")
    noon.advance(6 * HOUR)
    post.trouble = [ChannelDown("Strike.", retry_after=5 * HOUR) for _ in range(5)]
    run_jobs()
    rain(mia, "Oslo")
    for _ in range(40):
        noon.advance(HOUR)
        run_jobs()
    assert sorted(subjects(post)) == [["It rains in Oslo"], ["It rains in Riga"]]
    assert len(set(keys(post))) == 2


def test_what_was_switched_off_meanwhile_is_left_out(mia: int, noon: Clock, post: PostOffice, run_jobs: RunJobs) -> None:
    preferences.keep(mia, {("postcards.album_full", "postcard"): "daily"}, EVENING, None)
    rain(mia, "Riga")
    give(mia, album="Trees", number=1)
    preferences.unsubscribe(mia, "postcard", "postcards.rain")
    noon.advance(6 * HOUR)
    run_jobs()
    assert subjects(post) == [["Album Trees is full: 1 card"]]
    assert states() == [("dropped", "the person does not want it any more"), ("sent", "")]


@pytest.mark.parametrize(("refusal", "state"), [(AddressRefused("Moved away."), "dropped"), (None, "dropped")])
def test_a_bundle_that_nobody_gets_takes_its_notices_with_it(
        mia: int, noon: Clock, post: PostOffice, run_jobs: RunJobs, refusal: Exception | None, state: str) -> None:
    rain(mia, "Riga", "Oslo")
    if refusal:
        post.trouble = [refusal]
    else:
        preferences.unsubscribe(mia, "postcard", None)
    noon.advance(6 * HOUR)
    run_jobs()
    assert post.written == []
    assert bundles() == [("daily", state)]
    assert {found for found, _ in states()} == {state}


def test_of_very_many_notices_the_newest_come_and_the_others_are_counted(
        mia: int, noon: Clock, post: PostOffice, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "MOST_NOTICES", 2)
    rain(mia, "Riga", "Oslo", "Rome")
    noon.advance(6 * HOUR)
    run_jobs()
    assert subjects(post) == [["It rains in Oslo", "It rains in Rome"]]
    assert post.written[0].subject == "3 notices from Studium"
    assert post.written[0].intro == "What happened since the last summary: 1 older one is on the site only."


def test_the_way_out_of_a_message_is_that_of_its_event_and_of_a_mixed_one_that_of_the_channel(
        mia: int, noon: Clock, post: PostOffice, run_jobs: RunJobs) -> None:
    from studium.plugins.notifications.unsubscribing import read

    preferences.keep(mia, {("postcards.album_full", "postcard"): "daily"}, EVENING, None)
    rain(mia, "Riga", "Oslo")
    noon.advance(6 * HOUR)
    run_jobs()
    rain(mia, "Rome")
    give(mia)
    noon.advance(24 * HOUR)
    run_jobs()
    assert [read(message.unsubscribe_url.rpartition("/")[2]) for message in post.written] == [
        (mia, "postcard", "postcards.rain"), (mia, "postcard", None)]


def test_a_digest_that_is_started_by_hand_goes_out_early_and_leaves_nothing_behind(
        mia: int, noon: Clock, post: PostOffice, run_jobs: RunJobs) -> None:
    rain(mia, "Riga")
    with reading():
        job_id = Job.select().first().id
    with transaction():
        jobs.run_now(job_id)
    run_jobs()
    assert subjects(post) == [["It rains in Riga"]]


def test_a_clock_that_is_set_back_loses_no_notice(mia: int, noon: Clock, post: PostOffice, run_jobs: RunJobs) -> None:
    """The gathering of 18:00 is over but not stored as ended, and then it is 17:00 again."""
    rain(mia, "Riga")
    noon.advance(6 * HOUR)
    run_jobs()
    with transaction():
        execute("UPDATE job SET state = 'running', active_key = kind || ':' || unique_key WHERE kind = 'notification_gather'")
    noon.advance(-HOUR)
    rain(mia, "Oslo")
    with transaction():
        execute("UPDATE job SET state = 'succeeded', active_key = NULL WHERE kind = 'notification_gather'")
    noon.advance(2 * HOUR)
    run_jobs()
    assert len(post.written) == 1
    with transaction():
        jobs.enqueue("notification_sweep")
    run_jobs()
    run_jobs()
    assert subjects(post) == [["It rains in Riga"], ["It rains in Oslo"]]


def test_the_gatherings_of_everybody_let_all_else_of_their_queue_go_first(in_app: None) -> None:
    kinds = queues().kinds
    others = [kind.priority for kind in kinds.values() if kind.queue == "realtime" and kind.name != "notification_gather"]
    assert kinds["notification_gather"].queue == "realtime"
    assert kinds["notification_gather"].priority < min(others)


def test_the_times_are_naive_utc(mia: int, noon: Clock) -> None:
    rain(mia, "Riga")
    with reading():
        assert Delivery.select().first().due_at == datetime(2025, 6, 2, 18)
        assert Bundle.select().count() == 0
    assert now() < datetime(2025, 6, 2, 18)
