"""The bot: what comes in is taken once and answered once, in the person's language; what goes out is tried again as Telegram wants it."""

from __future__ import annotations

import json
import re
import threading
from datetime import timedelta

import pytest
import requests
import responses
from click.testing import CliRunner
from pony.orm import select

from studium.core.clock import now
from studium.core.database import UNAVAILABLE, reading, transaction
from studium.core.entities import Heartbeat
from studium.plugins.telegram import bot_commands, bot_polling
from studium.plugins.telegram.bot_messages import BotMessage, send
from studium.plugins.telegram.bot_polling import Poller
from studium.plugins.telegram.bot_trimming import trim_telegram
from studium.plugins.telegram.bot_updates import Handling, handle_update, take
from studium.plugins.telegram.entities import TelegramUpdate
from studium.queue.jobs import find_job
from studium.services.telegram import (
    ALLOWED_UPDATES,
    SECRET_HEADER,
    TelegramDown,
    TelegramRefused,
    TooManyRequests,
    bot_account,
    webhook_secret,
)
from studium.testing.simulators import telegram_store as store

LIMIT = 256 * 1024
BOT = 7


@pytest.fixture
def in_app(app):
    with app.app_context():
        yield


@pytest.fixture
def secret(in_app):
    return {SECRET_HEADER: webhook_secret()}


def message(text="/help", update_id=900, person=77, chat="private", **sender):
    return {"update_id": update_id, "message": {"message_id": 1, "date": 1, "chat": {"id": person, "type": chat}, "text": text,
                                                "from": {"id": person, "is_bot": False, "first_name": "Mia", **sender}}}


def stored():
    """The bots and ids of the updates that were taken."""
    with reading():
        return [(row.bot_id, row.update_id) for row in TelegramUpdate.select().order_by(TelegramUpdate.bot_id, TelegramUpdate.update_id)]


def jobs_of(kind):
    from studium.queue.entities import Job

    with reading():
        ids = list(select(job.id for job in Job if job.kind == kind))
    return [find_job(one) for one in ids]


# The webhook


def test_an_update_is_taken_with_the_secret_only(client, secret):
    assert client.post("/webhooks/telegram", json=message(), headers=secret).status_code == 200
    for wrong in ({}, {SECRET_HEADER: ""}, {SECRET_HEADER: webhook_secret()[:-1]}, {SECRET_HEADER: "é" * 64}):
        answer = client.post("/webhooks/telegram", json=message(update_id=901), headers=wrong)
        assert answer.status_code == 403
        assert answer.mimetype == "application/problem+json"
        assert webhook_secret() not in answer.text
    assert len(jobs_of("telegram_update")) == 1


def test_the_answer_does_not_wait_for_the_work(client, secret):
    """No network is there: an answer that wrote to Telegram itself would fail."""
    assert client.post("/webhooks/telegram", json=message(), headers=secret).data == b""
    assert [job.state for job in jobs_of("telegram_update")] == ["queued"]


def test_an_update_that_comes_again_is_taken_once(client, secret, run_jobs):
    for _time in range(3):
        assert client.post("/webhooks/telegram", json=message(), headers=secret).status_code == 200
        with responses.RequestsMock(assert_all_requests_are_fired=False) as telegram:
            telegram.post(re.compile(".*"), json={"ok": True, "result": {"message_id": 1}})
            run_jobs()
    assert len(jobs_of("telegram_update")) == len(jobs_of("telegram_message")) == 1


def test_the_same_update_in_two_requests_at_once_is_taken_once(app, secret):
    start, taken = threading.Barrier(4), []

    def post():
        start.wait()
        with app.app_context():
            taken.append(take(message(), BOT))

    threads = [threading.Thread(target=post) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False, False, False, True]
    assert len(jobs_of("telegram_update")) == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"message": {}}', b'{"update_id": "7"}', b'{"update_id": -1}',
                                  b'{"update_id": true}', b'{"update_id": 9223372036854775808}', b"[" * 5000])
def test_what_is_no_update_is_refused(client, secret, body):
    assert client.post("/webhooks/telegram", data=body, headers=secret).status_code == 400
    assert stored() == []


