"""Notices by the bot: who can be reached, what they read, and what each refusal of Telegram means."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests
import responses

from studium.core.clock import now
from studium.core.database import db, execute, query, reading, transaction
from studium.core.errors import SettingsError
from studium.core.runtime import runtime
from studium.plugins.telegram import chats, notices
from studium.plugins.telegram.bot_trimming import trim_telegram
from studium.plugins.telegram.entities import TelegramChat
from studium.plugins.telegram.export import chats_of
from studium.plugins.telegram.forgetting import forget_strangers
from studium.plugins.telegram.notice_text import LONGEST, compose, units
from studium.plugins.telegram.notices import TelegramChannel
from studium.services.notifications import NewNotice, give_notice
from studium.services.notifications.channels import AddressRefused, ChannelDown, Message, MessageRefused, NoticeText
from studium.services.notifications.registry import all_channels, channels
from studium.services.telegram import bot_account

ANNA, BORIS, MIA = 1001, 1002, 1003
URL = "https://learn.example/courses/sound?a=1&b=2"


def notice(subject="Lesson done", text="You finished Tea.", action="Go on", url=URL) -> NoticeText:
    return NoticeText("lesson_completed", subject, text, action, url, datetime(2026, 11, 22, 12))


def message(*given: NoticeText, address=str(ANNA), subject="Lesson done", intro="", language="en") -> Message:
    return Message("notice:1", 1, address, "Anna", language, "UTC", subject, intro, given or (notice(),),
                   "https://learn.example/account", "https://learn.example/notifications/unsubscribe/x")


@pytest.fixture
def in_app(app):
    with app.app_context():
        yield


@pytest.fixture
def restored(monkeypatch):
    """The people who were told to be reachable again."""
    found: list[tuple[int, str]] = []
    monkeypatch.setattr(chats, "resume_channel", lambda user_id, channel: found.append((user_id, channel)))
    return found


@pytest.fixture
def users(app, sign_in):
    """Anna and Boris with accounts; their ids."""
    return [sign_in(app.test_client(), number, name)["id"] for number, name in ((ANNA, "Anna"), (BORIS, "Boris"))]


def addresses(users):
    return TelegramChannel().addresses_of(users)


# Who can be reached


def test_hook_register_notification_channels_has_telegram_while_there_is_a_bot(in_app, monkeypatch):
    assert isinstance(channels()["telegram"], TelegramChannel)
    monkeypatch.setattr(notices, "bot_account", lambda: None)
    assert "telegram" in all_channels()
    assert "telegram" not in channels()
    assert addresses([1]) == {}


def test_hook_find_telegram_ids_answers_those_that_there_are(in_app, users):
    assert runtime().hooks.find_telegram_ids(user_ids=[*users, 10**6]) == {users[0]: ANNA, users[1]: BORIS}
    assert chats.find_telegram_ids([]) == {}


def test_only_who_wrote_to_the_bot_is_reached(in_app, users, phone):
    assert addresses(users) == {}
    phone(ANNA).say("/start")
    assert addresses(users) == {users[0]: str(ANNA)}


def test_an_account_without_telegram_has_no_address(app, sign_in):
    with app.app_context():
        user = sign_in(app.test_client(), MIA, "Mia")["id"]
        with transaction():
            execute("UPDATE user SET telegram_id = -5")
            TelegramChat(bot_id=bot_account().id, telegram_id=-5, opened_at=now())
        assert addresses([user]) == {}


def test_a_chat_with_another_bot_counts_for_nothing(in_app, users):
    with transaction():
        chats.hear(bot_account().id + 1, ANNA)
    assert addresses(users) == {}


def test_many_people_are_asked_for_in_two_queries(in_app, users, phone):
    for number in (ANNA, BORIS):
        phone(number).say("/start")
    with reading():
        before = db.local_stats[None].db_count
        assert len(addresses(users)) == 2
        assert db.local_stats[None].db_count - before == 2


@pytest.mark.parametrize(("back", "said"), [
    ("/start", "Hello, Anna! This is the bot"), ("/start notices", "Hello, Anna! From now on news of your courses")])
def test_stop_ends_it_and_start_brings_it_back(in_app, users, phone, restored, back, said):
    anna = phone(ANNA)
    anna.say("/start")
    assert "no more news" in anna.say("/stop")
    anna.say("hello")
    assert addresses(users) == {}
    restored.clear()
    assert anna.say(back).startswith(said)
    assert addresses(users) == {users[0]: str(ANNA)}
    assert restored == [(users[0], "telegram")]


def test_who_never_wrote_and_begins_with_stop_is_not_written_to(in_app, users, phone):
    phone(ANNA).say("/stop")
    assert addresses(users) == {}


def test_signing_in_by_a_link_does_not_bring_back_what_was_stopped(in_app, users, client, phone, waiting):
    anna = phone(ANNA)
    anna.say("/stop")
    anna.open(waiting(client).link)
    assert addresses(users) == {}


def test_signing_in_by_a_link_for_the_first_time_makes_the_person_reachable(app, client, phone, waiting, finish):
    mia, shown = phone(MIA), waiting(client)
    mia.open(shown.link)
    mia.press(shown.number)
    finish(client)
    with app.app_context():
        user = runtime().hooks.find_user_id(telegram_id=MIA)
        assert addresses([user]) == {user: str(MIA)}


def test_who_blocked_the_bot_is_refused_at_the_next_notice_and_unblocking_brings_it_back(in_app, users, phone, restored):
    anna = phone(ANNA)
    anna.say("/start")
    said = len(anna.chat())
    anna.client.post(f"/simulators/telegram/{ANNA}/block", data={"blocked": "1"})
    anna.run_jobs()
    assert chats.state_of(bot_account().id, ANNA) == "blocked"
    with pytest.raises(AddressRefused):
        TelegramChannel().send(message(address=addresses(users)[users[0]]))
    restored.clear()
    anna.client.post(f"/simulators/telegram/{ANNA}/block")
    anna.run_jobs()
    assert (chats.state_of(bot_account().id, ANNA), restored) == ("open", [(users[0], "telegram")])
    assert len(anna.chat()) == said, "nobody is greeted for pressing a button of Telegram's own"


def test_whatever_somebody_writes_after_a_block_shows_that_they_can_be_reached(in_app, users, phone, restored):
    """An older webhook tells of no unblocking."""
    with transaction():
        chats.block(bot_account().id, ANNA)
    phone(ANNA).say("hello")
    assert (chats.state_of(bot_account().id, ANNA), restored) == ("open", [(users[0], "telegram")])


def test_a_group_that_throws_the_bot_out_means_nothing(in_app, users, phone):
    from studium.plugins.telegram.bot_reading import read_update

    place = {"chat": {"type": "group"}, "from": {"id": ANNA}, "new_chat_member": {"status": "kicked"}}
    assert read_update({"update_id": 1, "my_chat_member": place}) is None


# What they read


def test_a_notice_is_written_with_its_button(in_app, users, phone):
    anna = phone(ANNA)
    anna.say("/start")
    number = TelegramChannel().send(message())
    line = anna.chat()[-1]
    assert (str(line.id), line.text, line.buttons) == (number, "Lesson done\n\nYou finished Tea.", [[{"text": "Go on", "url": URL}]])
    page = anna.client.get(f"/simulators/telegram/{ANNA}").text
    assert "<strong>Lesson done</strong>" in page
    assert '<a class="button" href="https://learn.example/courses/sound?a=1&amp;b=2">Go on</a>' in page


def test_nothing_in_a_notice_is_taken_for_a_mark(in_app):
    letter = compose(message(notice("<b>*A* [x](tg://user?id=1)</b>", "_B_ & 😀")))
    assert letter.text == "<b>*A* [x](tg://user?id=1)</b>\n\n_B_ & 😀"
    assert letter.entities == [{"type": "bold", "offset": 0, "length": 30}]


def test_several_are_listed_and_each_subject_is_a_link(in_app, users, phone):
    anna = phone(ANNA)
    anna.say("/start")
    two = message(notice("Урок 😀", ""), notice("Money", "10 €", url=""), subject="Your day", intro="Two things:")
    TelegramChannel().send(two)
    line = anna.chat()[-1]
    assert line.text == "Your day\n\nTwo things:\n\n• Урок 😀\n\n• Money\n10 €"
    raw = line.text.encode("utf-16-le")
    marked = [(raw[2 * mark["offset"]:2 * (mark["offset"] + mark["length"])].decode("utf-16-le"), mark.get("url"))
              for mark in line.entities]
    assert marked == [("Your day", None), ("Урок 😀", URL)]
    page = anna.client.get(f"/simulators/telegram/{ANNA}").text
    assert '<a href="https://learn.example/courses/sound?a=1&amp;b=2">Урок 😀</a>' in page


@pytest.mark.parametrize("letter", ["a", "я", "😀"])
def test_a_long_notice_is_cut_to_what_telegram_takes(in_app, letter):
    text = compose(message(notice(text=letter * 5000))).text
    assert LONGEST - 400 < units(text) <= LONGEST
    assert text.endswith("…")
    assert units(compose(message(notice(letter * 5000, "", action=letter * 500))).text) <= 300


def test_what_does_not_fit_in_a_digest_is_counted(in_app):
    letter = compose(message(*(notice(f"Notice {number}", "x" * 200) for number in range(100)), subject="Your day"))
    listed = letter.text.count("• ")
    assert units(letter.text) <= LONGEST
    assert 10 < listed < 100
    assert letter.text.endswith(f"And {100 - listed} more on the site")
    assert letter.entities[-1]["url"] == "http://127.0.0.1:8000/notifications"
    assert len(letter.entities) <= 100


def test_a_digest_of_very_short_notices_has_no_more_marks_than_telegram_takes(in_app):
    letter = compose(message(*(notice("A", "") for _number in range(150)), subject="Your day"))
    assert letter.text.endswith("more on the site")
    assert len(letter.entities) <= 100


# What Telegram answers


@pytest.fixture
def send(in_app):
    """`send((status, body), ...)` sends a notice to a Telegram that answers so; the calls, or the error."""

    def do(*answers, of=None):
        with responses.RequestsMock() as telegram:
            for answer in answers:
                if isinstance(answer, Exception):
                    telegram.post(re.compile(r".*/sendMessage"), body=answer)
                else:
                    telegram.post(re.compile(r".*/sendMessage"), status=answer[0], json=answer[1])
            reference = TelegramChannel().send(of or message())
            return reference, [json.loads(call.request.body) for call in telegram.calls]

    return do


def refused(code: int, description: str = "", **more: Any) -> tuple[int, dict[str, Any]]:
    return code, {"ok": False, "error_code": code, "description": description, **more}


SENT = (200, {"ok": True, "result": {"message_id": 4}})


def test_the_number_of_the_message_is_the_reference(send):
    assert send(SENT)[0] == "4"


@pytest.mark.parametrize(("answer", "seconds"), [
    (requests.ConnectionError("refused"), None), (requests.ReadTimeout(), None), (refused(500), None), (refused(502), None),
    ((200, {}), None), (refused(429, parameters={"retry_after": 40}), 40), (refused(401, "Unauthorized"), None),
    (refused(404, "Not Found"), None),
], ids=repr)
def test_what_passes_is_tried_again(send, answer, seconds):
    """A wrong token too: the owner will mend it."""
    with pytest.raises(ChannelDown) as raised:
        send(answer)
    assert raised.value.retry_after == seconds
    assert bot_account().token.get_secret_value() not in str(raised.value)


@pytest.mark.parametrize(("code", "told", "reason"), [
    (403, "Forbidden: bot was blocked by the user", "blocked"), (403, "Forbidden: user is deactivated", "gone"),
    (403, "Forbidden: bot can't initiate conversation with a user", "blocked"), (400, "Bad Request: chat not found", "gone"),
])
def test_who_is_not_there_any_more_has_a_dead_address_which_the_site_can_notice(send, users, phone, code, told, reason):
    with transaction():
        chats.hear(bot_account().id, ANNA)
    assert addresses(users)
    with pytest.raises(AddressRefused) as raised:
        send(refused(code, told))
    assert raised.value.reason == reason
    assert str(ANNA) not in str(raised.value)
    assert chats.state_of(bot_account().id, ANNA) == "blocked"
    assert addresses(users) == {users[0]: str(ANNA)}, "the channel is switched off for this very address"


def test_a_message_that_telegram_never_takes_is_given_up(send):
    with pytest.raises(MessageRefused):
        send(refused(400, "Bad Request: message is too long"))


@pytest.mark.parametrize("told", ["Bad Request: inline keyboard button URL 'http://localhost/' is invalid: Wrong HTTP URL",
                                  "Bad Request: BUTTON_URL_INVALID"])
def test_an_address_that_telegram_takes_for_no_button_is_in_the_text(send, told):
    _reference, calls = send(refused(400, told), SENT)
    assert calls[1]["text"].endswith(f"You finished Tea.\n\n{URL}")
    assert "reply_markup" not in calls[1]


def test_without_a_bot_nothing_is_sent(in_app, monkeypatch):
    from studium.services import telegram

    monkeypatch.setattr(telegram, "bot_account", lambda: None)
    with pytest.raises(SettingsError):
        TelegramChannel().send(message())


# With whoever keeps notices


@pytest.fixture
def tell(in_app, users, run_jobs):
    """`tell(key)` gives Anna a notice and has it carried."""

    def do(key):
        with transaction():
            assert give_notice(NewNotice(users[0], "course_completed", key, {"course": "Tea"}, "/courses/tea"))
        run_jobs()

    return do


def test_a_notice_comes_by_the_bot_until_it_is_blocked_which_the_bell_tells_and_start_mends(app, phone, tell):
    anna = phone(ANNA)
    anna.say("/start")
    tell("course:1")
    assert anna.answer() == "You have completed the course Tea\n\nAll its required lessons are done. Well done!"
    assert anna.chat()[-1].buttons == [[{"text": "Open the course", "url": "http://127.0.0.1:8000/courses/tea"}]]

    anna.client.post(f"/simulators/telegram/{ANNA}/block", data={"blocked": "1"})
    for key in ("course:2", "course:3"):
        tell(key)
    with app.app_context(), reading():
        assert query("SELECT state FROM notification_delivery ORDER BY id") == [("sent",), ("dropped",)], "the third goes nowhere"
        assert query("SELECT count(*) FROM notification WHERE event = 'channel_off'") == [(1,)]

    anna.client.post(f"/simulators/telegram/{ANNA}/block")
    anna.say("/start")
    tell("course:4")
    assert anna.answer().startswith("You have completed")
    with app.app_context(), reading():
        assert query("SELECT state FROM notification_delivery ORDER BY id DESC LIMIT 1") == [("sent",)]


# The account page


def section(client):
    found = re.search(r'<section[^>]*id="telegram".*?</section>', client.get("/account").text, re.DOTALL)
    return found[0] if found else None


def test_hook_account_sections_tells_how_the_bot_gets_to_write(app, client, sign_in, phone):
    sign_in(client, ANNA, "Anna")
    anna = phone(ANNA)
    assert "may write to you once you have written to it" in section(client)
    link = re.search(r'href="([^"]+\?start=notices)"', section(client))
    assert link, section(client)
    assert anna.open(link[1]).startswith("Hello, Anna!")
    assert "brings you what you choose" in section(client)
    anna.say("/stop")
    assert "You stopped our bot" in section(client)
    anna.client.post(f"/simulators/telegram/{ANNA}/block", data={"blocked": "1"})
    anna.run_jobs()
    assert "You blocked our bot" in section(client)


def test_without_a_bot_or_without_telegram_there_is_no_section(client, sign_in, monkeypatch):
    from studium.plugins.telegram import account_section

    sign_in(client, MIA, "Mia")
    assert section(client)
    with monkeypatch.context() as patch:
        patch.setattr(account_section, "bot_account", lambda: None)
        assert section(client) is None
    with client.application.app_context(), transaction():
        execute("UPDATE user SET telegram_id = -5")
    assert section(client) is None


# Forgetting and exporting


def known():
    with reading():
        return sorted(row.telegram_id for row in TelegramChat.select())


def test_chats_of_people_without_an_account_are_forgotten_after_a_day(app, users, phone, frozen_clock):
    with app.app_context():
        phone(ANNA).say("/start")
        phone(MIA).say("/start")
        frozen_clock.advance(timedelta(days=1).total_seconds() - 60)
        trim_telegram.run(None, None)
        assert known() == [ANNA, MIA]
        frozen_clock.advance(120)
        trim_telegram.run(None, None)
        assert known() == [ANNA]


def test_a_deleted_account_s_chat_goes_and_that_of_a_newcomer_stays(app, client, sign_in, phone, waiting, run_jobs):
    sign_in(client, ANNA, "Anna")
    phone(ANNA).say("/start")
    phone(MIA).open(waiting(app.test_client()).link)
    token = client.get("/api/v1/session").get_json()["data"]["csrf_token"]
    client.post("/account/delete", data={"word": "DELETE"}, headers={"X-CSRF-Token": token})
    run_jobs()
    with app.app_context():
        assert known() == [MIA]


def test_many_chats_are_forgotten_in_pieces(app, users, phone, monkeypatch):
    from studium.plugins.telegram import forgetting

    pieces, forget = [], forgetting._forget_chats_of
    monkeypatch.setattr(forgetting, "PEOPLE_AT_ONCE", 2)
    monkeypatch.setattr(forgetting, "_forget_chats_of", lambda ids: pieces.append(len(ids)) or forget(ids))
    with app.app_context():
        for telegram_id in (ANNA, *range(9001, 9006)):
            phone(telegram_id).say("/start")
        assert forget_strangers(now())["chats"] == 5
        assert known() == [ANNA]
    assert pieces == [2, 2, 1], "a statement takes some thousands of ids at most"


def test_without_anybody_who_knows_people_in_pieces_each_chat_is_asked_for(app, users, phone, monkeypatch):
    from studium.plugins.telegram import forgetting

    monkeypatch.setattr(forgetting, "_all_telegram_ids", set)
    with app.app_context():
        phone(ANNA).say("/start")
        phone(MIA).say("/start")
        assert forget_strangers(now())["chats"] == 1
        assert known() == [ANNA]


def test_the_chat_is_in_the_export(in_app, users, phone):
    phone(ANNA).say("/start")
    (row,) = chats_of(users[0])
    assert (row["telegram_id"], row["stopped_at"]) == (ANNA, None)
    assert chats_of(users[1]) == []


def test_the_simulator_shows_who_blocked(in_app, phone):
    anna = phone(ANNA)
    anna.client.post(f"/simulators/telegram/{ANNA}/block", data={"blocked": "1"})
    assert "Unblock the bot" in anna.client.get(f"/simulators/telegram/{ANNA}").text
