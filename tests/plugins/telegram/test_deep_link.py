"""Signing in by a link to the bot: only the browser that began is signed in, only as the person who saw its number, and only once."""

from __future__ import annotations

import re
import sqlite3
from html import unescape

import pytest

from studium.core.database import DATABASE_FILE, in_transaction, reading
from studium.core.runtime import runtime
from studium.plugins.telegram import challenges
from studium.plugins.telegram.bot_trimming import trim_telegram
from studium.plugins.telegram.entities import TelegramChallenge
from studium.services.cache import Cache
from studium.services.limits import LimitSettings


def user_of(client):
    return client.get("/api/v1/session").get_json()["data"]["user"]


def test_a_student_is_signed_in_by_pressing_the_number_that_the_page_shows(client, phone, waiting, state, finish):
    shown, anna = waiting(client, next="/courses/algebra"), phone(1001)
    assert state(client) == "waiting"

    assert "Which number does the page show?" in anna.open(shown.link)
    assert state(client) == "asked"
    assert user_of(client) is None

    assert anna.press(shown.number).startswith("Done.")
    assert state(client) == "confirmed"

    assert finish(client, next="/courses/algebra") == (303, "/courses/algebra")
    assert user_of(client)["display_name"] == "Anna"
    assert anna.buttons() == []


def test_who_is_signed_in_stands_on_the_page_and_on_the_next_one(client, phone, waiting, finish):
    """Somebody who saw the number may have been faster than the student."""
    shown, mallory = waiting(client), phone(1004)
    mallory.open(shown.link)
    assert status_of(client)["name"] == ""
    assert "Olga" not in client.get("/auth/telegram/bot").text
    mallory.press(shown.number)
    assert status_of(client)["name"] == "Olga"
    assert "<strong data-person>Olga</strong>" in client.get("/auth/telegram/bot").text
    finish(client)
    said = "You are signed in as Olga. If that is not you, sign out."
    assert said in client.get("/dashboard").text
    assert said not in client.get("/dashboard").text


def status_of(client):
    return client.get("/auth/telegram/bot/status").get_json()["data"]


def test_the_page_offers_the_link_as_text_and_as_a_qr_code_and_no_script_or_style_in_it(client, waiting):
    shown = waiting(client)
    assert re.fullmatch(r"http://127\.0\.0\.1:8000/simulators/telegram/t\.me/studium_demo_bot\?start=[0-9a-f]{32}", shown.link)
    assert 'src="data:image/svg+xml' in shown.text
    assert re.findall(r"<script(?![^>]*src=)|style=", shown.text) == []


def test_three_different_numbers_are_offered_and_the_right_one_is_among_them(client, phone, waiting):
    shown, mia = waiting(client), phone()
    mia.open(shown.link)
    *numbers, refusal = mia.buttons()
    assert len(set(numbers)) == 3
    assert shown.number in numbers
    assert all(re.fullmatch(r"[1-9]\d", number) for number in numbers)
    assert refusal == "It was not me"


def test_a_wrong_number_cancels_the_challenge(client, phone, waiting, state, finish):
    shown, mia = waiting(client), phone()
    mia.open(shown.link)
    wrong = next(text for text in mia.buttons() if text != shown.number)
    message = mia.chat()[-1].id
    assert "cancelled" in mia.press(wrong)
    assert state(client) == "cancelled"

    assert "over" in mia.press_data(f"{newest_challenge()}:{shown.number}", message)
    assert state(client) == "cancelled"
    assert finish(client)[1].startswith("/auth/telegram/bot?")
    assert user_of(client) is None


def newest_challenge():
    with reading():
        return max(row.id for row in TelegramChallenge.select())


# Wrong numbers


def press_wrong(client, phone, waiting):
    """Begin, open the link, and press a wrong number; what the bot says."""
    client.delete_cookie("studium_challenge", path="/auth/telegram/bot")
    shown = waiting(client)
    asked = phone.open(shown.link)
    if "Which number" not in asked:
        return asked
    numbers = [button["text"] for button in phone.chat()[-1].buttons[0]]
    return phone.press(next(text for text in numbers if text != shown.number))