def test_a_body_that_is_too_large_is_refused(client, secret):
    body = json.dumps(message(text="x" * LIMIT))
    assert client.post("/webhooks/telegram", data=body, headers=secret).status_code == 413
    assert jobs_of("telegram_update") == []


@pytest.mark.parametrize("update", [
    message(chat="group"), message(chat="supergroup", text="/start " + "0" * 32), message(is_bot=True), {"update_id": 900},
    {"update_id": 900, "edited_message": {}}, {"update_id": 900, "message": {"text": "/help"}}, message(person=0), message(person=-5),
    message(text=7), {"update_id": 900, "callback_query": {"id": "1", "data": "1:10"}},
    {"update_id": 900, "message": {"message_id": 1, "chat": {"id": 1, "type": "private"}}},
])
def test_what_is_not_for_the_bot_is_taken_and_answered_with_silence(client, secret, update):
    assert client.post("/webhooks/telegram", json=update, headers=secret).status_code == 200
    assert jobs_of("telegram_update") == []
    assert stored() == [(bot_account().id, 900)]


def test_there_is_no_webhook_without_a_bot(client, secret, monkeypatch):
    from studium.plugins.telegram import bot_webhook

    monkeypatch.setattr(bot_webhook, "bot_account", lambda: None)
    assert client.post("/webhooks/telegram", json=message(), headers=secret).status_code == 404


def test_the_link_s_token_is_in_no_job(in_app):
    token = "0123456789abcdef" * 2
    take(message(text=f"/start {token}"), BOT)
    (job,) = jobs_of("telegram_update")
    assert token not in json.dumps(job.params)


# What the bot says


def test_start_without_a_link_says_who_is_there(phone):
    anna = phone(1001)
    assert anna.say("/start").startswith("Hello, Anna! This is the bot of Studium.")


@pytest.mark.parametrize("text", ["/help", "/HELP", "/help@studium_demo_bot", "hello", "/unknown", "?", "/start_now"])
def test_help_tells_how_to_sign_in(phone, text):
    assert "Open http://127.0.0.1:8000/login and choose Telegram" in phone().say(text)


def test_stop_cancels_what_waits_and_ends_the_news(client, phone, waiting, state):
    shown, mia = waiting(client), phone()
    assert "I bring you no more news" in mia.say("/stop")
    mia.open(shown.link)
    assert "are cancelled" in mia.say("/stop")
    assert state(client) == "cancelled"


def test_it_speaks_the_language_of_the_person_s_telegram(phone, monkeypatch):
    spoken = []
    from studium.plugins.telegram import bot_answers

    real = bot_answers.translator
    monkeypatch.setattr(bot_answers, "translator", lambda language: spoken.append(language) or real(language))
    phone(1002).say("/help")
    phone(1001).say("/help")
    assert spoken == ["ru", "en"]


def test_without_it_the_language_of_the_account_and_then_of_the_page(app, client, phone, waiting, finish, monkeypatch):
    from studium.plugins.telegram import bot_answers

    spoken = []
    real = bot_answers.translator
    monkeypatch.setattr(bot_answers, "translator", lambda language: spoken.append(language) or real(language))
    client.set_cookie("studium_language", "ru")
    shown, mia = waiting(client), phone(1003)  # her Telegram says no language
    mia.open(shown.link)
    assert spoken[-1] == "ru"

    mia.press(shown.number)
    finish(client)
    with app.app_context(), transaction():
        from studium.plugins.auth.entities import User

        User.get(telegram_id=1003).language = "ru"
    mia.say("/help")
    assert spoken[-1] == "ru"


def test_an_update_is_handled_once_though_its_job_runs_twice(in_app):
    take(message(), BOT)
    (job,) = jobs_of("telegram_update")
    handling = Handling.model_validate(job.params)
    assert handle_update(handling) is True
    assert handle_update(handling) is False
    assert len(jobs_of("telegram_message")) == 1


def test_an_update_that_waited_while_rows_had_no_bot_yet_is_handled(in_app):
    with transaction():
        TelegramUpdate(bot_id=0, update_id=900, received_at=now())
    waited = {"update": {"update_id": 900, "sender": {"id": 77}, "verb": "help"}}
    assert handle_update(Handling.model_validate(waited)) is True


