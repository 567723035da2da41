"""What is to be carried arrives, once, or again under the same key if a worker died in between; whatever the channel does meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from postcards import PostOffice

from studium.core.clock import now
from studium.core.database import execute, reading, transaction
from studium.core.facts import publish
from studium.plugins.notifications import deletion, preferences
from studium.plugins.notifications.delivering import carry_later
from studium.plugins.notifications.entities import Delivery, Notification
from studium.queue import jobs
from studium.queue.jobs import Job
from studium.services.cache import cache
from studium.services.facts import UserDeleted
from studium.services.notifications import NewNotice, give_notice, registry
from studium.services.notifications.channels import AddressRefused, ChannelDown, MessageRefused
from tests.conftest import Clock
from tests.plugins.notifications.conftest import Killed, all_again, count, give, keys, person, states

RunJobs = Callable[[], int]
Recover = Callable[[], None]
KIND = "notification_delivery"


def job_states(kind: str = KIND) -> list[str]:
    with reading():
        return [row.state for row in Job.select(lambda row: row.kind == kind).order_by(Job.id)]


def test_a_notice_arrives_in_the_words_of_its_reader(in_app: None, post: PostOffice, run_jobs: RunJobs) -> None:
    user_id = person("Мила", "ru")
    post.streets[user_id] = "Липовая, 1"
    give(user_id, album="Деревья", number=3)
    run_jobs()
    (message,) = post.written
    (text,) = message.notices
    assert (message.user_id, message.name, message.language, message.address) == (user_id, "Мила", "ru", "Липовая, 1")
    assert message.subject == text.subject == "Album Деревья is full: 3 cards"  # nobody translated the plugin
    assert text.text == "The last one came on …."
    assert text.url.endswith("/courses")
    assert text.url.startswith("http")
    assert (message.intro, text.action) == ("", "Open the album")
    with reading():
        delivery = Delivery.select().first()
        key = f"notice:{delivery.id}:{delivery.due_at:%Y%m%d%H%M%S}"  # with its time: a restored database gives a number twice
        assert (delivery.state, delivery.reference, message.key) == ("sent", "card 1", key)


def test_a_job_that_runs_again_after_its_end_was_stored_sends_nothing(mia: int, post: PostOffice, run_jobs: RunJobs) -> None:
    give(mia)
    run_jobs()
    all_again(KIND)
    assert run_jobs() == 1
    assert len(post.written) == 1
    assert states() == [("sent", "")]


def test_a_worker_killed_before_the_sending_sends_once(mia: int, post: PostOffice, run_jobs: RunJobs, recover: Recover) -> None:
    give(mia)
    post.trouble = [Killed()]  # type: ignore[list-item]
    with pytest.raises(Killed):
        run_jobs()
    recover()
    run_jobs()
    assert len(post.written) == 1
    assert states() == [("sent", "")]


def test_a_worker_killed_after_the_sending_sends_again_under_the_same_key(
        mia: int, post: PostOffice, run_jobs: RunJobs, recover: Recover, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = registry.channels()["postcard"]
    give(mia)

    def send_and_die(message: object) -> str:
        post.write(message)  # type: ignore[arg-type]
        raise Killed

    monkeypatch.setattr(channel, "send", send_and_die)
    with pytest.raises(Killed):
        run_jobs()
    monkeypatch.undo()
    recover()
    run_jobs()
    first, second = post.written
    assert first == second
    assert states() == [("sent", "")]


def test_a_channel_that_is_down_is_asked_again_until_it_is_up(mia: int, post: PostOffice, run_jobs: RunJobs, frozen_clock: Clock) -> None:
    give(mia)
    post.trouble = [ChannelDown("Strike.") for _ in range(6)]
    for _ in range(40):
        run_jobs()
        frozen_clock.advance(300)
    assert len(post.written) == 1
    assert states() == [("sent", "")]
    assert job_states() == ["succeeded"]


def test_an_answer_that_got_lost_repeats_the_message_under_the_same_key(
        mia: int, post: PostOffice, run_jobs: RunJobs, frozen_clock: Clock, log_lines: list[dict[str, object]]) -> None:
    give(mia)
    post.lost = 2
    for _ in range(3):
        run_jobs()
        frozen_clock.advance(300)
    assert len(keys(post)) == 3
    assert len(set(keys(post))) == 1
    assert [line["channel"] for line in log_lines if line["event"] == "channel_broke"] == ["postcard"] * 2


def test_a_channel_that_says_when_to_come_back_is_left_alone_until_then(
        mia: int, post: PostOffice, run_jobs: RunJobs, frozen_clock: Clock) -> None:
    give(mia)
    post.trouble = [ChannelDown("Too many.", retry_after=600), ChannelDown("Too many.", retry_after=10)]
    run_jobs()
    frozen_clock.advance(599)
    assert run_jobs() == 0
    frozen_clock.advance(1)
    run_jobs()
    frozen_clock.advance(10)
    run_jobs()
    assert len(post.written) == 1
    assert states() == [("sent", "")]
    assert job_states() == ["succeeded"]


def test_after_a_long_time_down_a_message_waits_a_quarter_of_an_hour_at_most(
        mia: int, post: PostOffice, run_jobs: RunJobs, frozen_clock: Clock) -> None:
    give(mia)
    post.trouble = [ChannelDown("Strike.") for _ in range(20)]
    while post.trouble:
        run_jobs()
        frozen_clock.advance(900)
    assert post.written == []
    run_jobs()
    assert len(post.written) == 1


def test_while_a_channel_is_down_for_all_one_message_finds_out_and_the_others_wait(
        mia: int, post: PostOffice, run_jobs: RunJobs, frozen_clock: Clock) -> None:
    for key in ("one", "two", "three"):
        give(mia, key=key)
    post.trouble = [ChannelDown("The line is dead.", for_all=True), ChannelDown("Nobody may ask.")]
    assert run_jobs() >= 3
    assert len(post.trouble) == 1
    assert post.written == []
    post.trouble = []
    frozen_clock.advance(60)
    run_jobs()
    assert len(post.written) == 3


def test_a_rest_is_no_try_however_long_it_takes(mia: int, post: PostOffice, run_jobs: RunJobs, frozen_clock: Clock) -> None:
    give(mia)
    post.trouble = [ChannelDown("The line is dead.", for_all=True)]
    run_jobs()
    for _ in range(20):
        cache().set("notifications:rest:postcard", 1, ttl=60)
        frozen_clock.advance(59)
        run_jobs()
    frozen_clock.advance(3 * 86400)
    cache().set("notifications:rest:postcard", 1, ttl=60)
    run_jobs()
    assert states() == [("waiting", "")]
    frozen_clock.advance(61)
    run_jobs()
    assert len(post.written) == 1


@pytest.mark.parametrize("broken", ["addresses_of", "title"])
def test_what_breaks_before_the_sending_is_given_up_as_well(
        mia: int, post: PostOffice, run_jobs: RunJobs, frozen_clock: Clock, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    give(mia)
    if broken == "addresses_of":
        monkeypatch.setattr(registry.channels()["postcard"], "addresses_of", lambda _ids: 1 / 0)
    else:
        with transaction():
            Notification.select().first().details = "{"
    for _ in range(60):
        run_jobs()
        frozen_clock.advance(3600)
    assert [state for state, _error in states()] == ["failed"]
    assert job_states() == ["failed"]


def test_what_goes_to_very_many_waits_for_everything_else(mia: int, post: PostOffice, run_jobs: RunJobs) -> None:
    with transaction():
        give_notice(NewNotice(mia, "announcement", "1", {"title": "News", "text": ""}))
    preferences.keep(mia, {("announcement", "postcard"): "now"}, 18 * 60, None)
    with transaction():
        give_notice(NewNotice(mia, "announcement", "2", {"title": "News", "text": ""}))
    give(mia)
    give(mia, "postcards.flood")
    run_jobs()
    assert [message.notices[0].event for message in post.written] == ["postcards.flood", "postcards.album_full", "announcement"]


def test_trouble_of_one_message_holds_up_no_other(mia: int, post: PostOffice, run_jobs: RunJobs) -> None:
    for key in ("one", "two"):
        give(mia, key=key)
    post.trouble = [ChannelDown("Not this one.", retry_after=3600)]
    run_jobs()
    assert len(post.written) == 1


def test_what_never_gets_through_is_given_up_after_two_days(mia: int, post: PostOffice, run_jobs: RunJobs, frozen_clock: Clock) -> None:
    give(mia)
    post.trouble = [ChannelDown("Strike.") for _ in range(1000)]
    began = now()
    while job_states() != ["failed"]:
        run_jobs()
        frozen_clock.advance(3600)
        assert now() - began < timedelta(days=3)
    assert now() - began > timedelta(days=2)
    assert states() == [("failed", "Strike.")]


def test_what_became_due_while_the_site_was_off_is_tried_more_than_once(
        mia: int, post: PostOffice, run_jobs: RunJobs, frozen_clock: Clock) -> None:
    give(mia)
    frozen_clock.advance(10 * 86400)
    post.trouble = [ChannelDown("Strike."), ChannelDown("Strike.", retry_after=5), ChannelDown("Strike.")]
    for _ in range(5):
        run_jobs()
        frozen_clock.advance(300)
    assert len(post.written) == 1


def test_a_failed_one_is_sent_when_somebody_has_its_job_tried_again(mia: int, post: PostOffice, run_jobs: RunJobs) -> None:
    give(mia)
    post.trouble = [MessageRefused("Too long for a card.")]
    run_jobs()
    assert (states(), job_states()) == ([("failed", "Too long for a card.")], ["failed"])
    with transaction():
        jobs.retry(Job.select().order_by(Job.id).first().id)
    run_jobs()
    assert len(post.written) == 1
    assert states() == [("sent", "")]


def test_a_dead_address_switches_the_channel_off_and_is_told_once_in_the_bell(mia: int, post: PostOffice, run_jobs: RunJobs) -> None:
    give(mia)
    give(mia, key="2")
    post.trouble = [AddressRefused("Moved away.", "gone")]
    run_jobs()
    give(mia, key="3")
    run_jobs()
    assert post.written == []
    assert states() == [("dropped", "Moved away."), ("dropped", "the channel is switched off for the person")]
    with reading():
        told = list(Notification.select(lambda row: row.event == "channel_off"))
        assert [(row.shown, '"Postcard"' in row.details) for row in told] == [(True, True)]
    (channel,) = [one for one in preferences.table_of(mia).channels if one.code == "postcard"]
    assert (channel.address, channel.silenced_reason) == ("Elm Street 7", "gone")


def test_another_address_is_used_at_once(mia: int, post: PostOffice, run_jobs: RunJobs) -> None:
    give(mia)
    post.trouble = [AddressRefused("Moved away.")]
    run_jobs()
    post.streets[mia] = "Oak Street 1"
    give(mia, key="2")
    run_jobs()
    assert [message.address for message in post.written] == ["Oak Street 1"]
    assert [one.silenced_reason for one in preferences.table_of(mia).channels if one.code == "postcard"] == [None]


def test_an_address_that_was_changed_while_the_old_one_was_refused_stays_on(mia: int, post: PostOffice, run_jobs: RunJobs) -> None:
    def move() -> None:
        post.streets[mia] = "Oak Street 1"
        raise AddressRefused("Moved away.")

    give(mia)
    post.while_writing = move
    run_jobs()
    assert count() == 1
    assert [one.silenced_reason for one in preferences.table_of(mia).channels if one.code == "postcard"] == [None]


@pytest.mark.parametrize("change", ["off", "everything off", "no address", "no account", "plugin gone"])
def test_what_changed_before_the_sending_counts(
        mia: int, post: PostOffice, run_jobs: RunJobs, change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    give(mia)
    if change in ("off", "everything off"):
        preferences.unsubscribe(mia, "postcard", "postcards.album_full" if change == "off" else None)
    elif change == "no address":
        del post.streets[mia]
    elif change == "plugin gone":
        monkeypatch.delitem(registry.events(), "postcards.album_full")
    else:
        with transaction():
            execute("DELETE FROM user WHERE id = ?", (mia,))
    run_jobs()
    assert post.written == []
    assert [state for state, _ in states()] == ["dropped"]
    assert job_states() == ["succeeded"]


def test_a_channel_that_is_not_set_up_for_a_while_gets_it_later(mia: int, post: PostOffice, run_jobs: RunJobs, frozen_clock: Clock) -> None:
    give(mia)
    post.open = False
    run_jobs()
    post.open = True
    frozen_clock.advance(60)
    run_jobs()
    assert len(post.written) == 1


def test_a_deleted_account_leaves_nothing_and_a_job_on_its_way_stores_nothing(mia: int, post: PostOffice, run_jobs: RunJobs) -> None:
    def delete() -> None:
        with transaction():
            execute("DELETE FROM user WHERE id = ?", (mia,))
            publish(UserDeleted(user_id=mia, deleted_at=now()))
        deletion.forget(mia)

    preferences.keep(mia, {("postcards.rain", "postcard"): "off"}, 60, (1, 2))
    give(mia)
    post.while_writing = delete
    run_jobs()
    assert len(post.written) == 1  # too late for that
    for table in deletion.TABLES:
        with transaction():
            assert execute(f"SELECT COUNT(*) FROM {table} WHERE user_id = ?", (mia,)).fetchone()[0] == 0, table
    assert give(mia, key="2") is False


def test_urgent_ones_go_before_the_others(mia: int, post: PostOffice, run_jobs: RunJobs) -> None:
    give(mia)
    give(mia, "postcards.flood", town="Riga")
    run_jobs()
    assert post.written[0].subject == "Flood in Riga"


@pytest.mark.parametrize(("trouble", "written", "state"), [(None, 1, "sent"), (MessageRefused("Too long."), 1, "sent")])
def test_what_a_job_that_took_over_has_to_do_depends_on_whether_the_first_one_sent_it(
        mia: int, post: PostOffice, run_jobs: RunJobs, trouble: Exception | None, written: int, state: str) -> None:
    def take_over() -> None:
        with transaction():
            row = Delivery.select().first()
            row.job_id = carry_later(Delivery, row.id)
        post.while_writing = lambda: None
        if trouble:
            raise trouble

    give(mia)
    post.while_writing = take_over
    run_jobs()
    assert len(post.written) == written
    assert states() == [(state, "")]
