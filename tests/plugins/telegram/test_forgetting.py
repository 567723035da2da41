"""What the bot knows of somebody goes with their account; of people who never had one it goes after a day."""

from __future__ import annotations

from datetime import timedelta

import pytest

from studium.core.clock import now
from studium.core.database import query, reading, transaction
from studium.core.facts import publish
from studium.plugins.telegram.bot_messages import BotMessage, send
from studium.plugins.telegram.bot_trimming import trim_telegram
from studium.plugins.telegram.entities import TelegramChallenge
from studium.plugins.telegram.forgetting import forget_strangers
from studium.queue.entities import Job
from studium.services.facts import UserDeleted

ANNA, BORIS = 1001, 1002
KINDS = ("telegram_update", "telegram_message")


def jobs_about(person):
    """The states of the bot's jobs whose params tell of this person."""
    with reading():
        return sorted(job.state for job in Job.select(lambda job: job.kind in KINDS) if str(person) in job.params)


def challenges_of(person):
    with reading():
        return [(row.first_name, row.state) for row in TelegramChallenge.select(lambda row: row.telegram_id == person)]


@pytest.fixture
def sign_in_by_bot(app, phone, waiting, finish):
    """`sign_in_by_bot(person)` makes the account by the bot; the signed-in browser and the phone."""

    def do(person):
        client, theirs = app.test_client(), phone(person)
        shown = waiting(client)
        theirs.open(shown.link)
        theirs.press(shown.number)
        assert finish(client) == (303, "/dashboard")
        return client, theirs

    return do


def delete_account(client):
    token = client.get("/api/v1/session").get_json()["data"]["csrf_token"]
    assert client.post("/account/delete", data={"word": "DELETE"}, headers={"X-CSRF-Token": token}).status_code == 303


def test_with_the_account_goes_what_was_said_and_nothing_of_others(app, sign_in_by_bot, run_jobs):
    anna, _phone = sign_in_by_bot(ANNA)
    sign_in_by_bot(BORIS)
    with app.app_context():
        before = jobs_about(BORIS), challenges_of(BORIS)
        assert len(jobs_about(ANNA)) == 4
        assert challenges_of(ANNA) == [("Anna", "used")]
        delete_account(anna)
        run_jobs()
        assert (jobs_about(ANNA), challenges_of(ANNA)) == ([], [])
        assert (jobs_about(BORIS), challenges_of(BORIS)) == before
        with reading():
            assert query("SELECT count(*) FROM job_argument WHERE value = ?", (str(ANNA),)) == [(0,)]


def test_failed_messages_go_too(app, network, sign_in_by_bot, run_jobs):
    anna, _phone = sign_in_by_bot(ANNA)
    with app.app_context():
        with transaction():
            send(BotMessage(chat_id=ANNA, text="x" * 5000))  # longer than Telegram takes
        run_jobs()
        assert "failed" in jobs_about(ANNA)
        delete_account(anna)
        run_jobs()
        assert jobs_about(ANNA) == []


def test_who_is_just_signing_in_for_the_first_time_loses_nothing(app, client, sign_in_by_bot, phone, waiting, finish, run_jobs):
    anna, _phone = sign_in_by_bot(ANNA)
    newcomer = phone()
    shown = waiting(client)
    newcomer.open(shown.link)
    delete_account(anna)
    run_jobs()
    newcomer.press(shown.number)
    assert finish(client) == (303, "/dashboard")


def test_a_wrong_answer_keeps_counting_without_a_name(app, client, phone, waiting, frozen_clock):
    anna = phone(ANNA)
    shown = waiting(client)
    anna.open(shown.link)
    anna.press(next(text for text in anna.buttons() if text != shown.number))
    with app.app_context():
        assert challenges_of(ANNA) == [("Anna", "cancelled")]
        forget_strangers(now())
        assert challenges_of(ANNA) == [("", "cancelled")]
        frozen_clock.advance(24 * 3600)
        forget_strangers(now())
        assert challenges_of(ANNA) == []


def test_people_without_an_account_are_forgotten_after_a_day(app, phone, frozen_clock):
    phone(ANNA).say("/help")
    with app.app_context():
        frozen_clock.advance(timedelta(days=1).total_seconds() - 60)
        assert trim_telegram.run(None, None)["jobs"] == 0
        frozen_clock.advance(120)
        assert trim_telegram.run(None, None)["jobs"] == 2
        assert jobs_about(ANNA) == []


def test_many_jobs_are_looked_through_page_by_page(app, phone, sign_in_by_bot, run_jobs, monkeypatch):
    monkeypatch.setattr("studium.plugins.telegram.forgetting.BATCH", 2)
    sign_in_by_bot(BORIS)
    stranger = phone(ANNA)
    for _time in range(3):
        stranger.say("/help")
    with app.app_context():
        kept = jobs_about(BORIS)
        assert forget_strangers(now())["jobs"] == 6
        assert (jobs_about(ANNA), jobs_about(BORIS)) == ([], kept)


def test_hook_user_deleted_may_come_twice(app, sign_in_by_bot, run_jobs):
    sign_in_by_bot(BORIS)
    with app.app_context():
        for _time in range(2):
            with transaction():
                publish(UserDeleted(user_id=4711, deleted_at=now()))
            run_jobs()
        assert len(jobs_about(BORIS)) == 4
        with reading():
            assert Job.select(lambda job: job.state == "failed").count() == 0