@pytest.mark.parametrize("data", ["", "x", "1", "1:", ":47", "1:47:1", "1:4", "999999:47", "9" * 60 + ":47", "1:no", "-1:47", "1:٤٧"])
def test_a_press_that_means_nothing_changes_nothing(phone, data):
    mia = phone()
    mia.say("/help")
    assert "This question is over" in mia.press_data(data, mia.chat()[-1].id)


def test_writing_very_often_is_answered_once_at_a_time(in_app, run_jobs):
    for number in range(20):
        take(message(update_id=900 + number), BOT)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as telegram:
        telegram.post(re.compile(".*"), json={"ok": False, "error_code": 500}, status=500)
        run_jobs()
    assert len(jobs_of("telegram_message")) == 1


# Messages


@pytest.fixture
def say(in_app, run_jobs):
    """`say(status, body, ...)` sends a message to a Telegram that answers so, in this order; its job and the methods called."""

    def do(*answers, message=None):
        with transaction():
            job_id = send(message or BotMessage(chat_id=77, text="Hello"))
        with responses.RequestsMock(assert_all_requests_are_fired=False) as telegram:
            for answer in answers:
                if isinstance(answer, Exception):
                    telegram.post(re.compile(".*"), body=answer)
                else:
                    telegram.post(re.compile(".*"), status=answer[0], json=answer[1])
            run_jobs()
            called = [call.request.url.rpartition("/")[2] for call in telegram.calls]
        return find_job(job_id), called

    return do


SENT = (200, {"ok": True, "result": {"message_id": 4}})


def test_a_message_is_sent_by_a_job(say):
    job, called = say(SENT)
    assert (job.state, job.result, called) == ("succeeded", {"message_id": 4}, ["sendMessage"])


@pytest.mark.parametrize("fault", [
    requests.ConnectionError("refused"), requests.ConnectTimeout(), requests.ReadTimeout(), (500, {"ok": False, "error_code": 500}),
    (502, {"ok": False, "error_code": 502}), (503, {}), (200, {}),
], ids=repr)
def test_a_message_is_tried_again_when_telegram_is_down(say, run_jobs, frozen_clock, fault):
    job, _called = say(fault)
    assert (job.state, job.attempts) == ("retrying", 1)
    assert bot_account().token.get_secret_value() not in (job.error or "")

    frozen_clock.advance(10)
    with responses.RequestsMock() as telegram:
        telegram.post(re.compile(".*"), json=SENT[1])
        run_jobs()
    assert find_job(job.id).state == "succeeded"


@pytest.mark.parametrize("body", [{"error_code": 403, "description": "Forbidden: bot was blocked by the user"},
                                  {"error_code": 400, "description": "Bad Request: message text is empty"}])
def test_a_message_that_cannot_be_sent_is_not_tried_again(say, body):
    job, _called = say((body["error_code"], {"ok": False, **body}))
    assert job.state == "failed"
    assert body["description"] in job.error


def test_a_message_waits_as_long_as_telegram_says(say, run_jobs, frozen_clock):
    job, _called = say((429, {"ok": False, "error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": 40}}))
    assert (job.state, job.result) == ("succeeded", {"delayed_seconds": 40})
    later = next(one for one in jobs_of("telegram_message") if one.id != job.id)
    assert (later.state, later.run_at - now()) == ("queued", timedelta(seconds=40))

    assert run_jobs() == 0
    frozen_clock.advance(40)
    with responses.RequestsMock() as telegram:
        telegram.post(re.compile(".*"), json=SENT[1])
        assert run_jobs() == 1
    assert find_job(later.id).result == {"message_id": 4}


def test_a_message_is_not_put_off_for_ever(say):
    job, _called = say((429, {"ok": False, "error_code": 429}), message=BotMessage(chat_id=77, text="Hello", delays=10))
    assert job.state == "failed"


def test_a_question_that_nobody_can_answer_any_more_is_not_sent(say):
    job, called = say(SENT, message=BotMessage(chat_id=77, text="Which number?", until=now()))
    assert (job.state, called) == ("succeeded", [])


PRESSED = BotMessage(chat_id=77, text="Done.", replaces=3, heard="1")
TOO_OLD = (400, {"ok": False, "error_code": 400, "description": "Bad Request: query is too old"})
TRUE = (200, {"ok": True, "result": True})