def confirm(client, phone, waiting):
    """Begin, open the link, and press the right number; what the bot says."""
    client.delete_cookie("studium_challenge", path="/auth/telegram/bot")
    shown = waiting(client)
    asked = phone.open(shown.link)
    return phone.press(shown.number) if "Which number" in asked else asked


def test_after_three_wrong_numbers_a_person_is_refused_for_an_hour(client, phone, waiting, frozen_clock):
    mia = phone()
    for _time in range(3):
        assert "cancelled" in press_wrong(client, mia, waiting)
        frozen_clock.advance(60)
    asked = mia.chat()[-1].id
    refused = confirm(client, mia, waiting)
    assert "Too many wrong numbers" in refused
    assert "Please wait 57 minutes, then try again." in refused
    assert mia.buttons() == []
    assert mia.chat()[-1].id > asked

    frozen_clock.advance(57 * 60)
    assert confirm(client, mia, waiting).startswith("Done.")


def test_after_six_wrong_numbers_in_a_day_it_is_a_day(app, client, phone, waiting, frozen_clock):
    mia = phone()
    for _time in range(6):
        assert "cancelled" in press_wrong(client, mia, waiting)
        frozen_clock.advance(3600)
    with app.app_context():
        trim_telegram.run(None, None)
    assert "Please wait 18 hours, then try again." in confirm(client, mia, waiting)
    frozen_clock.advance(18 * 3600)
    assert confirm(client, mia, waiting).startswith("Done.")


def test_links_opened_beforehand_are_no_further_guesses(app, client, phone, waiting, state):
    """Even the right number: who guessed wrong before would learn nothing new by being lucky now."""
    mia, ready = phone(), app.test_client()
    shown = waiting(ready)
    mia.open(shown.link)
    data, message = f"{newest_challenge()}:{shown.number}", mia.chat()[-1].id
    for _time in range(3):
        press_wrong(client, mia, waiting)
    mia.press_data(data, message)
    assert "Too many wrong numbers" in next(line.text for line in mia.chat() if line.id == message)
    assert state(ready) == "cancelled"


def test_a_person_who_says_it_was_not_them_is_never_refused(client, phone, waiting):
    mia = phone()
    for _time in range(7):
        client.delete_cookie("studium_challenge", path="/auth/telegram/bot")
        mia.open(waiting(client).link)
        assert "Nobody is signed in" in mia.press("It was not me")
    assert confirm(client, mia, waiting).startswith("Done.")


def test_wrong_numbers_of_one_person_refuse_nobody_else(client, phone, waiting):
    mia = phone()
    for _time in range(3):
        press_wrong(client, mia, waiting)
    assert confirm(client, phone(), waiting).startswith("Done.")


# The other ways to end it


def test_somebody_who_did_not_begin_can_say_so(client, phone, waiting, state):
    shown, mia = waiting(client), phone()
    mia.open(shown.link)
    assert "Nobody is signed in" in mia.press("It was not me")
    assert state(client) == "cancelled"
    page = client.get("/auth/telegram/bot?over=1")
    assert "cancelled in Telegram" in page.text


def test_a_forwarded_link_signs_nobody_else_in(app, client, phone, waiting, state, finish):
    """The attacker's browser began; the victim opens the link, and answers without having seen the page, or not at all."""
    shown, victim, stranger = waiting(client), phone(), app.test_client()
    victim.open(shown.link)
    victim.press(next(text for text in victim.buttons() if text not in (shown.number, "It was not me")))
    assert finish(client)[1].startswith("/auth/telegram/bot?")
    assert user_of(client) is None
    stranger.get("/login")
    assert state(stranger) == "none"
    assert user_of(stranger) is None


def test_only_the_browser_that_began_is_signed_in(app, client, phone, waiting, state, finish):
    shown, anna, other = waiting(client), phone(1001), app.test_client()
    waiting(other)
    anna.open(shown.link)
    anna.press(shown.number)
    assert state(other) == "waiting"
    assert finish(other)[1].startswith("/auth/telegram/bot?")
    assert user_of(other) is None
    assert finish(client) == (303, "/dashboard")


