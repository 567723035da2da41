"""The bell and the list of notices as a browser without scripts has them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from studium.core.clock import now
from studium.core.database import transaction
from studium.plugins.notifications.entities import Notification
from studium.plugins.notifications.notice_pages import ON_A_PAGE
from studium.plugins.notifications.reading import unread_count
from tests.conftest import Clock, SignIn
from tests.plugins.notifications.bell import rain
from tests.plugins.notifications.conftest import give

Csrf = Callable[[FlaskClient], dict[str, str]]


def count_on_bell(page: str) -> str | None:
    """The number on the bell; None when it shows none."""
    found = re.search(r'data-bell-unread( hidden)?>.*?data-bell-count>(\d+\+?)<', page, re.DOTALL)
    assert found is not None
    return None if found[1] else found[2]


def shown(page: str) -> list[tuple[str, bool]]:
    """Subject and whether it is unread, in the order of the page."""
    items = re.findall(r'<li class="notice".*?</li>', page, re.DOTALL)
    return [(re.findall(r"data-notice-subject[^>]*>([^<]*)<", item)[0], "data-unread" in item) for item in items]


def press(client: FlaskClient, csrf: Csrf, path: str, **fields: object) -> str:
    """Send a form; where it leads."""
    answer = client.post(path, data=fields, headers=csrf(client))
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def test_the_bell_counts_on_every_page_even_where_nothing_is(client: FlaskClient, anna: int) -> None:
    assert count_on_bell(client.get("/").text) is None
    rain(client, anna, "Oslo", "Rome")
    assert [count_on_bell(client.get(path).text) for path in ("/", "/account", "/nowhere")] == ["2", "2", "2"]


def test_a_hundred_and_more_are_not_counted_out(client: FlaskClient, anna: int) -> None:
    rain(client, anna, *map(str, range(100)))
    assert count_on_bell(client.get("/").text) == "99+"


def test_a_visitor_has_no_bell(client: FlaskClient) -> None:
    assert "studium-bell" not in client.get("/").text


def test_the_list_goes_by_the_days_of_the_readers_time_zone(client: FlaskClient, anna: int, noon: Clock) -> None:
    with client.application.app_context(), transaction():
        for number, hours in enumerate((14, 13.5, 0), 1):  # 22:00 and 22:30 of the day before, and now; all UTC
            give(anna, "postcards.rain", f"{number}", town=f"T{number}")
            Notification.get(key=f"{number}").created_at = now() - timedelta(hours=hours)
    days = re.compile(r'<h2 class="small-title">([^<]+)</h2>')
    assert days.findall(client.get("/notifications").text) == ["Today", "Yesterday"]
    client.post("/account/preferences", data={"language": "en", "time_zone": "Europe/Moscow"},
                headers={"X-CSRF-Token": client.get("/api/v1/session").get_json()["data"]["csrf_token"]})
    page = client.get("/notifications").text
    assert days.findall(page) == ["Today"], "it was tomorrow already in Moscow"
    noon.advance(10 * 86400)
    assert days.findall(client.get("/notifications").text) == ["June 2, 2025"]


def test_older_ones_are_a_link_away(client: FlaskClient, anna: int) -> None:
    rain(client, anna, *(f"T{number}" for number in range(ON_A_PAGE + 1)))
    first = client.get("/notifications").text
    assert len(shown(first)) == ON_A_PAGE
    older = re.findall(r'href="([^"]+)" rel="next"', first)[0]
    assert [subject for subject, _unread in shown(client.get(older).text)] == ["It rains in T0"]


def test_one_is_marked_by_a_form_that_needs_no_script(client: FlaskClient, anna: int, csrf: Csrf) -> None:
    ids = rain(client, anna, "Oslo", "Rome")
    assert press(client, csrf, "/notifications/read", id=ids[0]) == "/notifications"
    page = client.get("/notifications").text
    assert shown(page) == [("It rains in Rome", True), ("It rains in Oslo", False)]
    assert "Marked as read." in page
    assert shown(client.get("/notifications?show=unread").text) == [("It rains in Rome", True)]


def test_all_means_all_that_the_page_knew_of(client: FlaskClient, anna: int, csrf: Csrf) -> None:
    rain(client, anna, "Oslo", "Rome")
    newest = re.findall(r'name="up_to" value="(\d+)"', client.get("/notifications?show=unread").text)[0]
    rain(client, anna, "Bern")
    assert press(client, csrf, "/notifications/read", up_to=newest, show="unread") == "/notifications?show=unread"
    assert shown(client.get("/notifications").text)[0] == ("It rains in Bern", True)
    assert unread_count(anna) == 1


def test_a_notice_links_to_its_path_and_to_nowhere_else(client: FlaskClient, anna: int) -> None:
    rain(client, anna, "Oslo")
    assert 'href="/courses" data-notice-link' in client.get("/notifications").text
    for path in ("//evil.example", "/notifications"):
        with transaction():
            Notification.get(user_id=anna).path = path
        assert "data-notice-link" not in client.get("/notifications").text


def test_words_of_others_are_no_markup(client: FlaskClient, anna: int) -> None:
    rain(client, anna, "<script>alert(1)</script>")
    for path in ("/notifications", "/notifications/panel"):
        page = client.get(path).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page


def test_the_panel_is_a_fragment_with_the_newest_and_the_count(client: FlaskClient, anna: int) -> None:
    rain(client, anna, *(f"T{number}" for number in range(12)))
    panel = client.get("/notifications/panel")
    assert "<html" not in panel.text
    assert 'data-unread-count="12"' in panel.text
    assert shown(panel.text)[0] == ("It rains in T11", True)
    assert panel.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/notifications?before=x", "/notifications?before=-1", "/notifications?before=9999999999999999999"])
def test_a_damaged_address_is_told_so(client: FlaskClient, anna: int, path: str) -> None:
    assert client.get(path).status_code == 400


def test_nobody_sees_anothers(client: FlaskClient, anna: int, sign_in: SignIn) -> None:
    rain(client, anna, "Oslo")
    sign_in(client, 8, "Boris")
    assert shown(client.get("/notifications").text) == []
    assert count_on_bell(client.get("/").text) is None


def test_more_notices_cost_no_more_queries(client: FlaskClient, anna: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.web.test_queries import count_queries

    rain(client, anna, "a", "b")
    few = count_queries(client, "/notifications", monkeypatch)
    rain(client, anna, *map(str, range(25)))
    assert count_queries(client, "/notifications", monkeypatch) == few


def test_scripts_and_sheets_are_kept_for_a_year_under_their_version_alone(client: FlaskClient, anna: int) -> None:
    address = re.findall(r'src="(/notifications/static/[^"]+)"', client.get("/").text)[0]
    assert "immutable" in client.get(address, buffered=True).headers["Cache-Control"]
    assert client.get(re.sub("static/[^/]+", "static/old", address), buffered=True).headers["Cache-Control"] == "no-cache"
    assert client.get("/notifications/static/old/..%2fheader.py").status_code == 404