def test_an_answer_to_a_press_acknowledges_it_and_takes_the_question_s_place(say):
    job, called = say(TRUE, TRUE, message=PRESSED)
    assert (job.result, called) == ({"message_id": 3}, ["answerCallbackQuery", "editMessageText"])


def test_a_press_that_cannot_be_acknowledged_any_more_is_answered_all_the_same(say):
    job, called = say(TOO_OLD, TRUE, message=PRESSED)
    assert (job.state, called) == ("succeeded", ["answerCallbackQuery", "editMessageText"])


def test_a_question_that_is_gone_is_answered_by_a_new_message(say):
    job, called = say(TRUE, (400, {"ok": False, "error_code": 400, "description": "Bad Request: message to edit not found"}), SENT,
                      message=PRESSED)
    assert (job.result, called[-1]) == ({"message_id": 4}, "sendMessage")


def test_an_answer_that_is_there_already_is_not_written_twice(say):
    """The run before was lost after Telegram had done it."""
    job, called = say(TRUE, (400, {"ok": False, "error_code": 400, "description": "Bad Request: message is not modified"}), message=PRESSED)
    assert (job.state, called[-1]) == ("succeeded", "editMessageText")


@pytest.mark.parametrize("fault", ["down", "garbage", "too_many", "lost_answer", "duplicate"])
def test_the_sign_in_gets_through_when_telegram_has_a_bad_moment(app, client, phone, waiting, state, frozen_clock, fault):
    shown, mia = waiting(client), phone()
    with app.app_context():
        store.keep("fault", fault)
    mia.open(shown.link)
    with app.app_context():
        store.keep("fault", None)
    frozen_clock.advance(5)
    mia.run_jobs()
    assert shown.number in mia.buttons()
    mia.press(shown.number)
    assert state(client) == "confirmed"


# Polling


class Api:
    """A Bot API that gives what it is told to, then stops the poller."""

    bot_id = BOT

    def __init__(self, *answers):
        self.answers, self.offsets, self.poller = list(answers), [], None

    def get_updates(self, offset, _timeout):
        self.offsets.append(offset)
        if not self.answers:
            self.poller.stop()
        found = self.answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture
def poll(in_app, monkeypatch):
    """`poll(answer, ...)` runs the poller over these answers; offsets that it asked for, and pauses that it made."""

    def run(*answers):
        api, pauses = Api(*answers), []
        poller = api.poller = Poller(api)
        monkeypatch.setattr(poller.stopping, "wait", pauses.append)
        poller.run()
        return api.offsets, pauses

    return run


def test_polling_takes_updates_and_goes_on_after_them(poll):
    assert poll([message(update_id=500), message(update_id=501)], [message(update_id=502)]) == ([None, 502, 503], [])
    assert len(jobs_of("telegram_update")) == 3


def test_polling_begins_with_whatever_is_oldest_and_takes_nothing_twice(poll):
    poll([message(update_id=500)])
    assert poll([message(update_id=500), message(update_id=501)]) == ([None, 502], [])
    assert len(jobs_of("telegram_update")) == 2


def test_after_a_change_of_the_bot_the_new_one_is_heard_though_its_numbers_are_smaller(poll, monkeypatch):
    poll([message(update_id=900_000_500), message(update_id=500)])
    monkeypatch.setattr(Api, "bot_id", 8)
    assert poll([message(update_id=500)]) == ([None, 501], [])
    assert stored() == [(7, 500), (7, 900_000_500), (8, 500)]
    assert len(jobs_of("telegram_update")) == 3


def test_polling_goes_on_after_what_was_stored_when_the_database_fails(poll, monkeypatch):
    def failing(update, bot_id):
        if update["update_id"] == 501 and not failed:
            failed.append(update)
            raise UNAVAILABLE[0]("database is locked")
        return take(update, bot_id)

    failed = []
    monkeypatch.setattr(bot_polling, "take", failing)
    both = [message(update_id=500), message(update_id=501)]
    assert poll(both, both[1:]) == ([None, 501, 502], [1])
    assert stored() == [(7, 500), (7, 501)]


def test_an_update_that_means_nothing_is_not_asked_for_again(poll):
    assert poll([{"update_id": 500, "poll": {}}], [{"poll": {}}])[0] == [None, 501, 501]


