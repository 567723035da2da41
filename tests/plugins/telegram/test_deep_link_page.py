"""The page that waits for the bot: what it says when it is loaded anew, in a second tab, without scripts, and without cookies."""

from __future__ import annotations

import re
from html import unescape

import pytest

from studium.plugins.telegram.challenges import LIFETIME

LOOK = "/auth/telegram/bot?next=/dashboard&over=1"


def number_on(page):
    found = re.search(r"<output[^>]*>(\d\d)</output>", page)
    return found and found[1]


def test_in_a_second_tab_the_first_ones_sign_in_counts(client, phone, waiting, state, finish):
    shown, anna = waiting(client), phone(1001)
    anna.open(shown.link)
    anna.press(shown.number)
    finish(client)
    assert state(client) == "used"
    answer = client.get(LOOK)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/dashboard")


def test_without_scripts_it_looks_again_by_itself_while_there_is_something_to_wait_for(client, phone, waiting):
    shown, anna = waiting(client), phone(1001)
    (refresh,) = re.findall(r'<meta http-equiv="refresh" content="(\d+); url=([^"]+)"', shown.text)
    assert int(refresh[0]) >= 20
    assert unescape(refresh[1]) == LOOK
    assert f'<a class="button" href="{refresh[1]}">I have answered the bot</a>' in shown.text
    anna.open(shown.link)
    anna.press(shown.number)
    confirmed = client.get(LOOK).text
    assert "http-equiv" not in confirmed
    assert "<p>Confirmed. Press “Sign in”.</p>" in confirmed


def test_without_scripts_an_end_is_told_rather_than_replaced_by_a_new_number(client, phone, waiting):
    shown, mia = waiting(client), phone()
    mia.open(shown.link)
    mia.press("It was not me")
    page = client.get(LOOK).text
    assert "cancelled in Telegram" in page
    assert number_on(page) is None
    assert number_on(waiting(client).text), "begun anew"


@pytest.mark.parametrize(("seconds", "said"), [(-61, False), (-59, False), (1, True)])
def test_an_expired_link_is_told_too_and_its_last_minute_before(client, waiting, frozen_clock, seconds, said):
    shown = waiting(client)
    assert "valid for 10 minutes" in shown.text
    frozen_clock.advance(LIFETIME.total_seconds() + seconds)
    page = client.get(LOOK).text
    assert ("The link is over" in page and not number_on(page)) == said
    assert (" data-soon>" in page) == (seconds == -59)


def test_the_cookie_outlives_the_challenge(client):
    (cookie,) = [line for line in client.get("/auth/telegram/bot").headers.getlist("Set-Cookie") if line.startswith("studium_challenge=")]
    assert int(re.search(r"Max-Age=(\d+)", cookie)[1]) > LIFETIME.total_seconds()


def test_an_address_that_was_passed_on_begins_anew(client):
    client.get("/login")
    assert number_on(client.get(LOOK).text)


def test_a_browser_that_keeps_no_cookies_is_told_so(app, state):
    client = app.test_client(use_cookies=False)
    client.get("/auth/telegram/bot")
    assert state(client) == "cookieless"
    page = client.get(LOOK).text
    assert "keeps no cookies" in page
    assert "http-equiv" not in page


def test_on_a_development_server_the_code_is_not_for_phones(client, waiting, monkeypatch):
    assert "a phone cannot follow it" in waiting(client).text
    monkeypatch.setattr("studium.plugins.telegram.deep_link_pages.is_local", lambda link: False)
    page = waiting(client).text
    assert "a phone cannot follow it" not in page
    assert "point the camera of your phone" in page