def test_a_link_belongs_to_the_first_person_who_opens_it(client, phone, waiting, state):
    shown, first, second = waiting(client), phone(), phone()
    first.open(shown.link)
    assert "This link is over" in second.open(shown.link)
    assert second.buttons() == []
    question = first.chat()[-1]
    data = next(button["callback_data"] for row in question.buttons for button in row if button["text"] == shown.number)
    assert "over" in second.press_data(data, question.id)
    assert state(client) == "asked"


def test_opening_the_link_twice_asks_twice_and_either_question_may_be_answered(client, phone, waiting, state):
    shown, mia = waiting(client), phone()
    mia.open(shown.link)
    assert "Which number" in mia.open(shown.link)
    mia.press(shown.number)
    assert state(client) == "confirmed"


@pytest.mark.parametrize("token", ["0" * 32, "no-token", "0" * 64, "A" * 32])
def test_an_unknown_token_is_answered_kindly(phone, token):
    answer = phone().say(f"/start {token}")
    assert "This link is over" in answer
    assert "/login" in answer


def test_a_used_link_is_of_no_use(client, phone, waiting, finish):
    shown, anna = waiting(client), phone(1001)
    anna.open(shown.link)
    anna.press(shown.number)
    finish(client)
    assert "This link is over" in phone().open(shown.link)
    assert "This link is over" in anna.open(shown.link)


def test_a_confirmed_challenge_signs_in_once(app, client, phone, waiting, finish):
    shown, anna = waiting(client), phone(1001)
    cookie = client.get_cookie("studium_challenge", path="/auth/telegram/bot")
    anna.open(shown.link)
    anna.press(shown.number)
    assert finish(client) == (303, "/dashboard")

    copy = app.test_client()
    copy.set_cookie("studium_challenge", cookie.value, path="/auth/telegram/bot")
    assert finish(copy)[1].startswith("/auth/telegram/bot?")
    assert user_of(copy) is None


def test_the_sign_in_is_counted_before_the_transaction_and_not_within(client, phone, waiting, finish, monkeypatch):
    """Counting writes the file of the cache, for which nobody who waits for the write lock must wait."""
    counted = []
    real = Cache.increment
    monkeypatch.setattr(Cache, "increment", lambda *given, **named: counted.append(in_transaction()) or real(*given, **named))
    shown, anna = waiting(client), phone(1001)
    anna.open(shown.link)
    anna.press(shown.number)
    counted.clear()
    assert finish(client) == (303, "/dashboard")
    assert counted
    assert not any(counted)


def test_who_signs_in_too_often_is_told_when_to_come_back_and_the_confirmation_is_not_lost(client, phone, waiting, finish, settings,
                                                                                           monkeypatch, state):
    monkeypatch.setitem(settings._sections, LimitSettings, LimitSettings(sign_in_person="1/minute"))
    anna = phone(1001)
    confirm(client, anna, waiting)
    assert finish(client) == (303, "/dashboard")
    client.delete_cookie("studium_session")
    confirm(client, anna, waiting)
    assert finish(client)[0] == 429
    assert state(client) == "confirmed"


def test_the_second_tab_of_the_browser_goes_on_too(client, phone, waiting, finish):
    shown = waiting(client)
    assert waiting(client).link == shown.link
    anna = phone(1001)
    anna.open(shown.link)
    anna.press(shown.number)
    assert finish(client) == (303, "/dashboard")
    assert finish(client, next="/courses/algebra") == (303, "/courses/algebra")
    assert finish(client, next="https://evil.example/") == (303, "/dashboard")


def test_a_link_is_over_after_ten_minutes(client, phone, waiting, state, frozen_clock):
    shown, mia = waiting(client), phone()
    frozen_clock.advance(599)
    assert state(client) == "waiting"
    frozen_clock.advance(1)
    assert state(client) == "expired"
    assert "This link is over" in mia.open(shown.link)
    assert waiting(client).link != shown.link


def test_an_answer_after_ten_minutes_signs_nobody_in(client, phone, waiting, state, finish, frozen_clock):
    shown, mia = waiting(client), phone()
    mia.open(shown.link)
    frozen_clock.advance(601)
    assert "over" in mia.press(shown.number)
    assert finish(client)[1].startswith("/auth/telegram/bot?")


