"""The section of the account page: what is told where, when it is quiet, and channels that were switched off. All of it without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient
from postcards import PostOffice
from werkzeug.test import TestResponse

from studium.plugins.notifications.preferences import table_of
from studium.plugins.notifications.silencing import silence

Csrf = Callable[[FlaskClient], dict[str, str]]
RAIN = "mode/postcards.rain/postcard"


@pytest.fixture
def street(post: PostOffice, anna: int) -> Iterator[str]:
    """Where Anna gets postcards."""
    post.streets[anna] = "Elm Street 7"
    return "Elm Street 7"


def section(client: FlaskClient) -> str:
    """The section, as the account page shows it."""
    found = re.search(r'<section class="card account-part" id="notifications".*?</section>', client.get("/account").text, re.DOTALL)
    assert found is not None
    return found[0]


def chosen(html: str, name: str) -> str:
    """What a field of the form is set to."""
    select = re.search(rf'<select name="{re.escape(name)}">.*?</select>', html, re.DOTALL)
    assert select is not None, name
    return re.findall(r'value="(\w+)" selected', select[0])[0]


def send(client: FlaskClient, csrf: Csrf, **fields: str) -> TestResponse:
    """Send the form; fields with a dot or a slash are given as a dict."""
    return client.post("/notifications/preferences", data=fields, headers=csrf(client) | {"Accept": "text/html"})


def test_the_form_shows_what_holds_and_keeps_what_is_chosen(client: FlaskClient, anna: int, street: str, csrf: Csrf) -> None:
    before = section(client)
    assert chosen(before, RAIN) == "daily"
    assert chosen(before, "mode/postcards.rain/site") == "now"
    answer = send(client, csrf, **{RAIN: "off", "mode/postcards.rain/site": "off", "digest_at": "07:30", "quiet": "on",
                                   "quiet_from": "23:00", "quiet_until": "06:15"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account?notifications=saved#notifications")
    assert "Saved. It counts from now on." in client.get("/account?notifications=saved").text
    after = section(client)
    assert (chosen(after, RAIN), chosen(after, "mode/postcards.rain/site")) == ("off", "off")
    with client.application.app_context():
        table = table_of(anna)
    assert (table.digest_at, table.quiet) == (7 * 60 + 30, (23 * 60, 6 * 60 + 15))


def test_a_field_that_the_browser_left_out_stays_as_it_was(client: FlaskClient, anna: int, street: str, csrf: Csrf) -> None:
    send(client, csrf, **{RAIN: "off"})
    send(client, csrf, digest_at="09:00")
    assert chosen(section(client), RAIN) == "off"


def test_a_wrong_time_is_named_and_loses_nothing(client: FlaskClient, anna: int, street: str, csrf: Csrf) -> None:
    page = send(client, csrf, **{RAIN: "now", "digest_at": "25:00", "quiet": "on", "quiet_from": "22:00", "quiet_until": "07:00"})
    assert page.status_code == 422
    assert re.search(r'name="digest_at" value="25:00" aria-invalid="true" aria-describedby="prefs-digest_at-problem" autofocus', page.text)
    assert chosen(page.text, RAIN) == "now"
    assert chosen(section(client), RAIN) == "daily", "nothing was kept"


def test_quiet_hours_need_a_length(client: FlaskClient, anna: int, street: str, csrf: Csrf) -> None:
    page = send(client, csrf, digest_at="18:00", quiet="on", quiet_from="22:00", quiet_until="22:00")
    assert page.status_code == 422
    assert "Quiet hours need an end" in page.text


@pytest.mark.parametrize(("name", "mode"), [(RAIN, "hourly"), ("mode/postcards.rain/site", "daily"),
                                            ("mode/postcards.flood/postcard", "daily")])
def test_what_is_not_offered_cannot_be_chosen(client: FlaskClient, anna: int, street: str, csrf: Csrf, name: str, mode: str) -> None:
    assert send(client, csrf, **{name: mode}).status_code == 422


def test_what_is_urgent_waits_for_no_digest_and_is_not_shown_to(client: FlaskClient, anna: int, street: str) -> None:
    assert chosen(section(client), "mode/postcards.flood/postcard") == "now", "its default says once a day"


def test_a_channel_says_how_it_stands(client: FlaskClient, anna: int, post: PostOffice) -> None:
    assert "Not connected" in section(client)
    post.streets[anna] = "Elm Street 7"
    assert "Connected." in section(client)
    post.open = False
    assert "Postcard" not in re.sub(r"<summary>.*?</summary>", "", section(client), flags=re.DOTALL)


def test_a_channel_that_was_switched_off_says_why_and_can_be_tried_again(client: FlaskClient, anna: int, street: str, csrf: Csrf) -> None:
    with client.application.app_context():
        silence(anna, "postcard", street, "bounced")
    html = section(client)
    assert "Switched off since" in html
    assert "What was sent to you came back." in html
    path = re.findall(r'action="([^"]+/resume)"', html)[0]
    answer = client.post(path, headers=csrf(client))
    assert answer.headers["Location"] == "/account?notifications=resumed#notifications"
    assert "Connected." in section(client)


def test_an_unknown_channel_is_not_there(client: FlaskClient, anna: int, csrf: Csrf) -> None:
    assert client.post("/notifications/channels/pigeon/resume", headers=csrf(client)).status_code == 404