def test_after_days_of_silence_polling_takes_whatever_is_oldest(in_app, frozen_clock):
    """Telegram may begin its numbers anew after a week, below the old ones."""
    class Silent(Api):
        def get_updates(self, offset, timeout):
            if len(self.answers) < 3:
                frozen_clock.advance(4 * 24 * 3600)
            return super().get_updates(offset, timeout)

    api = Silent([message(update_id=500)], [], [], [message(update_id=3)])
    api.poller = Poller(api)
    api.poller.run()
    assert api.offsets == [None, 501, 501, None, 4]


def test_polling_waits_longer_after_each_failure_and_a_success_ends_that(poll):
    down = TelegramDown("down")
    _offsets, pauses = poll(*[down] * 8, [], down)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 1]


def test_polling_beside_a_webhook_says_what_to_do_and_goes_on(poll, log_lines):
    _offsets, pauses = poll(TelegramRefused("Telegram refused getUpdates: Conflict (409)", 409), TooManyRequests("wait", 33))
    assert pauses == [1, 33]
    assert "studium telegram delete-webhook" in str(log_lines)


def test_a_signal_ends_a_call_that_waits_and_loses_nothing(in_app):
    class Waiting(Api):
        def get_updates(self, offset, timeout):
            self.poller.stop(15, None)  # as the signal's handler does, in the middle of the call
            raise AssertionError("the call went on")

    api = Waiting()
    api.poller = Poller(api)
    api.poller.run()
    assert stored() == []


def test_a_signal_while_updates_are_stored_lets_that_end(in_app, monkeypatch):
    api = Api([message(update_id=500), message(update_id=501)])
    api.poller = Poller(api)
    monkeypatch.setattr(bot_polling, "take", lambda *update: (api.poller.stop(15, None), take(*update)))
    api.poller.run()
    assert stored() == [(7, 500), (7, 501)]


def test_received_updates_are_forgotten_after_days(in_app, frozen_clock):
    take(message(), BOT)
    frozen_clock.advance(3 * 24 * 3600 + 1)
    assert trim_telegram.run(None, None)["updates"] == 1
    with reading():
        assert TelegramUpdate.select().count() == 0


# Commands


@pytest.fixture
def command(in_app, network):
    return lambda *words: CliRunner().invoke(bot_commands.telegram, words)


def test_the_webhook_is_set_shown_and_deleted_by_commands(command):
    assert command("set-webhook").output == "Telegram brings the bot's messages to http://127.0.0.1:8000/webhooks/telegram.\n"
    assert store.kept("webhook") == {"url": "http://127.0.0.1:8000/webhooks/telegram", "secret": webhook_secret()}
    told = command("info")
    assert told.exit_code == 0, told.output
    assert "bot       @studium_demo_bot\nwebhook   http://127.0.0.1:8000/webhooks/telegram\n" in told.output
    assert "until they are fetched" in command("delete-webhook").output
    told = command("info")
    assert told.exit_code == 1
    assert "The bot hears nothing. Run studium telegram set-webhook" in told.output


def test_info_shows_what_telegram_complains_about(command, phone):
    store.keep("webhook", {"url": "http://127.0.0.1:8000/webhooks/telegram", "secret": "wrong"})
    phone().say("/help")
    told = command("info").output
    assert "waiting   1 messages" in told
    assert "Wrong response from the webhook: 403" in told


def test_the_polling_program_is_off_unless_it_is_wanted(in_app, monkeypatch):
    monkeypatch.setattr(bot_commands.time, "sleep", lambda _seconds: None)
    told = CliRunner().invoke(bot_commands.telegram_bot)
    assert told.exit_code == 78
    assert "STUDIUM_TELEGRAM_POLLING" in told.output


def test_the_polling_program_has_a_heart(app, monkeypatch):
    stopping, seen = threading.Event(), []
    monkeypatch.setattr(stopping, "wait", lambda _seconds: seen.append(hearts()) or True)
    bot_polling._beat(app, stopping)
    with app.app_context():
        assert (seen, hearts()) == ([["telegram-bot"]], [])


def hearts():
    with reading():
        return [row.program for row in Heartbeat.select(lambda row: row.program == "telegram-bot")]


def test_only_what_the_bot_reads_is_asked_for():
    assert ALLOWED_UPDATES == ("message", "callback_query", "my_chat_member")