def test_a_confirmation_that_no_browser_fetches_ends_with_the_link(client, phone, waiting, finish, frozen_clock):
    shown, mia = waiting(client), phone()
    mia.open(shown.link)
    mia.press(shown.number)
    frozen_clock.advance(601)
    assert finish(client)[1].startswith("/auth/telegram/bot?")
    assert user_of(client) is None


def test_nothing_that_signs_in_is_stored(client, phone, waiting, settings):
    shown, mia = waiting(client), phone()
    secret = client.get_cookie("studium_challenge", path="/auth/telegram/bot").value
    mia.open(shown.link)
    database = sqlite3.connect(settings.core.data_dir / DATABASE_FILE)
    dump = "\n".join(database.iterdump())
    database.close()
    assert "telegram_challenge" in dump
    assert shown.token not in dump
    assert secret not in dump


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(client):
    answer = client.get("/auth/telegram/bot")
    (cookie,) = [value for value in answer.headers.getlist("Set-Cookie") if value.startswith("studium_challenge=")]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/auth/telegram/bot" in cookie
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_over_https_the_form_is_taken_as_the_page_lets_browsers_send_it(client, phone):
    """With Referrer-Policy: no-referrer there would be no Referer, without which Flask-WTF refuses a form over https."""
    site = "https://localhost"
    page = client.get("/auth/telegram/bot", base_url=site)
    anna = phone(1001)
    anna.open(unescape(re.search(r'href="([^"]+\?start=[0-9a-f]+)"', page.text)[1]))
    anna.press(re.search(r"<output[^>]*>(\d\d)</output>", page.text)[1])
    token = client.get("/api/v1/session", base_url=site).get_json()["data"]["csrf_token"]
    referer = {"Referer": f"{site}/auth/telegram/bot"} if page.headers["Referrer-Policy"] == "same-origin" else {}
    answer = client.post("/auth/telegram/bot", data={"next": "/dashboard", "csrf_token": token}, headers=referer, base_url=site)
    assert (answer.status_code, answer.headers.get("Location")) == (303, "/dashboard")


def test_finishing_needs_the_page_s_csrf_token(client, phone, waiting, app):
    shown, anna = waiting(client), phone(1001)
    anna.open(shown.link)
    anna.press(shown.number)
    assert client.post("/auth/telegram/bot", data={"next": "/"}).status_code == 400
    assert user_of(client) is None


def test_going_on_to_another_site_is_refused(client, phone, waiting, finish):
    shown, anna = waiting(client), phone(1001)
    anna.open(shown.link)
    anna.press(shown.number)
    assert finish(client, next="//evil.example/") == (303, "/dashboard")


def test_somebody_who_is_signed_in_goes_on_at_once(client, sign_in):
    sign_in(client)
    answer = client.get("/auth/telegram/bot?next=/courses/algebra")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/courses/algebra")


def test_the_login_page_offers_it(client):
    assert 'href="/auth/telegram/bot?next=' in client.get("/login").text


def test_reloading_an_over_page_begins_anew(client, waiting, phone):
    shown, mia = waiting(client), phone()
    mia.open(shown.link)
    mia.press("It was not me")
    assert waiting(client).link != shown.link


def test_people_without_names_get_in_too(client, phone, waiting, finish):
    shown, nobody = waiting(client), phone()
    nobody.open(shown.link)
    nobody.press(shown.number)
    finish(client)
    assert user_of(client)["display_name"] == f"User {nobody.person}"


def test_what_is_long_over_is_removed(app, client, waiting, frozen_clock):
    waiting(client)
    with app.app_context():
        assert trim_telegram.run(None, None) == {"challenges": 0, "updates": 0, "jobs": 0}
        frozen_clock.advance(600 + 24 * 3600 + 1)
        assert trim_telegram.run(None, None) == {"challenges": 1, "updates": 0, "jobs": 0}


def test_tokens_have_128_bits_and_depend_on_the_site_s_key(app):
    with app.app_context():
        one, other = challenges.start_token("a"), challenges.start_token("b")
        assert one != other
        assert re.fullmatch("[0-9a-f]{32}", one)
        assert runtime().settings.secret not in one
